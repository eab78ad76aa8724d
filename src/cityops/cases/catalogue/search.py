"""Search in the catalogue by code, words, pinyin and initials, best first."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cityops.cases.catalogue.items import CatalogueItem, ItemKey
from cityops.cases.catalogue.pinyin import Reading
from cityops.kit import InvalidError, Text

MAX_QUERY: Final = 200
"""Longest query in characters: a sentence of a caller, not his letter."""
MAX_RESULTS: Final = 100
_RARE_SHARE: Final = 0.5
"""A pair of characters in over half of all names (异常) says nothing."""
_Found = tuple[float, int, int, str, CatalogueItem]
"""How badly it fits, how recent it is, length of its name, its code, the entry."""


@dataclass(frozen=True, slots=True)
class _Entry:
    item: CatalogueItem
    name: str
    words: str
    reading: Reading


class CatalogueSearch:
    """Search over a fixed set of entries.

    Args:
        items: what can be found.
        words: more words that lead to an entry, for example what its filing conditions say.
    """

    def __init__(self, items: Iterable[CatalogueItem], words: Mapping[ItemKey, str] | None = None) -> None:
        more = words or {}
        self._entries = [
            _Entry(
                item,
                _tidy(item.name),
                _tidy(f"{item.name} {item.class_name} {more.get(item.key, '')}"),
                Reading.of(item.name),
            )
            for item in items
        ]
        counts: Counter[str] = Counter()
        for entry in self._entries:
            counts.update(_pairs(entry.words))
        total = len(self._entries)
        self._weight = {
            pair: math.log(1 + total / count) for pair, count in counts.items() if count <= max(1, total * _RARE_SHARE)
        }

    def find(self, query: str, limit: int = 20, recent: Sequence[ItemKey] = ()) -> list[CatalogueItem]:
        """Entries for what somebody typed, best first; among equals ``recent`` ones first, then short names.

        Every word typed (apart by spaces) must fit the code's beginning, the name, the class, the further words, or
        the pinyin. When no entry fits all words, those that share telling pairs of characters are proposed: 路灯不亮
        finds 路灯异常.

        Raises:
            InvalidError: ``catalogue.query``: empty or over 200 characters, or ``limit`` not 1 to 100.
        """
        words = _tidy(query).split()
        if not words or len(query) > MAX_QUERY or not 1 <= limit <= MAX_RESULTS:
            raise _bad_query()
        order = {key: place for place, key in reversed(list(enumerate(recent)))}
        found: list[_Found] = []
        for entry in self._entries:
            ranks = [_rank(entry, word) for word in words]
            if None not in ranks:
                worst = max(rank for rank in ranks if rank is not None)
                found.append((worst, *_tie(entry.item, order), entry.item))
        if not found:
            found = self._alike("".join(words), order)
        found.sort(key=lambda one: one[:4])
        return [item for *_, item in found[:limit]]

    def _alike(self, text: str, order: Mapping[ItemKey, int]) -> list[_Found]:
        pairs = _pairs(text)
        found: list[_Found] = []
        for entry in self._entries:
            shared = pairs & _pairs(entry.words)
            score = sum(self._weight.get(pair, 0.0) for pair in shared)
            if score > 0:
                found.append((-score, *_tie(entry.item, order), entry.item))
        return found


def _rank(entry: _Entry, word: str) -> int | None:
    """How well one word fits, 0 best; None: not at all."""
    if word in (entry.name, entry.item.code):
        return 0
    if entry.item.code.startswith(word) or entry.name.startswith(word):
        return 1
    if word in entry.name:
        return 3
    if word.isascii() and (start := entry.reading.match(word)) is not None:
        return 2 if start == 0 else 4
    return 5 if word in entry.words else None


def _tie(item: CatalogueItem, order: Mapping[ItemKey, int]) -> tuple[int, int, str]:
    return order.get(item.key, len(order)), len(item.name), item.code


def _tidy(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).lower().replace("ü", "v").split())


def _pairs(text: str) -> set[str]:
    """Pairs of neighbouring characters, within words."""
    return {word[at : at + 2] for word in text.split() for at in range(len(word) - 1)}


def _bad_query() -> InvalidError:
    return InvalidError(
        f"请输入 1 至 {MAX_QUERY} 个字的检索词，结果数为 1 至 {MAX_RESULTS}。",
        f"give 1 to {MAX_QUERY} characters to search for and ask for 1 to {MAX_RESULTS} results",
        code="catalogue.query",
        todo=Text("请输入名称、代码、拼音或首字母。", "Type a name, a code, pinyin or its initials."),
    )

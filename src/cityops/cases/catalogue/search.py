"""Search in the catalogue by code, words, pinyin and initials, best first."""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from cityops.cases.catalogue.items import CatalogueItem, ItemKey, Kind
from cityops.cases.catalogue.pinyin import Reading
from cityops.kit import InvalidError, Text

MAX_QUERY: Final = 200
"""Longest query in characters: a sentence of a caller, not his letter."""
MAX_RESULTS: Final = 100
_RARE_SHARE: Final = 0.5
"""A pair of characters in over half of all names (异常) says nothing."""
_ALIKE_SHARE: Final = 0.5
"""Score of an entry that shares every telling pair of characters: below any that fits all words."""
_SHOWN_PAIRS: Final = 4


class Match(NamedTuple):
    """An entry that was found; ``score`` is above 0 and at most 1, ``why`` says by what it was found."""

    item: CatalogueItem
    score: float
    why: Text


_Found = tuple[float, int, int, str, Match]
"""How badly it fits, how recent it is, length of its name, its code, the match."""


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
        """Entries for what somebody typed, best first; as ``rate``."""
        return [match.item for match in self.rate(query, limit, recent)]

    def rate(
        self, query: str, limit: int = 20, recent: Sequence[ItemKey] = (), kind: Kind | None = None
    ) -> list[Match]:
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
        entries = [entry for entry in self._entries if kind is None or entry.item.kind is kind]
        found: list[_Found] = []
        for entry in entries:
            ranks = [_rank(entry, word) for word in words]
            if None not in ranks:
                worst = max(rank for rank in ranks if rank is not None)
                found.append((worst, *_tie(entry.item, order), Match(entry.item, 1 - worst / 10, _WHY[worst])))
        if not found:
            found = self._alike(entries, "".join(words), order)
        found.sort(key=lambda one: one[:4])
        return [match for *_, match in found[:limit]]

    def _alike(self, entries: Sequence[_Entry], text: str, order: Mapping[ItemKey, int]) -> list[_Found]:
        telling = {pair: weight for pair in _pairs(text) if (weight := self._weight.get(pair, 0.0)) > 0}
        total = sum(telling.values())
        found: list[_Found] = []
        for entry in entries:
            shared = [pair for pair in telling if pair in entry.words]
            weight = sum(telling[pair] for pair in shared)
            if weight > 0:
                shown = "、".join(sorted(shared, key=lambda pair: -telling[pair])[:_SHOWN_PAIRS])
                why = Text(f"含“{shown}”", f"has {shown}")
                match = Match(entry.item, _ALIKE_SHARE * weight / total, why)
                found.append((-weight, *_tie(entry.item, order), match))
        return found


_WHY: Final = (
    Text("名称或代码相同", "the name or the code itself"),
    Text("名称或代码的开头", "the name or the code begins so"),
    Text("拼音", "the pinyin"),
    Text("名称中有", "in the name"),
    Text("拼音（名称中间）", "the pinyin, inside the name"),
    Text("类别或立案条件中有", "in the class or the filing conditions"),
)
"""By rank, see ``_rank``."""


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

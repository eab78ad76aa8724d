"""The catalogue as a phone caches it, encoded when the rules in force change."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable

from cityops.api import schemas
from cityops.api.layers import Layer
from cityops.cases import Rules
from cityops.cases.catalogue import CatalogueItem, Reading


class FieldCatalogue:
    """Encodes every entry in force with its pinyin, once for each set of rules.

    Args:
        rules: the rules in force now.
    """

    def __init__(self, rules: Callable[[], Rules]) -> None:
        self._rules = rules
        self._lock = threading.Lock()
        self._made: tuple[Rules, Layer] | None = None

    def encoded(self) -> Layer:
        """The catalogue as JSON with its entity tag."""
        rules = self._rules()
        with self._lock:
            if self._made is None or self._made[0] is not rules:
                self._made = (rules, _encode(rules))
            return self._made[1]


def _encode(rules: Rules) -> Layer:
    ended = {one.name for one in rules.catalogue.standards if one.valid_to is not None and one.valid_to <= rules.on}
    items = [_entry(item) for item in rules.catalogue.items() if item.standard not in ended]
    content = "".join(item.model_dump_json() for item in items)
    version = hashlib.sha256(content.encode()).hexdigest()[:16]
    answer = schemas.FieldCatalogue(version=version, items=items)
    return Layer(answer.model_dump_json().encode(), f'"{version}"')


def _entry(item: CatalogueItem) -> schemas.CatalogueEntry:
    return schemas.CatalogueEntry(
        standard=item.standard,
        kind=item.kind.value,
        code=item.code,
        name=item.name,
        class_name=item.class_name,
        pinyin=" ".join(Reading.of(item.name).syllables),
    )

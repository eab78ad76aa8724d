"""The catalogue (部件和事项目录): what can be reported, by which standard, since when."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib import resources
from typing import Final, Self

from cityops.cases.catalogue.codes import CODE_DIGITS, is_class, is_code
from cityops.cases.catalogue.items import CatalogueItem, ItemKey, Kind, Standard, overlap
from cityops.kit import ConfigError, InvalidError, NotFoundError, Text

NATIONAL: Final = "GB/T 47678.5-2026"
"""The national standard in force from 2026-07-01: 153 components, 250 matters."""
OLDER: Final = "GB/T 30428.2"
"""Its predecessor; the product holds no entries of it."""


class Catalogue:
    """All entries of all standards, unchanging once made.

    Args:
        standards: the standards, in any order.
        items: their entries.
        older: which entries an older key has become. Only pairs somebody knows; nothing is guessed.

    Raises:
        ConfigError: ``catalogue.data``: a key twice, an entry of an unknown standard, two national standards in force
            on one day.
    """

    def __init__(
        self,
        standards: Sequence[Standard],
        items: Iterable[CatalogueItem],
        older: Mapping[ItemKey, tuple[ItemKey, ...]] | None = None,
    ) -> None:
        self._standards = {standard.name: standard for standard in standards}
        self._items: dict[ItemKey, CatalogueItem] = {}
        self._older = dict(older or {})
        self._check_standards(standards)
        for item in items:
            if item.key in self._items or item.standard not in self._standards:
                raise _bad_data(f"重复或标准未知：{item.key}", f"twice, or of an unknown standard: {item.key}")
            self._items[item.key] = item
        self._classes = {(item.standard, item.kind, item.class_code) for item in self._items.values()}
        for targets in self._older.values():
            for key in targets:
                if key not in self._items:
                    raise _bad_data(f"旧代码对应的条目不存在：{key}", f"an older code leads to no entry: {key}")

    def _check_standards(self, standards: Sequence[Standard]) -> None:
        if len(self._standards) != len(standards):
            raise _bad_data("标准重复", "a standard is given twice")
        national = [standard for standard in standards if not standard.local]
        for place, one in enumerate(national):
            for other in national[place + 1 :]:
                if overlap((one.valid_from, one.valid_to), (other.valid_from, other.valid_to)):
                    raise _bad_data(
                        f"两个国家标准同时有效：{one.name}、{other.name}",
                        f"two national standards in force on one day: {one.name}, {other.name}",
                    )

    @classmethod
    def built_in(cls) -> Self:
        """The national catalogue as it ships with the product (GB/T 47678.5-2026)."""
        standards = [
            Standard(row["name"], _day(row["valid_from"]), _day(row["valid_to"]), row["notice"])
            for row in _rows("standards.csv")
        ]
        items = [
            CatalogueItem(
                NATIONAL, Kind(row["kind"]), row["class_code"], row["class_name"], row["subclass_code"], row["name"]
            )
            for row in _rows("gbt47678_5.csv")
        ]
        older: dict[ItemKey, tuple[ItemKey, ...]] = {}
        for row in _rows("older_codes.csv"):
            source = ItemKey(row["from_standard"], Kind(row["from_kind"]), row["from_code"])
            target = ItemKey(row["to_standard"], Kind(row["to_kind"]), row["to_code"])
            older[source] = (*older.get(source, ()), target)
        return cls(standards, items, older)

    def with_local(self, standard: Standard, items: Sequence[CatalogueItem]) -> Catalogue:
        """This catalogue and a city's own extension (地方扩展).

        The 11-digit matter code names no standard. A local code that a standard valid on the same day uses for the
        same kind would make it ambiguous, and is refused.

        Raises:
            InvalidError: ``catalogue.local``: every collision and every malformed code, by name.
        """
        faults = _local_faults(self, standard, items)
        if faults:
            raise InvalidError(
                "地方扩展有误：" + "；".join(fault.zh for fault in faults),
                "the local extension is not sound: " + "; ".join(fault.en for fault in faults),
                code="catalogue.local",
                kept=Text("目录未改变。", "The catalogue is as it was."),
                todo=Text("请改用未占用的代码。", "Use codes that are free."),
            )
        return Catalogue([*self._standards.values(), standard], [*self._items.values(), *items], self._older)

    def with_older(self, pairs: Mapping[ItemKey, tuple[ItemKey, ...]]) -> Catalogue:
        """This catalogue and more known pairs of older and present keys (旧代码对照)."""
        return Catalogue(list(self._standards.values()), self._items.values(), {**self._older, **pairs})

    @property
    def standards(self) -> tuple[Standard, ...]:
        """All standards."""
        return tuple(self._standards.values())

    def national(self, on: date) -> Standard | None:
        """The national standard in force on a day; None when none is known."""
        return next((one for one in self._standards.values() if not one.local and one.in_force(on)), None)

    def knows(self, standard: str) -> bool:
        """Whether there is a standard of this name."""
        return standard in self._standards

    def has(self, key: ItemKey) -> bool:
        """Whether there is such an entry."""
        return key in self._items

    def check_pattern(self, kind: Kind, standard: str, code: str) -> None:
        """``InvalidError`` (``catalogue.pattern``) when no entry of the standard has this code or this class."""
        if self.has(ItemKey(standard, kind, code)) or (standard, kind, code) in self._classes:
            return
        raise InvalidError(
            f"目录中没有 {standard} 的事项或大类 {code}（代码应为文本格式，保留前面的 0）",
            f"no entry or class {code} in {standard} (keep the code as text, with its leading zeros)",
            code="catalogue.pattern",
            kept=Text("未保存该行。", "The row was not stored."),
            todo=Text("请检索目录后填写。", "Look it up in the catalogue."),
        )

    def get(self, key: ItemKey) -> CatalogueItem:
        """The entry.

        Raises:
            NotFoundError: ``catalogue.entry``.
        """
        found = self._items.get(key)
        if found is None:
            raise _no_entry(str(key))
        return found

    def find(self, kind: Kind, code: str, on: date) -> CatalogueItem:
        """The entry with this code in a standard in force on ``on``: the national one or a local extension.

        Raises:
            NotFoundError: ``catalogue.entry``.
        """
        for standard in self._standards.values():
            if standard.in_force(on) and (found := self._items.get(ItemKey(standard.name, kind, code))):
                return found
        raise _no_entry(f"{kind.value} {code} ({on.isoformat()})")

    def items(self, kind: Kind | None = None, on: date | None = None) -> list[CatalogueItem]:
        """Entries by code, of one kind and in force on a day where these are given."""
        found = [
            item
            for item in self._items.values()
            if (kind is None or item.kind is kind) and (on is None or self._standards[item.standard].in_force(on))
        ]
        return sorted(found, key=lambda item: (item.kind, item.code, item.standard))

    def classes(self, kind: Kind, on: date) -> dict[str, str]:
        """Codes and names of the classes (大类) of a kind, by code."""
        return {item.class_code: item.class_name for item in self.items(kind, on)}

    def successors(self, key: ItemKey) -> tuple[ItemKey, ...]:
        """What an older key has become; empty when nobody has said so. A split has several."""
        return self._older.get(key, ())


def _local_faults(catalogue: Catalogue, standard: Standard, items: Sequence[CatalogueItem]) -> list[Text]:
    faults = []
    if not standard.local or catalogue.knows(standard.name):
        faults.append(Text(f"标准名称“{standard.name}”已占用", f"the standard name {standard.name!r} is taken"))
    own: dict[tuple[Kind, str], CatalogueItem] = {}
    for item in items:
        faults += local_item_faults(catalogue, standard, item)
        twin = own.setdefault((item.kind, item.code), item)
        if twin is not item:
            faults.append(_taken(item, twin))
    return faults


def local_item_faults(catalogue: Catalogue, standard: Standard, item: CatalogueItem) -> list[Text]:
    """What is wrong with one entry of a local extension: its code, its name, or that the code is taken."""
    faults = []
    if item.standard != standard.name:
        faults.append(Text(f"{item.name}：不属于“{standard.name}”", f"{item.name}: not of {standard.name!r}"))
    sound = is_code(item.code) and is_class(item.class_code) and len(item.code) == CODE_DIGITS
    if not sound or not item.name.strip():
        faults.append(Text(f"{item.code!r} {item.name}：代码或名称无效", f"{item.code!r}: not a code, or no name"))
    for other in catalogue.standards:
        if overlap((standard.valid_from, standard.valid_to), (other.valid_from, other.valid_to)):
            key = ItemKey(other.name, item.kind, item.code)
            faults += [_taken(item, catalogue.get(key))] if catalogue.has(key) else []
    return faults


def _taken(item: CatalogueItem, by: CatalogueItem) -> Text:
    return Text(
        f"{item.code} {item.name}：该代码已用于“{by.name}”（{by.standard}）",
        f"{item.code} {item.name}: taken by {by.name} ({by.standard})",
    )


def data_text(name: str) -> str:
    """A data file of this folder."""
    return (resources.files("cityops.cases.catalogue") / "data" / name).read_text(encoding="utf-8")


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data_text(name)), strict=True))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _no_entry(what: str) -> NotFoundError:
    return NotFoundError(
        f"目录中没有：{what}",
        f"not in the catalogue: {what}",
        code="catalogue.entry",
        todo=Text("请检索后选择目录中的条目。", "Search, and choose an entry of the catalogue."),
    )


def _bad_data(zh: str, en: str) -> ConfigError:
    return ConfigError(f"目录数据有误：{zh}", f"catalogue data is not sound: {en}", code="catalogue.data")

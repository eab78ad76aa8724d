"""A declaration with a city's values in it (覆盖合并), checked as ``scene.yaml`` is; every fault names its row."""

from __future__ import annotations

import json
import math
import string
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from cityops.cases import Fault
from cityops.detection import AnyDetector, tuned
from cityops.kit import InvalidError, Text, rule_sentence
from cityops.scenes.overlay.leaves import NOTHING, Leaf, Place, leaves_of, text_of
from cityops.scenes.spec import SceneSpec, check_scene

MAX_ROWS: Final = 2_000
MAX_VALUE: Final = 1_000
"""Longest value in characters."""

Rows = Mapping[str, str]
"""A city's values by path."""


class RowFault(NamedTuple):
    """What is wrong with the value of a path; an empty path: with several together."""

    path: str
    text: Text


class Merged(NamedTuple):
    """The declaration with the values in it, its detectors with their figures; or what is wrong."""

    spec: SceneSpec
    detectors: tuple[AnyDetector, ...]
    faults: tuple[RowFault, ...] = ()


class Declared:
    """A scene as its package declares it, and what a city may change of it.

    Args:
        spec: the declaration.
        detectors: the scene's detectors.

    Raises:
        InvalidError: ``detector.parameter``: the declaration gives a detector a parameter it does not have.
    """

    def __init__(self, spec: SceneSpec, detectors: Sequence[AnyDetector]) -> None:
        self.spec = spec
        self._detectors = tuple(detectors)
        self._declared = Merged(spec, self._tuned(spec))

    @cached_property
    def leaves(self) -> dict[str, Leaf]:
        """Everything a city may change, by path; found when somebody changes or looks at it."""
        return {leaf.path: leaf for leaf in leaves_of(self.spec, self._detectors)}

    @cached_property
    def _data(self) -> str:
        return json.dumps(self.spec.model_dump(mode="json", by_alias=True, exclude_unset=True))

    def merge(self, rows: Rows) -> Merged:
        """The declaration with these values; with faults it is as it was declared."""
        if not rows:
            return self._declared
        data: dict[str, Any] = json.loads(self._data)
        faults = []
        for path, value in rows.items():
            fault = self._set(data, path, value)
            if fault is not None:
                faults.append(RowFault(path, fault))
        if not faults:
            found = self._validated(data, rows)
            if isinstance(found, Merged):
                return found
            faults = found
        return self._declared._replace(faults=tuple(faults))

    def sound(self, rows: Rows) -> Merged:
        """As ``merge``; ``InvalidError`` (``overlay.rows``) names the first value that is wrong."""
        merged = self.merge(rows)
        if merged.faults:
            first, count = merged.faults[0], len(merged.faults)
            raise InvalidError(
                f"{count} 项不正确；{first.path}：{first.text.zh}",
                f"{count} values are wrong; {first.path}: {first.text.en}",
                code="overlay.rows",
                kept=Text("没有保存，现行配置未改变。", "Nothing was kept; what is in force stands."),
                todo=Text("请改正后再试。", "Correct them and try again."),
            )
        return merged

    def usable(self, rows: Rows) -> tuple[Merged, tuple[RowFault, ...]]:
        """As ``merge``, leaving out the rows that are wrong, which are named (a newer product knows other paths)."""
        left_out: list[RowFault] = []
        kept = dict(rows)
        while True:
            merged = self.merge(kept)
            if not merged.faults:
                return merged, tuple(left_out)
            named = [fault for fault in merged.faults if fault.path in kept]
            left_out += named or merged.faults
            kept = {path: value for path, value in kept.items() if path not in {fault.path for fault in named}}
            if not named:
                return self.merge({}), tuple(left_out)

    def differing(self, rows: Rows) -> dict[str, str]:
        """The rows that say something else than the declaration does, in its order; unknown paths last."""
        order = {path: number for number, path in enumerate(self.leaves)}
        written = {path: self._written(path, value.strip()) for path, value in rows.items()}
        declared = {path: leaf.value for path, leaf in self.leaves.items()}
        changed = {path: value for path, value in written.items() if value != declared.get(path)}
        return dict(sorted(changed.items(), key=lambda row: (order.get(row[0], len(order)), row[0])))

    def _written(self, path: str, value: str) -> str:
        """A value in the one way of writing it: 4, not 4.0."""
        leaf = self.leaves.get(path)
        fault, found = (None, value) if leaf is None else read_value(leaf, value)
        return value if fault is not None else text_of(found)

    def _set(self, data: dict[str, Any], path: str, value: str) -> Text | None:
        leaf = self.leaves.get(path)
        if leaf is None:
            return Text("不是可以调整的项", "is nothing that a city may change")
        fault, found = read_value(leaf, value)
        if fault is None:
            node: Any = data
            for key in leaf.place[:-1]:
                node = node.setdefault(key, {}) if isinstance(node, dict) else node[key]
            node[leaf.place[-1]] = found
        return fault

    def _validated(self, data: dict[str, Any], rows: Rows) -> Merged | list[RowFault]:
        try:
            spec = SceneSpec.model_validate(data)
        except ValidationError as error:
            found = [Fault(detail["loc"], rule_sentence(detail)) for detail in error.errors(include_url=False)]
            return _first_of_each(self._of_row(data, fault, rows) for fault in found)
        faults = [self._of_row(data, fault, rows) for fault in check_scene(spec)]
        if not faults:
            faults = list(self._detector_faults(spec, rows))
        return _first_of_each(faults) or Merged(spec, self._tuned(spec))

    def _detector_faults(self, spec: SceneSpec, rows: Rows) -> Iterable[RowFault]:
        for path in rows:
            place = self.leaves[path].place
            if place[0] != "detectors" or place[2] != "parameters":
                continue
            declared = spec.detectors[int(place[1])]
            value: Any = declared.parameters
            for key in place[3:]:
                value = value[key]
            for key in reversed(place[3:]):
                value = {key: value}
            try:
                for detector in self._detectors:
                    if detector.id == declared.id:
                        tuned(detector, value)
            except InvalidError as error:
                yield RowFault(path, error.text)

    def _tuned(self, spec: SceneSpec) -> tuple[AnyDetector, ...]:
        parameters = {one.id: one.parameters for one in spec.detectors}
        return tuple(tuned(detector, parameters.get(detector.id, {})) for detector in self._detectors)

    def _of_row(self, data: dict[str, Any], fault: Fault, rows: Rows) -> RowFault:
        """The fault with the row that caused it: the one whose place it names, else the nearest around it."""
        at = _resolved(data, fault.path)
        for length in range(len(at), 0, -1):
            for path in rows:
                if self.leaves[path].place[:length] == at[:length]:
                    return RowFault(path, fault.text)
        return RowFault("", fault.text)


def read_value(leaf: Leaf, value: str) -> tuple[Text | None, str | int | float | None]:
    """What is wrong with a value as text, and what it is in the declaration's data."""
    if len(value) > MAX_VALUE or not value.strip():
        return Text(f"应为 1 至 {MAX_VALUE} 个字符", f"must have 1 to {MAX_VALUE} characters"), None
    if value == NOTHING and leaf.optional:
        return None, None
    if leaf.options and value not in leaf.options:
        words = ", ".join(leaf.options)
        return Text(f"只能是 {words}", f"must be one of {words}"), None
    if leaf.number:
        return _number(value)
    return (_text_fault(leaf, value) if leaf.kind == "text" else None), value


def _number(value: str) -> tuple[Text | None, int | float | None]:
    try:
        found = float(value)
    except ValueError:
        return Text("必须是数字", "must be a number"), None
    if not math.isfinite(found):
        return Text("必须是数字", "must be a number"), None
    return None, int(found) if found == int(found) else found


def _text_fault(leaf: Leaf, value: str) -> Text | None:
    """A notice is filled by name: names that the declared words do not have would stand there unfilled."""
    try:
        used, known = _names(value), _names(leaf.value) | {"number", "title", "plate"}
    except ValueError:
        return Text("花括号不成对", "the braces do not pair")
    if "{" in leaf.value or leaf.place[-3:-1] in (("notice", "title"), ("notice", "body")):
        strange = sorted(used - known)
        return Text(f"没有可填的 {{{strange[0]}}}", f"nothing fills {{{strange[0]}}}") if strange else None
    return Text("这里不能用花括号", "no braces here") if used else None


def _names(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name is not None}


def _first_of_each(faults: Iterable[RowFault]) -> list[RowFault]:
    """One fault a row: of a type with alternatives every one says what is wrong, the first is meant."""
    found: dict[str, RowFault] = {}
    for fault in faults:
        found.setdefault(fault.path, fault)
    return list(found.values())


def _resolved(data: Any, path: Iterable[str | int]) -> Place:
    """The part of a validator's path that leads through the data; it names the alternatives of a type too."""
    at: list[str | int] = []
    for part in path:
        if _leads(data, part):
            data = data[part]
            at.append(part)
    return tuple(at)


def _leads(data: Any, part: str | int) -> bool:
    return part in data if isinstance(data, dict) else isinstance(data, list) and isinstance(part, int)

"""A detector with a city's own figures (参数调整): the same kernel, other thresholds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from cityops.detection.detector import AnyDetector, Array, SilenceDetector
from cityops.kit import InvalidError, Text
from cityops.registers import VehicleClass

Parameters = Mapping[str, float | Mapping[str, float]]
"""Figures by name for all classes of vehicles, or by the word of a class and then by name."""

_OF_SILENCE: Final = ("notice_s", "warning_s")


class Tuning(Protocol):
    """Where a running pipeline learns of other figures."""

    def detectors(self) -> Sequence[AnyDetector]:
        """All detectors with the figures in force now."""
        ...

    def taken(self, detector: AnyDetector, before: AnyDetector) -> None:
        """Told just before ``detector`` replaces ``before``; raises when that cannot be kept, then nothing changes."""
        ...


def parameters_of(detector: AnyDetector) -> dict[str, tuple[float, ...]]:
    """Its figures by name: one of each class of vehicles; a detector of silence has one for all."""
    if isinstance(detector, SilenceDetector):
        return {name: (getattr(detector, name),) for name in _OF_SILENCE}
    names = detector.params.dtype.names or ()
    return {name: tuple(value.item() for value in detector.params[name]) for name in names}


def tuned(detector: AnyDetector, parameters: Parameters) -> AnyDetector:
    """The detector with other figures; those of a class win over those of all.

    Raises:
        InvalidError: ``detector.parameter``: no such figure or class, negative, or no whole number where one is needed.
    """
    if not parameters:
        return detector
    for_all = {name: value for name, value in parameters.items() if not isinstance(value, Mapping)}
    by_class = {name: value for name, value in parameters.items() if isinstance(value, Mapping)}
    if isinstance(detector, SilenceDetector):
        for name in by_class:
            raise _wrong(detector, name)
        for name, value in for_all.items():
            _check(detector, name, value, whole=True, known=name in _OF_SILENCE)
        times = {"notice_s": detector.notice_s, "warning_s": detector.warning_s}
        times |= {name: int(value) for name, value in for_all.items()}
        return replace(detector, notice_s=times["notice_s"], warning_s=times["warning_s"])
    table: Array = detector.params.copy()
    every = range(len(table))
    for name, value in for_all.items():
        _set(detector, table, every, name, value)
    for word, values in by_class.items():
        rows = [row for row in every if row < len(VehicleClass) and VehicleClass(row).word == word]
        if not rows:
            raise _wrong(detector, word)
        for name, value in values.items():
            _set(detector, table, rows, name, value)
    return replace(detector, params=table)


def figures(values: Sequence[float]) -> str:
    """One of ``parameters_of`` as text: one figure, or one of each class of vehicles."""
    return "/".join(f"{value:g}" for value in (values[:1] if len(set(values)) == 1 else values))


def same_parameters(one: AnyDetector, other: AnyDetector) -> bool:
    """Whether two have the same figures."""
    return parameters_of(one) == parameters_of(other)


def _set(detector: AnyDetector, table: Array, rows: Sequence[int], name: str, value: float) -> None:
    known = name in (table.dtype.names or ())
    _check(detector, name, value, whole=known and table.dtype[name].kind in "iu", known=known)
    for row in rows:
        table[name][row] = value


def _check(detector: AnyDetector, name: str, value: float, *, whole: bool, known: bool) -> None:
    if not known:
        raise _wrong(detector, name)
    if not math.isfinite(value) or value < 0 or (whole and value != int(value)):
        what = Text("非负整数" if whole else "非负数", "a whole number from 0" if whole else "a number from 0")
        raise InvalidError(
            f"预警规则“{detector.title.zh}”的参数 {name} 应为{what.zh}，不能是 {value:g}",
            f"parameter {name} of detector {detector.id} must be {what.en}, not {value:g}",
            code="detector.parameter",
        )


def _wrong(detector: AnyDetector, name: str) -> InvalidError:
    return InvalidError(
        f"预警规则“{detector.title.zh}”没有参数 {name}",
        f"detector {detector.id} has no parameter {name}",
        code="detector.parameter",
    )

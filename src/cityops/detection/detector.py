"""What a detector (预警规则) is: a kernel with its parameters, its memory, its law and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from cityops.kit import InvalidError, Text

BASE_STATE: Final = (("since_ms", "i8"), ("until_ms", "i8"), ("since_lon", "f8"), ("since_lat", "f8"))

Array = npt.NDArray[Any]


class Severity(IntEnum):
    """How grave an alert is (预警等级). ``NONE`` is the kernel's word for quiet."""

    NONE = 0
    NOTICE = 1
    WARNING = 2
    SERIOUS = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The name in the HTTP interface: notice, warning, serious, critical."""
        return self.name.lower()


def state_dtype(*own: tuple[str, str] | tuple[str, str, tuple[int, ...]]) -> np.dtype[np.void]:
    """The state of one entity: the four fields that the runner needs, then the kernel's own.

    ``since_ms`` is when the present episode began, ``until_ms`` the last moment at which its condition held
    (event time, ms UTC), ``since_lon``/``since_lat`` where it began.
    """
    return np.dtype([*BASE_STATE, *own], align=True)


def params_rows(dtype: np.dtype[np.void], rows: Sequence[Mapping[str, float]]) -> Array:
    """Parameters as an array, one row per vehicle class in the order of ``VehicleClass``.

    Raises:
        InvalidError: a row lacks a field or has one too many.
    """
    table = np.zeros(len(rows), dtype)
    for number, row in enumerate(rows):
        if set(row) != set(dtype.names or ()):
            raise InvalidError(
                f"第 {number} 行参数的字段不对：{sorted(row)}",
                f"the fields of parameter row {number} are not the declared ones",
            )
        for name, value in row.items():
            table[number][name] = value
    return table


@dataclass(frozen=True)
class EvidenceField:
    """A figure of the kernel's state that goes into the evidence under its own name, which ends in its unit."""

    name: str
    title: Text


@dataclass(frozen=True, eq=False)
class Detector:
    """A detector run by a kernel.

    Args:
        id: stable word, for example ``continuous_driving``.
        version: raised by one whenever the same facts could give another result.
        scene: the folder it belongs to.
        title: its name in two languages.
        step: ``step(state, observation, params) -> severity 0..4``; a short function over the fields of three
            records that numba can compile and that runs uncompiled. Its helpers are plain functions of its module.
            While an episode lasts, ``since_ms`` does not change.
        state_dtype: made by :func:`state_dtype`; a new entity starts with zeros.
        params: one row per vehicle class.
        memory_s: how far back a fresh state must read to equal the one that has seen everything.
        evidence: figures taken from the state when something is reported.
        describe: one sentence made from those figures.
        rule: the law or standard it rests on, with the article, in two languages.
        words: what its parameters are called, for the people who set them.
    """

    id: str
    version: int
    scene: str
    title: Text
    step: Callable[[Any, Any, Any], int]
    state_dtype: np.dtype[np.void]
    params: Array
    memory_s: int
    evidence: tuple[EvidenceField, ...]
    describe: Callable[[Mapping[str, float]], Text]
    rule: Text
    words: Mapping[str, Text] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the declaration once, so that the runner need not."""
        names = self.state_dtype.names or ()
        missing = [
            name for name in (*(base[0] for base in BASE_STATE), *(e.name for e in self.evidence)) if name not in names
        ]
        if missing or len(self.params) == 0 or self.memory_s <= 0:
            raise InvalidError(
                f"预警规则 {self.id} 的声明不完整：{missing}",
                f"the declaration of detector {self.id} is incomplete: {missing}",
            )

    @property
    def params_dtype(self) -> np.dtype[np.void]:
        """The fields of a parameter row."""
        dtype: np.dtype[np.void] = self.params.dtype
        return dtype


@dataclass(frozen=True)
class SilenceDetector:
    """A detector of missing data (无数据告警): by the clock, not by an observation.

    Args:
        notice_s: seconds of silence with the ignition (ACC) on before a notice is raised.
        warning_s: seconds before it becomes a warning.
        words: what these two are called.
    """

    id: str
    version: int
    scene: str
    title: Text
    notice_s: int
    warning_s: int
    describe: Callable[[Mapping[str, float]], Text]
    rule: Text
    words: Mapping[str, Text] = field(default_factory=dict)


AnyDetector = Detector | SilenceDetector

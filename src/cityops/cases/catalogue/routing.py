"""Routing (派遣规则): matter × place × source → unit, joint units and role, and why.

The most specific row wins: first the matter (one matter before its class before any), then the place (a grid before a
community before a street before a district before any), then the source (one before any). Two rows that fit the same
case and are equally specific have the same matter, place and source: such rows must not be in force on one day,
which is checked when the table is made. A city's overlay replaces rows of the base table with the same three.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from itertools import pairwise
from typing import Final, NamedTuple

from cityops.cases.catalogue.codes import is_class, is_code
from cityops.cases.catalogue.items import ItemKey, overlap, within
from cityops.cases.catalogue.sheets import storable, storable_in_list
from cityops.kit import InvalidError, Text

MAX_SHOWN: Final = 50
"""How many rows an explanation lists; it says how many there were."""
MAX_AREA_DIGITS: Final = 20


class Fit(IntEnum):
    """How precisely a row names the matter."""

    ANY = 0
    CLASS = 1
    MATTER = 2


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table.

    Attributes:
        standard: the matter's standard; empty: any matter.
        code: five digits for one matter, two for a class (大类); empty with ``standard``.
        area: beginning of a division, street, community or grid code; empty: everywhere.
        source: where the report came from, for example ``hotline``; empty: any.
        unit_id: who handles it (主办单位).
        joint_unit_ids: who helps (协办单位).
        role: the role in the unit that receives the task; empty: the unit's own rule.
        valid_from: first day; None is open.
        valid_to: the day it ends, not included; None is open.
        note: why, for people.

    Raises:
        InvalidError: ``routing.form``: says which part.
    """

    standard: str
    code: str
    area: str
    source: str
    unit_id: str
    joint_unit_ids: tuple[str, ...] = ()
    role: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if bool(self.standard) != bool(self.code) or (self.code and not (is_code(self.code) or is_class(self.code))):
            raise _bad_form(
                "事项代码应为 5 位、大类代码 2 位，并写明标准",
                "five digits of a matter or two of a class, and its standard",
            )
        if self.area and not (self.area.isascii() and self.area.isdigit() and len(self.area) <= MAX_AREA_DIGITS):
            raise _bad_form("区域应为区划、街道、社区或网格代码", "the area is digits of a division or grid code")
        if not self.unit_id or self.unit_id in self.joint_unit_ids:
            raise _bad_form(
                "主办单位不能为空，也不能同时是协办单位", "a unit is needed, and it is not a joint unit too"
            )
        if len(set(self.joint_unit_ids)) != len(self.joint_unit_ids):
            raise _bad_form("协办单位重复", "a joint unit is given twice")
        if self.valid_from is not None and self.valid_to is not None and self.valid_from >= self.valid_to:
            raise _bad_form("失效日期应晚于生效日期", "valid_to is after valid_from")
        texts = (self.standard, self.source, self.unit_id, self.role, self.note)
        if not all(map(storable, texts)) or not all(map(storable_in_list, self.joint_unit_ids)):
            raise _bad_form("文字首尾有空格、过长或含不能保存的字符", "a text cannot be kept in a sheet as it is")

    @property
    def fit(self) -> Fit:
        """How precisely the row names the matter."""
        if not self.code:
            return Fit.ANY
        return Fit.CLASS if is_class(self.code) else Fit.MATTER

    @property
    def pattern(self) -> tuple[str, str, str, str]:
        """What it fits: standard, code, area, source."""
        return self.standard, self.code, self.area, self.source

    @property
    def rank(self) -> tuple[int, int, int]:
        """How specific it is; the greatest wins."""
        return int(self.fit), len(self.area), int(bool(self.source))


class RoutedCase(NamedTuple):
    """What routing looks at: the matter, the codes of the place from the finest known one, the source, the day."""

    key: ItemKey
    area: str
    source: str
    on: date


class Considered(NamedTuple):
    """A row that was looked at: ``overlay`` says whose it is, ``fits`` whether it fits, ``why`` in words."""

    route: Route
    overlay: bool
    fits: bool
    why: Text


class Decision(NamedTuple):
    """Where a case goes and why.

    Attributes:
        winner: the row that decides; None: no row fits, the dispatcher decides.
        considered: the rows for this matter, fitting ones first and the most specific before others; at most 50.
        total: how many there were.
        words: the decision in one sentence.
    """

    winner: Route | None
    considered: tuple[Considered, ...]
    total: int
    words: Text


class Router:
    """The rows of a base table and a city's overlay, unchanging once made.

    Args:
        base: rows of the product or the province.
        overlay: rows of the city.
        units: the units that exist; None: not checked.

    Raises:
        InvalidError: ``routing.conflict``: equal rows on one day, or units that do not exist; all are named.
    """

    def __init__(
        self, base: Iterable[Route], overlay: Iterable[Route] = (), units: Collection[str] | None = None
    ) -> None:
        base_rows, overlay_rows = list(base), list(overlay)
        faults = [*clashes(base_rows), *clashes(overlay_rows)]
        if units is not None:
            faults += [fault for route in (*base_rows, *overlay_rows) for fault in unknown_units(route, units)]
        if faults:
            raise InvalidError(
                "派遣规则有误：" + "；".join(fault.zh for fault in faults),
                "the routing table is not sound: " + "; ".join(fault.en for fault in faults),
                code="routing.conflict",
                kept=Text("现行派遣规则未改变。", "The table in force is as it was."),
                todo=Text("请修改后重新发布。", "Correct it and publish it again."),
            )
        self._by_code: dict[tuple[str, str], list[tuple[Route, bool]]] = {}
        for route, is_overlay in [*((one, False) for one in base_rows), *((one, True) for one in overlay_rows)]:
            self._by_code.setdefault((route.standard, route.code), []).append((route, is_overlay))

    def decide(self, case: RoutedCase) -> Route | None:
        """The row that decides where a case goes; None when none fits."""
        fitting = [(route.rank, overlay, route) for route, overlay in self._for(case.key) if not _misfits(route, case)]
        return max(fitting, key=lambda one: one[:2])[2] if fitting else None

    def explain(self, case: RoutedCase) -> Decision:
        """Where a case would go and why, with the rows that were looked at."""
        winner = self.decide(case)
        rows = [_considered(route, overlay, case, winner) for route, overlay in self._for(case.key)]
        rows.sort(key=lambda row: (row.route is not winner, not row.fits, *(-part for part in row.route.rank)))
        if winner is None:
            words = Text(
                f"没有适用的派遣规则（看过 {len(rows)} 条），由派遣员决定。",
                f"No row fits (of {len(rows)} looked at): the dispatcher decides.",
            )
        else:
            fitting = sum(row.fits for row in rows)
            words = Text(
                f"派往 {winner.unit_id}：适用的 {fitting} 条规则中，{_aims(winner).zh}的一条最具体。",
                f"To {winner.unit_id}: of {fitting} rows that fit, that for {_aims(winner).en} is the most specific.",
            )
        return Decision(winner, tuple(rows[:MAX_SHOWN]), len(rows), words)

    def _for(self, key: ItemKey) -> list[tuple[Route, bool]]:
        """Rows whose matter fits."""
        names = ((key.standard, key.code), (key.standard, key.code[:2]), ("", ""))
        return [row for name in names for row in self._by_code.get(name, [])]


def clashes(routes: Sequence[Route]) -> list[Text]:
    """Rows with the same matter, place and source on one day."""
    ordered = sorted(routes, key=lambda route: (route.pattern, route.valid_from or date.min))
    return [
        Text(f"两条规则相同：{_aims(one).zh}", f"two equal rows for {_aims(one).en}")
        for one, other in pairwise(ordered)
        if one.pattern == other.pattern and overlap((one.valid_from, one.valid_to), (other.valid_from, other.valid_to))
    ]


def unknown_units(route: Route, units: Collection[str]) -> list[Text]:
    """The units of a row that do not exist."""
    missing = [unit for unit in (route.unit_id, *route.joint_unit_ids) if unit not in units]
    return [Text(f"单位不存在：{unit}", f"no such unit: {unit}") for unit in missing]


def _misfits(route: Route, case: RoutedCase) -> list[Text]:
    """Why a row whose matter fits does not fit the case."""
    found = []
    if not case.area.startswith(route.area):
        found.append(Text(f"区域不在 {route.area} 内", f"the place is not in {route.area}"))
    if route.source and route.source != case.source:
        found.append(Text(f"来源不是 {route.source}", f"the source is not {route.source}"))
    if not within(case.on, route.valid_from, route.valid_to):
        found.append(Text(f"{case.on.isoformat()} 不在有效期内", f"not in force on {case.on.isoformat()}"))
    return found


def _considered(route: Route, overlay: bool, case: RoutedCase, winner: Route | None) -> Considered:
    misfits = _misfits(route, case)
    if misfits:
        why = Text("；".join(one.zh for one in misfits), "; ".join(one.en for one in misfits))
    elif route is winner:
        why = Text("适用，且最具体", "fits, and is the most specific")
    elif winner is not None and route.pattern == winner.pattern:
        why = Text("适用，但被本市规则替代", "fits, but the city's own row replaces it")
    else:
        why = Text("适用，但有更具体的规则", "fits, but another is more specific")
    return Considered(route, overlay, not misfits, why)


def _aims(route: Route) -> Text:
    matter = f"{route.standard} {route.code}"
    return Text(
        f"事项“{matter if route.code else '任意'}”、区域“{route.area or '任意'}”、来源“{route.source or '任意'}”",
        f"matter {matter if route.code else 'any'}, area {route.area or 'any'}, source {route.source or 'any'}",
    )


def _bad_form(zh: str, en: str) -> InvalidError:
    return InvalidError(
        f"派遣规则有误：{zh}。",
        f"the row is not sound: {en}",
        code="routing.form",
        kept=Text("未保存该规则。", "The row was not stored."),
        todo=Text("请修改后重新提交。", "Correct it and send it again."),
    )

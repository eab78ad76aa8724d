"""When to be where, for whom (分时分群布防): violations by hour and group, and the windows that cover most of them.

Only what is known is said: there are no counts of all traffic, so no group is called more dangerous than another.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, Select, func, or_, select

from cityops.detection import alert_table
from cityops.registers import RegisterObject, register_object
from cityops.scenes.hazard_spots.events import DAY_MS, HOUR_MS, SHANGHAI_MS, Counting, near

HOURS: Final = 24
WINDOW_HOURS: Final = 2
PAST_DAYS: Final = 90
WINDOWS_MAX: Final = 6
SPOTS_MAX: Final = 20
UNKNOWN: Final = "unknown"
"""The group of a vehicle whose class is not in the register."""
_THURSDAY: Final = 3
"""1970-01-01; Monday is 0."""
_a = alert_table.c

_Choice = tuple[int, int, tuple[int, ...]]
"""Violations covered, windows as a negative number, hours they begin as negative numbers: the greatest is the best."""
Axis = Literal["vehicle_class", "detector"]
Days = Literal["all", "weekday", "weekend"]
"""Weekdays are Monday to Friday, holidays among them."""


class Window(NamedTuple):
    """Two hours on end: the hour it begins (23: past midnight), and the violations in it."""

    from_hour: int
    violations: int

    @property
    def hours(self) -> tuple[int, ...]:
        """The hours it covers."""
        return tuple((self.from_hour + number) % HOURS for number in range(WINDOW_HOURS))


@dataclass(frozen=True, slots=True)
class Deployment:
    """Violations by hour of day (Asia/Shanghai) and group, and the best windows.

    Attributes:
        rows: of each group 24 counts, greatest group first.
        windows: without overlap, by hour; together they cover as many violations as so many windows can.
    """

    rows: tuple[tuple[str, tuple[int, ...]], ...]
    windows: tuple[Window, ...]

    @property
    def total(self) -> int:
        """All violations."""
        return sum(sum(hours) for _, hours in self.rows)

    @property
    def covered(self) -> int:
        """Those inside the windows."""
        return sum(window.violations for window in self.windows)

    @property
    def even_share(self) -> float:
        """The share of the day that the windows are: what an even spread would cover."""
        return len(self.windows) * WINDOW_HOURS / HOURS


def deployment(
    conn: Connection,
    counting: Counting,
    now_ms: int,
    *,
    spots: Sequence[RegisterObject],
    axis: Axis,
    days: Days,
    windows: int,
) -> Deployment:
    """Violations of the last 90 days near these spots, or in the whole city when there are none; one query.

    Every alert that is not withdrawn counts, whether or not it led to a case.
    """
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * HOURS)
    for group, hour, weekday, count in conn.execute(_by_hour(counting, now_ms, spots, axis)):
        if days == "all" or (weekday >= 5) == (days == "weekend"):
            counts[group or UNKNOWN][hour] += count
    rows = sorted(((group, tuple(hours)) for group, hours in counts.items()), key=lambda row: (-sum(row[1]), row[0]))
    totals = [sum(hours[hour] for _, hours in rows) for hour in range(HOURS)]
    return Deployment(tuple(rows), best_windows(totals, windows))


def best_windows(totals: Sequence[int], windows: int) -> tuple[Window, ...]:
    """At most so many windows of two hours on a clock of 24, without overlap, that cover most violations.

    Of choices that cover the same the fewest windows, then the earliest. Exact: every choice is considered.
    """
    value = [totals[hour] + totals[(hour + 1) % HOURS] for hour in range(HOURS)]

    @cache
    def best(hour: int, end: int, left: int) -> _Choice:
        """The best windows inside [hour, end)."""
        if left == 0 or hour + WINDOW_HOURS > end:
            return 0, 0, ()
        covered, fewer, begins = best(hour + WINDOW_HOURS, end, left - 1)
        return max((covered + value[hour], fewer - 1, (-hour, *begins)), best(hour + 1, end, left))

    covered, fewer, begins = best(1, HOURS - 1, windows - 1)
    over_midnight = (covered + value[HOURS - 1], fewer - 1, (*begins, 1 - HOURS))
    chosen = max(best(0, HOURS, windows), over_midnight)
    return tuple(Window(-begin, value[-begin]) for begin in chosen[2])


def hours_by_group(rows: Sequence[tuple[str, Sequence[int]]], window: Window) -> Mapping[str, int]:
    """The violations inside a window by group, most first."""
    found = Counter({group: sum(hours[hour] for hour in window.hours) for group, hours in rows})
    return {group: count for group, count in found.most_common() if count}


def _by_hour(counting: Counting, now_ms: int, spots: Sequence[RegisterObject], axis: Axis) -> Select[Any]:
    local = _a.started_ms + SHANGHAI_MS
    group = _a.detector if axis == "detector" else register_object.c.data["vehicle_class"].as_string()
    query = select(
        group.label("group"),
        ((local // HOUR_MS) % HOURS).label("hour"),
        ((local // DAY_MS + _THURSDAY) % 7).label("weekday"),
    ).where(
        _a.started_ms >= now_ms - PAST_DAYS * DAY_MS,
        _a.started_ms < now_ms,
        _a.state != "withdrawn",
        counting.wanted("alert", _a.detector),
    )
    if axis == "vehicle_class":
        query = query.outerjoin(register_object, register_object.c.id == _a.vehicle_id)
    if spots:
        query = query.where(or_(*(near(_a.lon, _a.lat, spot) for spot in spots)))
    found = query.subquery().c
    return select(found.group, found.hour, found.weekday, func.count()).group_by(found.group, found.hour, found.weekday)

"""Telling legal from illegal digging (掘路许可核对): a point and a day against the permits, with the reason.

Distances are planar metres around the point, good to a centimetre over the few hundred metres that matter here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final, Literal

from cityops.kit import Text
from cityops.registers import RegisterObject

Verdict = Literal["permitted", "no_permit", "outside_validity", "outside_area"]

TOLERANCE_M: Final = 5.0
"""How far a phone's position may lie beside the permitted area and still count as inside."""
NEAR_M: Final = 50.0
"""Up to here beside its area a permit in force is taken for the one that was overstepped."""
_M_PER_DEGREE: Final = 111_320.0
CURRENT: Final = "active"

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether digging at a point on a day is covered. ``distance_m`` to the permit's area, 0 inside it."""

    verdict: Verdict
    reason: Text
    permit_id: str | None = None
    permit_number: str | None = None
    holder: str | None = None
    distance_m: float | None = None


def judge(lon: float, lat: float, day: date, permits: Iterable[RegisterObject]) -> Judgement:
    """What the permits say of digging at a point (WGS-84 degrees) on a day.

    A permit in force whose area holds the point decides; else a permit in force close by that was overstepped; else one
    that holds the point on other days.
    """
    measured = [(distance_m(lon, lat, permit), permit) for permit in permits if permit.state == CURRENT]
    inside = [(away, permit) for away, permit in measured if away <= TOLERANCE_M]
    valid = [(away, permit) for away, permit in inside if _valid(permit, day)]
    if valid:
        return _found("permitted", *min(valid, key=_nearest), Text("在许可范围和期限内", "within area and validity"))
    near = [(away, permit) for away, permit in measured if TOLERANCE_M < away <= NEAR_M and _valid(permit, day)]
    if near:
        away, permit = min(near, key=_nearest)
        words = Text(f"距许可范围 {away:.0f} 米", f"{away:.0f} m outside the permitted area")
        return _found("outside_area", away, permit, words)
    if inside:
        away, permit = min(inside, key=lambda one: _days_apart(one[1], day))
        valid_from, valid_to = permit.data["valid_from"], permit.data["valid_to"]
        words = Text(
            f"{day} 不在有效期 {valid_from} 至 {valid_to} 内", f"{day} is not within {valid_from} to {valid_to}"
        )
        return _found("outside_validity", away, permit, words)
    return Judgement("no_permit", Text(f"{NEAR_M:.0f} 米内没有掘路许可", f"no permit within {NEAR_M:.0f} m"))


def covers(permit: RegisterObject, day: date) -> bool:
    """Whether a permit covers anything on a day: in force, and the day within its validity."""
    return permit.state == CURRENT and _valid(permit, day)


def distance_m(lon: float, lat: float, permit: RegisterObject) -> float:
    """Metres from a point to a permit's area, 0 inside: a polygon, or a line with half its width on either side."""
    geometry = permit.geometry
    assert geometry is not None  # check_permit lets no permit in without one
    scale = _M_PER_DEGREE * math.cos(math.radians(lat))
    if geometry["type"] == "LineString":
        line = [((x - lon) * scale, (y - lat) * _M_PER_DEGREE) for x, y in geometry["coordinates"]]
        return max(0.0, _to_line(line) - float(permit.data["width_m"]) / 2)
    ring = [((x - lon) * scale, (y - lat) * _M_PER_DEGREE) for x, y in geometry["coordinates"][0]]
    return 0.0 if _holds_origin(ring) else _to_line(ring)


def _to_line(line: Sequence[Point]) -> float:
    """Metres from the origin to the nearest point of a line."""
    return min(_to_segment(a, b) for a, b in pairwise(line))


def _to_segment(a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    along = 0.0 if length == 0 else min(1.0, max(0.0, -(a[0] * dx + a[1] * dy) / length))
    return math.hypot(a[0] + along * dx, a[1] + along * dy)


def _holds_origin(ring: Sequence[Point]) -> bool:
    """Even-odd rule: how often a ray from the origin to the east crosses the ring."""
    inside = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > 0) != (y2 > 0) and x1 + (x2 - x1) * -y1 / (y2 - y1) > 0:
            inside = not inside
    return inside


def _valid(permit: RegisterObject, day: date) -> bool:
    return bool(permit.data["valid_from"] <= day.isoformat() <= permit.data["valid_to"])


def _days_apart(permit: RegisterObject, day: date) -> int:
    first, last = (date.fromisoformat(permit.data[name]) for name in ("valid_from", "valid_to"))
    return max((first - day).days, (day - last).days)


def _nearest(one: tuple[float, RegisterObject]) -> tuple[float, str]:
    return one[0], one[1].code


def _found(verdict: Verdict, away: float, permit: RegisterObject, words: Text) -> Judgement:
    reason = Text(f"许可 {permit.code}：{words.zh}", f"permit {permit.code}: {words.en}")
    return Judgement(verdict, reason, permit.id, permit.code, permit.data["holder"], round(away, 1))

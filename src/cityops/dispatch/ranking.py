"""Ranking crews: nearest by road and strongest (就近就强), with the reason in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cityops.dispatch.meeting import Meeting
from cityops.dispatch.views import CrewView
from cityops.kit import Text


@dataclass(frozen=True, slots=True)
class RankingRules:
    """What counts in the ranking. A penalty is added to the time: seconds that a rested crew may be farther away."""

    tired_after_s: float = 8 * 3600
    unable_after_s: float = 12 * 3600
    tired_penalty_s: float = 600
    uncovered_penalty_s: float = 300
    coverage_s: float = 900
    margin_s: float = 60
    reach_s: float = 3600
    stale_position_s: float = 1800


DEFAULT_RULES: Final = RankingRules()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A crew that can be sent, and where and when it would act."""

    crew: CrewView
    meeting: Meeting
    travel_time_s: float
    on_shift_s: float
    stays_covered: bool

    @property
    def margin_s(self) -> float | None:
        """How long before the vehicle the crew is there; ``None`` for a place that stands still."""
        return None if self.meeting.vehicle_eta_s is None else self.meeting.vehicle_eta_s - self.travel_time_s


def unable_reason(
    crew: CrewView, capability: str | None, on_shift_s: float, rules: RankingRules
) -> tuple[str, Text] | None:
    """Why a crew cannot be sent at all, as (code, words), or ``None``."""
    if crew.state == "off_duty":
        return "off_duty", Text("不在岗", "off duty")
    if crew.state in ("assigned", "on_scene"):
        number = crew.case_number or "—"
        return "busy", Text(f"正在处置案件 {number}", f"busy with case {number}")
    if capability is not None and capability not in crew.capabilities:
        return "capability", Text(f"不具备所需能力（{capability}）", f"lacks the capability {capability}")
    if on_shift_s > rules.unable_after_s:
        hours = rules.unable_after_s / 3600
        return "fatigue", Text(f"已在岗超过{hours:g}小时", f"on shift for more than {hours:g} h")
    return None


def best_meeting(meetings: Sequence[tuple[Meeting, float]], rules: RankingRules) -> tuple[Meeting, float] | None:
    """Where one crew would act: ``meetings`` holds each with the crew's travel time.

    Of exits ahead of a vehicle the first at which the crew is in time with the margin; if it is at none, the one where
    it is least late. ``None`` when none is in reach.
    """
    reachable = [(meeting, time_s) for meeting, time_s in meetings if math.isfinite(time_s)]
    if not reachable:
        return None
    moving = [(m, t) for m, t in reachable if m.vehicle_eta_s is not None]
    if not moving:
        return min(reachable, key=lambda pair: pair[1])
    in_time = [(m, t) for m, t in moving if (m.vehicle_eta_s or 0.0) - t >= rules.margin_s]
    if in_time:
        return min(in_time, key=lambda pair: (pair[0].vehicle_eta_s or 0.0, pair[1]))
    return max(moving, key=lambda pair: (pair[0].vehicle_eta_s or 0.0) - pair[1])


def rank(candidates: Sequence[Candidate], rules: RankingRules) -> list[Candidate]:
    """The candidates, best first.

    Crews that are in time come before crews that are late. Among those in time the moment at which the vehicle is met
    (or the place is reached) counts, with the penalties; among the late ones how late they are.
    """

    def key(candidate: Candidate) -> tuple[bool, float, float, str]:
        margin_s = candidate.margin_s
        late = margin_s is not None and margin_s < rules.margin_s
        if margin_s is None:
            base_s = candidate.travel_time_s
        else:
            base_s = -margin_s if late else candidate.meeting.vehicle_eta_s or 0.0
        return late, base_s + _penalty_s(candidate, rules), candidate.travel_time_s, candidate.crew.crew_id

    return sorted(candidates, key=key)


def _penalty_s(candidate: Candidate, rules: RankingRules) -> float:
    tired = rules.tired_penalty_s if candidate.on_shift_s > rules.tired_after_s else 0.0
    uncovered = 0.0 if candidate.stays_covered else rules.uncovered_penalty_s
    return tired + uncovered


def reason(candidate: Candidate, distance_m: float, rules: RankingRules) -> Text:
    """The reason in words: ``2.1 km, 4 min, on shift 3 h, stays covered``."""
    zh = [f"{distance_m / 1000:.1f} 公里", _minutes(candidate.travel_time_s).zh]
    en = [f"{distance_m / 1000:.1f} km", _minutes(candidate.travel_time_s).en]
    shift = _span(candidate.on_shift_s)
    tired = candidate.on_shift_s > rules.tired_after_s
    zh.append(f"已在岗 {shift.zh}" + ("（疲劳）" if tired else ""))
    en.append(f"on shift {shift.en}" + (" (tired)" if tired else ""))
    zh.append("片区仍有覆盖" if candidate.stays_covered else "片区将无人覆盖")
    en.append("stays covered" if candidate.stays_covered else "leaves its area uncovered")
    if candidate.margin_s is not None:
        name, ahead = candidate.meeting.name or "—", _minutes(abs(candidate.margin_s))
        if candidate.margin_s >= 0:
            zh.append(f"比车辆早 {ahead.zh}到达{name}")
            en.append(f"at {name} {ahead.en} before the vehicle")
        else:
            zh.append(f"比车辆晚 {ahead.zh}到达{name}")
            en.append(f"at {name} {ahead.en} after the vehicle")
    return Text("，".join(zh), ", ".join(en))


def _minutes(seconds: float) -> Text:
    minutes = max(1, round(seconds / 60))
    return Text(f"{minutes} 分钟", f"{minutes} min")


def _span(seconds: float) -> Text:
    if seconds < 3600:
        return _minutes(seconds)
    return Text(f"{int(seconds // 3600)} 小时", f"{int(seconds // 3600)} h")

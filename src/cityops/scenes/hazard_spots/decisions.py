"""A person decides what the machine proposed (人定): a confirmed spot, or a dismissed one with the reason.

Deciding the same place twice, or at the same moment, makes one spot: who decides waits for who decides before, and
then reads the spots again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection

from cityops.access import SYSTEM, Principal
from cityops.kit import ConflictError, ForbiddenError, InvalidError, Text
from cityops.registers import RegisterObject, may_write
from cityops.scenes.hazard_spots.events import Counting
from cityops.scenes.hazard_spots.ledger import DISMISSED, SCENE, SPOT
from cityops.scenes.hazard_spots.proposals import RECENT_DAYS, Proposal, covering, dismissal, nearest, proposals
from cityops.scenes.registry import SceneContext
from cityops.store import hold

KINDS_TOLD: Final = 10
"""Of the kinds of events, the most frequent: the sentence stays a sentence, and within what the register keeps."""
_REASON: Final = {
    "confirm": "机器提议，确认 Proposed by the machine, confirmed",
    "dismiss": "机器提议，不成立 Proposed by the machine, dismissed",
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says of the proposal at a point. ``why``: of a dismissal; title and category: of a spot."""

    lon: float
    lat: float
    verdict: Literal["confirm", "dismiss"]
    title: str
    category: str
    unit_id: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """The spot of a place, and whether this decision made it; else somebody was faster."""

    spot: RegisterObject
    created: bool


def require_decider(context: SceneContext, person: Principal) -> None:
    """Raises ``ForbiddenError`` unless this person writes the ledger."""
    if not may_write(person, context.registers.spec(SPOT)):
        raise ForbiddenError("您的角色不能认定点位", "your role does not decide spots", code="access.forbidden")


def decide(context: SceneContext, person: Principal, counting: Counting, decision: Decision) -> Decided:
    """Keep a decision; what the proposal rested on is frozen in the spot's evidence.

    Raises:
        InvalidError: a dismissal without a reason, or what the register refuses. ForbiddenError: the person does not
            write the register. ConflictError: ``hazard_spots.gone``: nothing is proposed there any more.
    """
    require_decider(context, person)
    if decision.verdict == "dismiss" and not (decision.why or "").strip():
        raise InvalidError("不成立要写明理由", "a dismissal needs its reason", code=f"{SCENE}.why")
    items = proposals(context, counting).items
    found = nearest(items, decision.lon, decision.lat, counting.points["propose_within_m"])
    return context.store.write(lambda conn: _kept(conn, context, person, counting, decision, found))


def _kept(
    conn: Connection,
    context: SceneContext,
    person: Principal,
    counting: Counting,
    decision: Decision,
    found: Proposal | None,
) -> Decided:
    hold(conn, SPOT)
    spots, today = context.registers.every_in(conn, SYSTEM, SPOT), context.clock.now().date()
    lon, lat, count = (decision.lon, decision.lat, 1) if found is None else (found.lon, found.lat, found.count)
    known = covering(spots, lon, lat) or dismissal(spots, lon, lat, count, today)
    if known is not None:
        return Decided(known, created=False)
    if found is None:
        raise ConflictError(
            "这里已没有提议",
            "nothing is proposed here any more",
            code=f"{SCENE}.gone",
            kept=Text("没有建立点位", "no spot was made"),
            todo=Text("请刷新提议列表", "load the proposals again"),
        )
    day = today.isoformat()
    dates = {"found_on": day, "confirmed_on": day}
    if decision.verdict == "dismiss":
        dates = {"found_on": day, "dismissed_on": day, "dismissed_why": (decision.why or "").strip()}
    place = context.city.locate(found.lon, found.lat)
    data: dict[str, Any] = {
        **dates,
        "category": decision.category,
        "road": place.road_name or place.street_name or place.district_name or decision.title,
        "radius_m": found.radius_m,
        "source": "data",
        "events": found.count,
        "evidence": evidence(found, counting, day),
    }
    spot = context.registers.create_in(
        conn,
        person,
        register=SPOT,
        code=_next_code(spots, day),
        title=decision.title,
        unit_id=decision.unit_id or person.unit_id,
        supervisor_id=person.unit_id,
        lon=found.lon,
        lat=found.lat,
        state="confirmed" if decision.verdict == "confirm" else DISMISSED,
        data=data,
        reason=_REASON[decision.verdict],
    )
    return Decided(spot, created=True)


def evidence(found: Proposal, counting: Counting, day: str) -> str:
    """What a proposal rests on, in words that stay as they are: a line in Chinese, a line in English."""
    kinds = [(counting.title(kind), count) for kind, count in found.kinds[:KINDS_TOLD]]
    more = len(found.kinds) > KINDS_TOLD
    kinds_zh = "、".join(f"{title.zh} {count}" for title, count in kinds)
    kinds_en = ", ".join(f"{title.en} {count}" for title, count in kinds)
    busiest = max(range(24), key=lambda hour: (found.hours[hour], -hour))
    return (
        f"{day} 机器提议：近 {RECENT_DAYS} 天半径 {found.radius_m} 米内 {found.count} 起（{kinds_zh}{more * '等'}）；"
        f"首起 {found.first_day}，末起 {found.last_day}；最多在 {busiest} 时（{found.hours[busiest]} 起）。\n"
        f"{day}, proposed by the machine: {found.count} in {RECENT_DAYS} days within {found.radius_m} m "
        f"({kinds_en}{more * ' and others'}); "
        f"first {found.first_day}, last {found.last_day}; most from {busiest}:00 ({found.hours[busiest]})."
    )


def _next_code(spots: Iterable[RegisterObject], day: str) -> str:
    """The number after the day's last one."""
    prefix = f"SP-{day.replace('-', '')}-"
    taken = [
        int(number) for one in spots if (number := one.code.removeprefix(prefix)) != one.code and number.isdecimal()
    ]
    return f"{prefix}{max(taken, default=0) + 1:03d}"

"""Reporting a finding (发现上报) and reading what the scene knows of a case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

from cityops.access import SYSTEM, Principal
from cityops.cases import CaseDetailView, NewCase, Reporter
from cityops.kit import InvalidError, Text
from cityops.registers import RegisterObject
from cityops.scenes.registry import SceneContext
from cityops.scenes.road_excavation.matters import EarlierCase, earlier_cases, matter_of
from cityops.scenes.road_excavation.permit_data import EXCAVATION_PERMIT
from cityops.scenes.road_excavation.permits import Judgement, judge
from cityops.scenes.road_excavation.rule import Discretion, ExcavationRule


@dataclass(frozen=True, slots=True)
class NewFinding:
    """Somebody digs here; longitude and latitude in WGS-84 degrees."""

    lon: float
    lat: float
    address: str
    description: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the scene adds to a case: doubts of an import, the permits at its place, the offender's other cases.

    ``discretion``: ``None`` before the offender is known.
    """

    flags: list[Text]
    judgement: Judgement | None
    party: str | None
    party_code: str | None
    earlier: list[EarlierCase]
    discretion: Discretion | None


def report(context: SceneContext, principal: Principal, new: NewFinding) -> CaseDetailView:
    """Open a case at ``found``; an inspecting unit that finds it itself answers for it at once.

    Raises:
        ForbiddenError: without ``cases.report``. InvalidError: no address.
    """
    address = new.address.strip()
    if not address:
        raise InvalidError("请填写地点", "the address is missing", code="excavation.address")
    found = context.city.locate(new.lon, new.lat)
    unit = principal.role.is_of_unit
    return context.cases.open(
        principal,
        NewCase(
            scene="road_excavation",
            kind="excavation",
            title=Text(f"疑似违章掘路：{address}", f"Digging without a permit? {address}"),
            severity=2,
            lon=new.lon,
            lat=new.lat,
            area_code=found.community_code or found.street_code or found.district_code or None,
            place={**asdict(found), "address": address},
            unit_id=principal.unit_id if unit else None,
            unit_name=principal.unit_name if unit else None,
            description=new.description.strip(),
            reporter=Reporter("unit" if unit else "field", principal.display_name, account_id=principal.account_id),
        ),
    )


def facts_of(context: SceneContext, rule: ExcavationRule, principal: Principal, case_id: str) -> CaseFacts:
    """What the scene knows of a case; ``NotFoundError`` when the case is not this person's to see."""
    case = context.cases.get(principal, case_id)
    with context.store.read() as conn:
        matter = matter_of(conn, case_id)
        earlier = earlier_cases(conn, matter) if matter is not None else []
    day = case.opened_at.date() if matter is None else date.fromisoformat(matter["found_on"])
    place = case.place
    return CaseFacts(
        flags=[Text(flag["zh"], flag["en"]) for flag in matter["flags"]] if matter is not None else [],
        judgement=judge(place.lon, place.lat, day, all_permits(context)) if place is not None else None,
        party=None if matter is None else matter["party"],
        party_code=None if matter is None else matter["party_code"],
        earlier=earlier,
        discretion=rule.discretion(matter, earlier) if matter is not None and matter["decided_on"] is None else None,
    )


def all_permits(context: SceneContext) -> Sequence[RegisterObject]:
    """Every permit: permits are public, whoever asks."""
    return context.registers.every(SYSTEM, EXCAVATION_PERMIT)

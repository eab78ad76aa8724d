"""Routes of the desk and the officer: accidents, exclusions, liability, links, figures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from cityops.access import Permission
from cityops.api import Latitude, Longitude, Model, Moment, Period, Person, spec
from cityops.kit import to_ms
from cityops.scenes.quick_accident import examples
from cityops.scenes.quick_accident.book import AccidentBook
from cityops.scenes.quick_accident.desk import AccidentDesk, NewAccident, NewParty
from cityops.scenes.quick_accident.figures import QuickFigures, figures
from cityops.scenes.quick_accident.links import LinkDesk
from cityops.scenes.quick_accident.rules import Level
from cityops.scenes.quick_accident.views import (
    AccidentDetail,
    AccidentLink,
    AccidentList,
    Handed,
    NewLink,
    Source,
    Weather,
)
from cityops.scenes.web import Scenes

router = APIRouter(prefix="/api/scenes/quick_accident", tags=["事故快处 Quick accidents"])

CaseId = Annotated[str, Path(max_length=26)]
PartyId = Annotated[str, Path(max_length=26)]
LinkId = Annotated[str, Path(max_length=26)]
Label = Annotated[str, Field(pattern="^[A-D]$")]
Codes = Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=30)]
_P = Permission
_MONTH_MS = 30 * 86_400_000


class ReportedParty(Model):
    """A party as it is reported."""

    phone: Annotated[str, Field(min_length=1, max_length=30)]
    plate: Annotated[str, Field(max_length=16)] | None = None
    name: Annotated[str, Field(max_length=60)] | None = None


class ReportedAccident(Model):
    """An accident as it is reported. Without ``reported_at`` it is reported now."""

    source: Source
    lon: Longitude
    lat: Latitude
    parties: Annotated[list[ReportedParty], Field(min_length=1, max_length=10)]
    reported_at: Moment | None = None
    address: Annotated[str, Field(max_length=200)] | None = None
    weather: Weather | None = None
    description: Annotated[str, Field(max_length=2000)] | None = None


class Screening(Model):
    """The exclusions that apply; none is an answer too."""

    exclusions: Codes


class TickedFaults(Model):
    """Codes of situations by the party's label."""

    faults: Annotated[dict[Label, Codes], Field(max_length=4)]


class SuggestedLevels(Model):
    """The levels in the order of the parties; ``null``: a person must weigh it."""

    levels: list[Level] | None


class LiabilityDecision(TickedFaults):
    """A decision on liability; ``version`` is the case's version the person saw."""

    version: int
    levels: Annotated[dict[Label, Level], Field(min_length=2, max_length=4)]
    reason: Annotated[str, Field(max_length=2000)] | None = None


class AskedOfParty(Model):
    """What is missing, in words the party sees."""

    words: Annotated[str, Field(min_length=1, max_length=500)]


class HandedOver(Model):
    """How the link reached the party."""

    how: Handed


@router.get("/accidents", **spec("事故列表", "Accidents", _P.CASES_READ, answer=examples.LIST))
def list_accidents(
    scenes: Scenes,
    person: Person,
    ended: Annotated[bool, Query(description="已办结的 Those that are over")] = False,
) -> AccidentList:
    """Newest first, at most 200."""
    return AccidentBook(scenes).find(person, ended=ended)


@router.post(
    "/accidents",
    **spec(
        "登记事故", "Register an accident", _P.CASES_OPEN, answer=examples.DETAIL, body=examples.REPORTED, status=201
    ),
)
def register_accident(scenes: Scenes, person: Person, new: ReportedAccident) -> AccidentDetail:
    """Opens the case and gives it to the accident squad of the district."""
    desk = AccidentDesk(scenes)
    case_id = desk.register(
        person,
        NewAccident(
            source=new.source,
            lon=new.lon,
            lat=new.lat,
            parties=[NewParty(party.phone, party.plate, party.name) for party in new.parties],
            reported_ms=None if new.reported_at is None else to_ms(new.reported_at),
            address=new.address,
            weather=new.weather,
            description=new.description,
        ),
    )
    return AccidentBook(scenes).get(person, case_id)


@router.get(
    "/accidents/{case_id}",
    **spec("事故详情", "One accident", _P.CASES_READ, answer=examples.DETAIL, refusals=(404,)),
)
def get_accident(scenes: Scenes, person: Person, case_id: CaseId) -> AccidentDetail:
    """Parties, photos, links, exclusions and the decision; the case's steps are those of the case."""
    return AccidentBook(scenes).get(person, case_id)


@router.post(
    "/accidents/{case_id}/screening",
    **spec(
        "核对不适用情形",
        "Go through the exclusions",
        _P.CASES_OPEN,
        _P.UNIT_HANDLE,
        answer=examples.DETAIL,
        body=examples.SCREENING,
        refusals=(404, 409),
    ),
)
def screen_accident(scenes: Scenes, person: Person, case_id: CaseId, given: Screening) -> AccidentDetail:
    """What is ticked decides which way stays open; nobody decides before this."""
    desk = AccidentDesk(scenes)
    desk.screen(person, case_id, given.exclusions)
    return AccidentBook(scenes).get(person, case_id)


@router.post(
    "/accidents/{case_id}/suggestion",
    **spec(
        "定责建议",
        "What the ticked faults suggest",
        _P.CASES_OPEN,
        _P.UNIT_HANDLE,
        answer=examples.SUGGESTED,
        body=examples.FAULTS,
        refusals=(404,),
    ),
)
def suggest_levels(scenes: Scenes, person: Person, case_id: CaseId, given: TickedFaults) -> SuggestedLevels:
    """The machine proposes; nothing is kept."""
    return SuggestedLevels(levels=AccidentDesk(scenes).suggest(person, case_id, given.faults))


@router.post(
    "/accidents/{case_id}/decision",
    **spec(
        "定责",
        "Decide the liability",
        _P.CASES_DISPATCH,
        _P.UNIT_HANDLE,
        answer=examples.DETAIL,
        body=examples.DECISION,
        refusals=(404, 409),
    ),
)
def decide_liability(scenes: Scenes, person: Person, case_id: CaseId, given: LiabilityDecision) -> AccidentDetail:
    """Recorded and decided in one transaction, in this person's name: online by the desk, from afar by the officer."""
    desk = AccidentDesk(scenes)
    desk.decide(person, case_id, given.version, given.faults, given.levels, given.reason)
    return AccidentBook(scenes).get(person, case_id)


@router.post(
    "/accidents/{case_id}/parties/{party_id}/ask",
    **spec(
        "请当事人补充材料",
        "Ask a party for more",
        _P.CASES_OPEN,
        _P.UNIT_HANDLE,
        answer=examples.DETAIL,
        body=examples.ASKED,
        refusals=(404, 409),
    ),
)
def ask_party(
    scenes: Scenes, person: Person, case_id: CaseId, party_id: PartyId, given: AskedOfParty
) -> AccidentDetail:
    """The party sees the words on the phone until it sends another photo."""
    desk = AccidentDesk(scenes)
    desk.ask(person, case_id, party_id, given.words)
    return AccidentBook(scenes).get(person, case_id)


@router.post(
    "/accidents/{case_id}/parties/{party_id}/link",
    **spec(
        "生成当事人链接",
        "Make a party's link",
        _P.CASES_OPEN,
        _P.UNIT_HANDLE,
        _P.CASES_HANDLE,
        answer=examples.NEW_LINK,
        status=201,
        refusals=(404, 409),
    ),
)
def make_link(scenes: Scenes, person: Person, case_id: CaseId, party_id: PartyId) -> NewLink:
    """Shown this once and not kept; the party's earlier links stop working."""
    return LinkDesk(scenes).make(person, case_id, party_id)


@router.post(
    "/accidents/{case_id}/links/{link_id}/handed",
    **spec(
        "记录链接送达方式",
        "Note how a link was handed over",
        _P.CASES_OPEN,
        _P.UNIT_HANDLE,
        _P.CASES_HANDLE,
        answer=examples.LINK,
        body=examples.HANDED,
        refusals=(404,),
    ),
)
def hand_link(scenes: Scenes, person: Person, case_id: CaseId, link_id: LinkId, given: HandedOver) -> AccidentLink:
    """There is no SMS gateway: a person tells, sends or shows the link, and says so here."""
    return LinkDesk(scenes).hand_over(person, case_id, link_id, given.how)


@router.delete(
    "/accidents/{case_id}/links/{link_id}",
    **spec(
        "撤销链接",
        "Take a link back",
        _P.CASES_OPEN,
        _P.UNIT_HANDLE,
        _P.CASES_HANDLE,
        answer=examples.LINK,
        refusals=(404,),
    ),
)
def revoke_link(scenes: Scenes, person: Person, case_id: CaseId, link_id: LinkId) -> AccidentLink:
    """It stops working at once; what the party has answered stays."""
    return LinkDesk(scenes).revoke(person, case_id, link_id)


@router.get("/figures", **spec("快处成效", "How quick it is", _P.LEARN_READ, answer=examples.FIGURES))
def read_figures(scenes: Scenes, person: Person, bounds: Period) -> QuickFigures:
    """Of the accidents reported in the period, the last 30 days by default, with the cases behind each figure."""
    now_ms = scenes.clock.now_ms()
    to_at_ms = now_ms + 1 if bounds[1] is None else bounds[1]
    from_at_ms = to_at_ms - _MONTH_MS if bounds[0] is None else bounds[0]
    return figures(scenes, person, from_at_ms, to_at_ms)

"""Registering a dispute (登记): its case, what it is about, and its parties, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection, RowMapping, insert, select

from cityops.access import Principal
from cityops.cases import NewCase, Reporter, Step, case_table
from cityops.kit import InvalidError, Text
from cityops.places import PlaceInfo
from cityops.scenes.disputes.areas import centre_for, place_names, point_of
from cityops.scenes.disputes.rules import dispute_rules
from cityops.scenes.disputes.tables import dispute_table, party_table
from cityops.scenes.registry import SceneContext
from cityops.store import hold

SCENE: Final = "disputes"
DISPUTE: Final = "dispute"
MATTER: Final = "matter"
MANY_PEOPLE: Final = 30
"""From so many people on a dispute is graver (严重): group claims."""
_KEPT: Final = Text("没有登记，填写的内容仍在页面上", "nothing was registered; what you typed is still on the page")


@dataclass(frozen=True, slots=True)
class NewParty:
    """A party (当事人): applicant, respondent …; ``contact`` is a telephone number."""

    role: str
    name: str
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class NewDispute:
    """What is registered.

    Attributes:
        field: one of the twelve.
        source: how it came.
        account: what happened, in the parties' words; only for those who work on the case.
        parties: at least one.
        topic: a special route, such as social-insurance contributions.
        people: how many are concerned.
        amount_fen: how much money is claimed.
        centre: id or code of the centre; None: the person's own, or the lowest that holds the place.
        lon, lat: where, WGS-84 degrees; what is kept is the community, not the point.
        reference: an outside number; the same number is registered once.
        origin_id: the matter it grew out of.
    """

    field: str
    source: str
    account: str
    parties: Sequence[NewParty]
    topic: str | None = None
    people: int = 1
    amount_fen: int = 0
    centre: str | None = None
    lon: float | None = None
    lat: float | None = None
    reference: str | None = None
    origin_id: str | None = None


def register(context: SceneContext, principal: Principal, new: NewDispute) -> str:
    """Register a dispute; returns the case's id.

    Raises:
        ForbiddenError: without ``cases.report``.
        InvalidError: an unknown field, source, topic or party role; no party; no centre for it.
    """
    return context.store.write(lambda conn: register_in(conn, context, principal, new))


def register_in(conn: Connection, context: SceneContext, principal: Principal, new: NewDispute) -> str:
    """As ``register``, inside a transaction of the caller."""
    _check(new)
    if new.reference is not None:
        hold(conn, f"dispute:{new.reference}")
        known = select(dispute_table.c.case_id).where(dispute_table.c.reference == new.reference)
        found = conn.execute(known).scalar()
        if found is not None:
            return str(found)
    located = _located(context, new)
    centre = centre_for(conn, principal, new.centre, located.community_code if located else None)
    case_id = context.cases.open_in(conn, principal, _case(context, new, centre, located))
    conn.execute(
        insert(dispute_table).values(
            case_id=case_id,
            field=new.field,
            source=new.source,
            topic=new.topic,
            people=new.people,
            amount_fen=new.amount_fen,
            account=new.account,
            reference=new.reference,
        )
    )
    for party in new.parties:
        add_party_in(conn, context, case_id, party)
    return case_id


def take_up(context: SceneContext, principal: Principal, matter_id: str, version: int, new: NewDispute) -> str:
    """Register a dispute out of a residents' matter and end the matter, in one transaction; returns the case's id.

    Raises:
        NotFoundError, ForbiddenError, ConflictError: as a step of the matter would.
    """

    def work(conn: Connection) -> str:
        case_id = register_in(conn, context, principal, replace(new, origin_id=matter_id))
        context.cases.act_in(conn, principal, matter_id, "take_up", Step(version))
        return case_id

    context.cases.get(principal, matter_id)
    return context.store.write(work)


def add_party_in(conn: Connection, context: SceneContext, case_id: str, party: NewParty) -> None:
    """Write one party."""
    conn.execute(
        insert(party_table).values(
            id=context.ids.next(), case_id=case_id, role=party.role, name=party.name, contact=party.contact
        )
    )


def _case(context: SceneContext, new: NewDispute, centre: RowMapping, located: PlaceInfo | None) -> NewCase:
    area = (located.community_code if located else "") or centre["area_code"]
    field = dispute_rules().fields[new.field]
    workflow = context.cases.workflow(SCENE, DISPUTE)
    lon, lat = point_of(context.city, area)
    return NewCase(
        scene=SCENE,
        kind=DISPUTE,
        title=Text(f"{field.zh} · {centre['name']}", f"{field.en} · {centre['name']}"),
        severity=3 if new.people >= MANY_PEOPLE else 2,
        lon=lon,
        lat=lat,
        area_code=area,
        place=place_names(context.city, area),
        unit_id=centre["id"],
        unit_name=centre["name"],
        reporter=Reporter(channel=new.source, reference=new.reference),
        level=workflow.level_of([centre["area_code"]]) if centre["area_code"] else None,
        origin_id=new.origin_id,
    )


def _located(context: SceneContext, new: NewDispute) -> PlaceInfo | None:
    if new.lon is None or new.lat is None:
        return None
    return context.city.locate(new.lon, new.lat)


def check_party(party: NewParty) -> None:
    """Raise ``InvalidError`` for a party without a name or in an unknown role."""
    if party.role not in dispute_rules().party_roles or not party.name.strip():
        raise _invalid("当事人的身份或姓名不正确", "a party has no name, or an unknown role", "dispute.party")


def _check(new: NewDispute) -> None:
    rules = dispute_rules()
    if new.field not in rules.fields:
        raise _invalid(f"没有领域“{new.field}”", f"there is no field {new.field!r}", "dispute.field")
    if new.source not in rules.sources:
        raise _invalid(f"没有来源“{new.source}”", f"there is no source {new.source!r}", "dispute.source")
    if new.topic is not None and new.topic not in rules.topics:
        raise _invalid(f"没有专题“{new.topic}”", f"there is no topic {new.topic!r}", "dispute.topic")
    if not new.parties:
        raise _invalid("请至少填写一名当事人", "name one party at least", "dispute.no_party")
    for party in new.parties:
        check_party(party)


def _invalid(zh: str, en: str, code: str) -> InvalidError:
    return InvalidError(zh, en, code=code, kept=_KEPT, todo=Text("改正后重新登记", "correct it and register again"))


def dispute_row(conn: Connection, case_id: str) -> RowMapping | None:
    """What a case is about with the case's own columns, or ``None`` when it is no dispute."""
    query = select(dispute_table, case_table).join(case_table, case_table.c.id == dispute_table.c.case_id)
    return conn.execute(query.where(dispute_table.c.case_id == case_id)).mappings().one_or_none()


def case_number(conn: Connection, case_id: str) -> str:
    """The number of a case."""
    return str(conn.execute(select(case_table.c.number).where(case_table.c.id == case_id)).scalar_one())

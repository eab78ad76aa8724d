"""The demo of disputes (演示数据): centres of three levels, people, meetings, cases, figures of the newspaper.

All cases and people are synthetic. The social-insurance cases are eleven with 309 people and 632,100 yuan in all, as
the source (S2) counts; how these divide among the eleven is ours. The reported figures are the source's own and marked.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, select

from cityops.access import Principal, Role, UnitKind
from cityops.cases import Step, case_table
from cityops.kit import Clock
from cityops.scenes.disputes.figures import NewReported, insert_reported
from cityops.scenes.disputes.meetings import Meetings, NewSchedule, RaisedMatter, official_calendar
from cityops.scenes.disputes.registering import NewDispute, NewParty, register_in
from cityops.scenes.disputes.rules import SOCIAL_INSURANCE
from cityops.scenes.disputes.schedule import MONTH, MOVES_ON, STAYS, WEEK, Schedule, planned_meetings
from cityops.scenes.disputes.tables import dispute_table, reported_table, schedule_table
from cityops.scenes.people import LABEL, DemoAccount, DemoUnit, seed_accounts, seed_units
from cityops.scenes.registry import SceneContext

CITY: Final = "DIS-CITY"
COUNTY: Final = "DIS-140106"
TOWN: Final = "DIS-140106001"
VILLAGE: Final = "DIS-140106001001"

DEMO_UNITS: Final = (
    DemoUnit(CITY, f"市综治中心{LABEL}", UnitKind.MEDIATION, "140100", "CITY"),
    DemoUnit(COUNTY, f"迎泽区综治中心{LABEL}", UnitKind.MEDIATION, "140106", CITY),
    DemoUnit(TOWN, f"柳巷街道综治中心{LABEL}", UnitKind.MEDIATION, "140106001", COUNTY),
    DemoUnit(VILLAGE, f"柳巷街道第一社区调解室{LABEL}", UnitKind.MEDIATION, "140106001001", TOWN),
)
DEMO_ACCOUNTS: Final = (
    DemoAccount("dispute_county", "迎泽区综治中心", Role.UNIT, COUNTY),
    DemoAccount("dispute_town", "柳巷街道综治中心", Role.UNIT, TOWN),
    DemoAccount("dispute_village", "柳巷社区调解室", Role.UNIT, VILLAGE),
    DemoAccount("mediator_county", "区级调解员", Role.HANDLER, COUNTY),
    DemoAccount("mediator_town", "街道调解员", Role.HANDLER, TOWN),
    DemoAccount("mediator_village", "社区调解员", Role.HANDLER, VILLAGE),
)

SHARES: Final = (
    (62, 13_240_000),
    (48, 9_860_000),
    (41, 8_150_000),
    (36, 7_020_000),
    (30, 6_480_000),
    (27, 5_390_000),
    (21, 4_310_000),
    (17, 3_440_000),
    (12, 2_560_000),
    (9, 1_770_000),
    (6, 990_000),
)
"""People and fen of the eleven social-insurance disputes: 309 people, 632,100 yuan."""

_SOURCE: Final = "报纸公布（S2，2024年）"
REPORTED: Final = (
    NewReported("s2-fields", "12类重点领域矛盾纠纷", _SOURCE, "2024-12-03", 10_965, 10_676, rate_percent=97.36),
    NewReported("s2-centre-risks", "三级综治中心风险隐患", _SOURCE, "2024-12-03", 177_118, 176_055),
    NewReported("s2-centre-disputes", "三级综治中心矛盾纠纷", _SOURCE, "2024-12-03", 3_980, 3_904),
    NewReported("s2-insurance", "社会保险费争议", _SOURCE, "2024-12-03", 11, 11, people=309, amount_fen=63_210_000),
)


def seed_demo(context: SceneContext) -> None:
    """Add what is missing; each case and figure has a reference, so nothing comes twice."""
    seed_units(context, DEMO_UNITS)
    seed_accounts(context, DEMO_ACCOUNTS)
    leader = person(context, "leader")
    context.store.write(lambda conn: _reported(conn, context, leader))
    context.store.write(lambda conn: _insurance_cases(conn, context))
    context.store.write(lambda conn: _open_cases(conn, context))
    _meetings(context)


def person(context: SceneContext, username: str) -> Principal:
    """A person of the demo."""
    found = context.accounts.find(username)
    assert found is not None, f"the demo's account {username!r} comes first"
    return Principal(
        found.id, found.username, found.display_name, found.role, found.unit_id, found.unit_name, found.area_codes
    )


def _reported(conn: Connection, context: SceneContext, leader: Principal) -> None:
    known = set(conn.execute(select(reported_table.c.key)).scalars())
    for figure in REPORTED:
        if figure.key not in known:
            insert_reported(conn, context, leader, figure)


def _insurance_cases(conn: Connection, context: SceneContext) -> None:
    """Eleven cases walked to their agreement by the county centre and its mediator."""
    county = person(context, "dispute_county")
    for number, (people, amount_fen) in enumerate(SHARES, start=1):
        new = NewDispute(
            field="labour",
            source="petition" if number % 4 == 1 else "person",
            account="职工反映单位未按时足额缴纳社会保险费。（合成）",
            parties=[
                NewParty("applicant", f"职工代表{number}（合成）", f"1380000{number:04d}"),
                NewParty("respondent", f"第{number}企业（合成）"),
            ],
            topic=SOCIAL_INSURANCE,
            people=people,
            amount_fen=amount_fen,
            reference=f"demo-insurance-{number:02d}",
        )
        if not _known(conn, new):
            _settle(conn, context, county, register_in(conn, context, county, new))


def _settle(conn: Connection, context: SceneContext, county: Principal, case_id: str) -> None:
    now = context.clock.now().isoformat()
    record = "核对缴费记录，单位同意分期补缴。（合成）"
    meeting: dict[str, object] = {"held_at": now, "present": 5, "record": record}
    visit: dict[str, object] = {"visited_at": now, "performance": "kept"}
    steps: tuple[tuple[str, dict[str, object]], ...] = (
        ("accept", {}),
        ("name_mediator", {"mediator": "mediator_county"}),
        ("record_meeting", meeting),
        ("agree_orally", {"content": record}),
        ("record_visit", visit),
        ("record_later_visit", {"visited_at": now, "result": "补缴到账。（合成）"}),
        ("close", {"answer": "社会保险费已补缴。"}),
    )
    for action, form in steps:
        _act(conn, context, county, case_id, action, form)


def _open_cases(conn: Connection, context: SceneContext) -> None:
    """One new at the community, one in mediation at the street, so that every page shows something."""
    village, town = person(context, "dispute_village"), person(context, "dispute_town")
    neighbours = NewDispute(
        field="neighbours",
        source="person",
        account="楼上卫生间渗水，楼下要求修缮。（合成）",
        parties=[NewParty("applicant", "住户甲（合成）", "13900000001"), NewParty("respondent", "住户乙（合成）")],
        people=2,
        amount_fen=300_000,
        reference="demo-open-01",
    )
    service = NewDispute(
        field="property_service",
        source="hotline",
        account="业主对物业费与保洁服务有异议。（合成）",
        parties=[NewParty("applicant", "业主代表（合成）", "13900000002"), NewParty("respondent", "物业公司（合成）")],
        people=18,
        reference="demo-open-02",
    )
    if not _known(conn, neighbours):
        register_in(conn, context, village, neighbours)
    if not _known(conn, service):
        case_id = register_in(conn, context, town, service)
        _act(conn, context, town, case_id, "accept", {})
        _act(conn, context, town, case_id, "name_mediator", {"mediator": "mediator_town"})


def _meetings(context: SceneContext) -> None:
    """A weekly council and a monthly reception day of the community, the last council held with two matters."""
    village = person(context, "dispute_village")
    meetings, today = Meetings(context), _today(context.clock)
    with context.store.read() as conn:
        planned = conn.execute(select(schedule_table.c.id).where(schedule_table.c.unit_id == village.unit_id)).scalars()
        if list(planned):
            return
    begin = today - timedelta(days=7)
    council = Schedule(WEEK, today.isoweekday(), STAYS, begin)
    meetings.add_schedule(
        village, NewSchedule("reception", Schedule(MONTH, 1, MOVES_ON, begin), "09:00", "邻里之家（合成）")
    )
    schedule_id = meetings.add_schedule(village, NewSchedule("council", council, "19:00", "邻里之家（合成）"))
    held = planned_meetings(council, official_calendar(), begin, begin)[0]
    meetings.record(
        village,
        schedule_id,
        held.planned,
        held_day=held.day,
        minutes="议定楼体修缮和环境整治的分工。（合成）",
        attendance={"owners_committee": 3, "property_company": 2, "building_heads": 6, "residents": 14},
        matters=[
            RaisedMatter("楼体墙皮脱落（合成）", "物业本周内围挡并报修。（合成）"),
            RaisedMatter("楼道杂物清理（合成）"),
        ],
    )


def _today(clock: Clock) -> date:
    return clock.now().date()


def _known(conn: Connection, new: NewDispute) -> bool:
    query = select(dispute_table.c.case_id).where(dispute_table.c.reference == new.reference)
    return conn.execute(query).scalar() is not None


def _act(
    conn: Connection, context: SceneContext, who: Principal, case_id: str, action: str, form: dict[str, object]
) -> None:
    version = conn.execute(select(case_table.c.version).where(case_table.c.id == case_id)).scalar_one()
    context.cases.act_in(conn, who, case_id, action, Step(int(version), form=form))

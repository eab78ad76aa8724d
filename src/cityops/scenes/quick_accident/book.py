"""Accidents as those see them who handle them (事故案卷): the list, and each with parties, photos, links."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, func, select

from cityops.access import Permission, Principal, mask_phone, mask_plate
from cityops.cases import CaseDetailView, case_scope, case_table, task_table
from cityops.kit import ForbiddenError, Text, Words, from_ms
from cityops.scenes.quick_accident.pages import answer_due
from cityops.scenes.quick_accident.rows import (
    KIND,
    SCENE,
    accident_row,
    answers_of,
    cleared_ms,
    decided_step,
    decision_row,
    decision_view,
    last_links,
    link_view,
    moment,
    party_rows,
    photos_of,
    rules_of,
    rules_view,
    way_of,
)
from cityops.scenes.quick_accident.rules import UNCHANGED
from cityops.scenes.quick_accident.tables import (
    accident_table,
    answer_table,
    decision_table,
    party_table,
    photo_table,
)
from cityops.scenes.quick_accident.views import AccidentDetail, AccidentList, AccidentParty, AccidentRow
from cityops.scenes.registry import SceneContext

LIST_MAX: Final = 200
OPEN_STATES: Final = (
    "reported",
    "dispatched",
    "accepted",
    "on_scene",
    "collected",
    "offered",
    "certified",
    "contested",
)
"""The liability is not settled yet, and the case is not on the slow way."""
RECORDING: Final = ("reported", "collected", "contested")
"""A plan of liability can be recorded and decided."""


class AccidentBook:
    """Reads accidents for the desk and the officers."""

    def __init__(self, context: SceneContext) -> None:
        self._context = context

    def find(self, principal: Principal, *, ended: bool = False) -> AccidentList:
        """The accidents this person may see, newest first, at most ``LIST_MAX``; ``ended``: those that are over."""
        principal.require(Permission.CASES_READ)
        workflow = self._context.cases.workflow(SCENE, KIND)
        with self._context.store.read() as conn:
            rows = conn.execute(_listed(principal, ended=ended)).mappings().all()
        return AccidentList(
            items=[
                AccidentRow(
                    case_id=row["id"],
                    number=row["number"],
                    title=Words(zh=row["title_zh"], en=row["title_en"]),
                    state=row["state"],
                    state_title=workflow.states[row["state"]].title,
                    reported_at=from_ms(row["reported_ms"]),
                    cleared_at=moment(row["cleared_ms"]),
                    address=row["address"],
                    lon=row["lon"],
                    lat=row["lat"],
                    parties=row["parties"],
                    photos=row["photos"],
                    answered=row["answered"],
                )
                for row in rows
            ]
        )

    def get(self, principal: Principal, case_id: str) -> AccidentDetail:
        """An accident with everything that handling it needs; ``NotFoundError`` outside the person's scope."""
        case = self._context.cases.get(principal, case_id)
        own = own_case(principal, case)
        with self._context.store.read() as conn:
            accident = accident_row(conn, case_id)
            rules = rules_of(accident)
            decision = decision_row(conn, case_id)
            step = None if decision is None else decided_step(conn, case_id, decision["recorded_ms"])
            parties = self._parties(conn, principal, case, None if decision is None else decision["id"])
            due_ms = conn.execute(answer_due(case_id)).scalar()
            cleared = cleared_ms(conn, case_id)
        running = case.state in OPEN_STATES
        return AccidentDetail(
            case_id=case_id,
            number=case.number,
            state=case.state,
            state_title=Words(zh=case.state_title.zh, en=case.state_title.en),
            version=case.version,
            reported_at=from_ms(accident["reported_ms"]),
            cleared_at=moment(cleared),
            source=accident["source"],
            address=accident["address"],
            weather=accident["weather"],
            description=accident["description"],
            exclusions=accident["exclusions"],
            screened_by=accident["screened_by"],
            way=way_of(accident, rules),
            answer_due_at=moment(due_ms),
            may_screen=running and (own or principal.can(Permission.CASES_OPEN)),
            may_decide=self._may_decide(principal, case),
            may_link=running and may_link(principal, case),
            parties=parties,
            decision=None if decision is None else decision_view(decision, step),
            rules=rules_view(rules),
        )

    def _may_decide(self, principal: Principal, case: CaseDetailView) -> bool:
        if case.state == "collected":
            return own_case(principal, case)
        return case.state in RECORDING and principal.can(Permission.CASES_DISPATCH)

    def _parties(
        self, conn: Connection, principal: Principal, case: CaseDetailView, decision_id: str | None
    ) -> list[AccidentParty]:
        """The parties; who does not handle the case sees neither who they are nor what they said."""
        photos, links = photos_of(conn, case.case_id), last_links(conn, case.case_id)
        answers = answers_of(conn, decision_id)
        own, inside = own_case(principal, case), may_link(principal, case)
        now_ms = self._context.clock.now_ms()
        return [
            AccidentParty(
                party_id=row["id"],
                label=row["label"],
                plate=row["plate"] if own or row["plate"] is None else mask_plate(row["plate"], principal),
                name=row["name"] if inside else None,
                phone=mask_phone(row["phone"]),
                licence_no=mask_phone(row["licence_no"]) if inside and row["licence_no"] else None,
                insurer=row["insurer"] if inside else None,
                policy_no=row["policy_no"] if inside else None,
                statement=row["statement"] if inside else None,
                stated_at=moment(row["stated_ms"]),
                moved_at=moment(row["moved_ms"]),
                asked=row["asked"] if inside else None,
                photos=photos.get(row["id"], []) if inside else [],
                link=link_view(links[row["id"]], now_ms) if inside and row["id"] in links else None,
                answer=answers.get(row["id"]) if inside else None,
            )
            for row in party_rows(conn, case.case_id)
        ]


def may_link(principal: Principal, case: CaseDetailView) -> bool:
    """Whether somebody who sees the case may make its links: the desk, the squad, the patrol that was sent."""
    of_crew = principal.crew_id is not None and principal.crew_id == case.crew_id
    return principal.can(Permission.CASES_OPEN) or own_case(principal, case) or of_crew


def require_link(principal: Principal, case: CaseDetailView) -> None:
    """Raise ``ForbiddenError`` unless this person may make the case's links."""
    if not may_link(principal, case):
        raise ForbiddenError(
            "您的岗位不能发送当事人链接",
            "people in your position do not make links for parties",
            code="accident.link_role",
            kept=UNCHANGED,
            todo=Text("请由指挥中心或办案单位发送", "ask the command centre or the squad"),
        )


def own_case(principal: Principal, case: CaseDetailView) -> bool:
    """Whether the person is of the squad that handles the case."""
    handles = principal.can(Permission.UNIT_HANDLE) and principal.role.is_of_unit
    return handles and principal.unit_id is not None and principal.unit_id == case.unit_id


def _listed(principal: Principal, *, ended: bool) -> Any:
    case = case_table.c
    parties = select(func.count()).where(party_table.c.case_id == case.id).scalar_subquery()
    photos = (
        select(func.count())
        .select_from(photo_table.join(party_table))
        .where(party_table.c.case_id == case.id)
        .scalar_subquery()
    )
    answered = (
        select(func.count())
        .select_from(answer_table.join(decision_table))
        .where(decision_table.c.case_id == case.id, decision_table.c.withdrawn.is_(False))
        .scalar_subquery()
    )
    cleared = (
        select(func.min(task_table.c.done_ms))
        .where(task_table.c.case_id == case.id, task_table.c.kind == "clearance", task_table.c.state == "done")
        .scalar_subquery()
    )
    return (
        select(
            case_table,
            accident_table.c.reported_ms,
            accident_table.c.address,
            parties.label("parties"),
            photos.label("photos"),
            answered.label("answered"),
            cleared.label("cleared_ms"),
        )
        .join(accident_table, accident_table.c.case_id == case.id)
        .where(case_scope(principal), case.ended.is_(ended))
        .order_by(case.opened_ms.desc(), case.id.desc())
        .limit(LIST_MAX)
    )

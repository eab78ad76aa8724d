"""Work on many cases at once (批量办理、任务移交), what a form may name, and the notices to a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query

from cityops.access import Permission
from cityops.api import examples, schemas
from cityops.api.declare import spec
from cityops.api.problems import problem_of
from cityops.api.reading import show
from cityops.api.routes_cases import STEPS, CaseId
from cityops.api.security import Person, Services
from cityops.cases import Outcome, Step

router = APIRouter(prefix="/api", tags=["案件 Cases"])

Action = Annotated[str, Path(max_length=64)]
MAX_OFFERED = 100
_HAND_OVER = (Permission.CASES_DISPATCH, Permission.UNIT_HANDLE)


@router.get(
    "/cases/{case_id}/steps/{action}/choices",
    **spec("表单可选项", "What a form may name", *STEPS, answer=examples.CHOICE_LIST, refusals=(404, 409)),
)
def list_choices(
    services: Services,
    person: Person,
    case_id: CaseId,
    action: Action,
    field: Annotated[str, Query(max_length=40, description="表单字段 A field of the form")],
    task_id: Annotated[str | None, Query(max_length=26)] = None,
    q: Annotated[str, Query(max_length=100, description="名称、姓名或编号的一部分 Part of a name or number")] = "",
) -> schemas.ChoiceList:
    """Units that can take a task, people who may take it, or cases to merge into; at most 50, ``q`` finds others."""
    found = services.cases.choices(person, case_id, action, field, task_id=task_id, words=q)
    return show(schemas.ChoiceList, found)


@router.get("/steps", **spec("多案共有的步骤", "Steps that several cases offer", *STEPS, answer=examples.OFFER_LIST))
def list_offers(
    services: Services,
    person: Person,
    case_id: Annotated[list[str], Query(min_length=1, max_length=MAX_OFFERED, description="案件（可多个） Cases")],
) -> schemas.OfferList:
    """For at most 100 cases: the steps this person may take in them, each with the cases that offer it."""
    return schemas.OfferList(items=[show(schemas.Offer, offer) for offer in services.cases.offers(person, case_id)])


@router.post(
    "/steps/{action}",
    **spec("批量办理", "Take a step in many cases", *STEPS, answer=examples.OUTCOME_LIST, body=examples.BULK_STEP),
)
def take_steps(services: Services, person: Person, action: Action, asked: schemas.BulkStep) -> schemas.OutcomeList:
    """At most 500 cases, each guarded by its version and in a transaction of its own: one refused stops no other."""
    steps = {
        one.case_id: Step(version=one.version, task_id=one.task_id, form=asked.form, comment=asked.comment)
        for one in asked.cases
    }
    return _outcomes(services.cases.act_many(person, action, steps))


@router.get(
    "/hand-over", **spec("可移交任务的人员", "People who hold open tasks", *_HAND_OVER, answer=examples.HOLDER_LIST)
)
def list_holders(services: Services, person: Person) -> schemas.HolderList:
    """Of a unit its own people, of a dispatcher everybody; those who are switched off come first."""
    return schemas.HolderList(items=[show(schemas.Holder, holder) for holder in services.cases.holders(person)])


@router.get(
    "/hand-over/{account_id}",
    **spec("可接手的同事", "Who may take these tasks over", *_HAND_OVER, answer=examples.CHOICE_LIST, refusals=(404,)),
)
def list_colleagues(
    services: Services, person: Person, account_id: Annotated[str, Path(max_length=26)]
) -> schemas.ChoiceList:
    """Active people of the same role and unit."""
    return show(schemas.ChoiceList, services.cases.colleagues(person, account_id))


@router.post(
    "/hand-over",
    **spec("移交任务", "Hand open tasks over", *_HAND_OVER, answer=examples.OUTCOME_LIST, body=examples.HAND_OVER),
)
def hand_over(services: Services, person: Person, asked: schemas.HandOver) -> schemas.OutcomeList:
    """All open tasks of one person go to a colleague: audited, on every timeline, both are told. Can be repeated."""
    return _outcomes(services.cases.hand_over(person, asked.from_id, asked.to_id, asked.reason))


@router.get("/notices", **spec("我的通知", "Notices to me", Permission.CASES_READ, answer=examples.NOTICE_LIST))
def list_notices(
    services: Services,
    person: Person,
    unread: Annotated[bool, Query(description="只看未读 Unread only")] = False,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> schemas.NoticeList:
    """Notices to this person, unit, crew or desk, newest first: new tasks, warnings, escalations."""
    found = services.cases.notices(person, unread_only=unread, limit=limit)
    return schemas.NoticeList(items=[show(schemas.Notice, notice) for notice in found])


def _outcomes(outcomes: Sequence[Outcome]) -> schemas.OutcomeList:
    return schemas.OutcomeList(
        items=[
            schemas.Outcome(
                case_id=one.case_id, done=one.done, problem=None if one.error is None else problem_of(one.error)
            )
            for one in outcomes
        ]
    )

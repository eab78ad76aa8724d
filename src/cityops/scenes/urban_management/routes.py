"""Routes of urban management: planned works (计划作业)."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path
from pydantic import Field

from cityops.access import Permission
from cityops.api import Bilingual, Latitude, Longitude, Model, Moment, Person, spec
from cityops.scenes.urban_management.plan import Item, Plan, PlannedWork
from cityops.scenes.urban_management.works import PlannedWorks
from cityops.scenes.web import Scenes

router = APIRouter(prefix="/api/scenes/urban_management", tags=["城市管理 Urban management"])

CaseId = Annotated[str, Path(max_length=26)]
Hours = Annotated[str, Field(min_length=5, max_length=5, examples=["22:00"])]
Point = tuple[Longitude, Latitude]


class WorkItem(Model):
    """What is to be done, and how much of it."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    unit: Annotated[str, Field(max_length=10)]
    total: Annotated[int, Field(ge=1, le=1_000_000)]


class WorkPlan(Model):
    """Where, which nights, which hours, how much of the road."""

    start: Point
    end: Point
    first_night: date
    last_night: date
    night_begins: Hours
    night_ends: Hours
    half: bool
    items: Annotated[list[WorkItem], Field(min_length=1, max_length=10)]

    def plan(self) -> Plan:
        """As the scene's plan."""
        return Plan(
            self.start,
            self.end,
            self.first_night,
            self.last_night,
            self.night_begins,
            self.night_ends,
            self.half,
            tuple(Item(one.name, one.unit, one.total) for one in self.items),
        )


class NewWork(WorkPlan):
    """A plan with its title."""

    title: Annotated[str, Field(min_length=1, max_length=100)]


class NewNight(Model):
    """What was done in a night, by the names of the plan's items."""

    night: date
    done: Annotated[dict[str, int], Field(min_length=1, max_length=10)]
    notes: Annotated[str, Field(max_length=500)] = ""


class WorkProgress(WorkItem):
    """An item with what is done of it so far, recomputed from the nights."""

    done: int


class WorkNight(NewNight):
    """A night as recorded; ``corrected``: how often it was changed."""

    actor_name: str
    at: Moment
    corrected: int


class Work(Model):
    """A planned work."""

    case_id: str
    number: str
    title: str
    state: str
    state_title: Bilingual
    unit_name: str | None
    road_name: str
    length_m: float
    line: list[Point]
    plan: WorkPlan
    items: list[WorkProgress]
    nights: list[WorkNight]


class WorkList(Model):
    """The newest 200, newest first."""

    items: list[Work]


_PLAN: Final[dict[str, Any]] = {
    "start": [112.43, 37.72],
    "end": [112.45, 37.73],
    "first_night": "2026-11-23",
    "last_night": "2026-11-26",
    "night_begins": "22:00",
    "night_ends": "05:00",
    "half": True,
    "items": [{"name": "LED 灯具", "unit": "套", "total": 1126}],
}
_NEW: Final = {**_PLAN, "title": "晋阳大道晋祠下穿通道照明灯具更换"}
_NIGHT: Final = {"night": "2026-11-23", "done": {"LED 灯具": 300}, "notes": ""}
_WORK: Final[dict[str, Any]] = {
    "case_id": "01JV0CASE00000000000000001",
    "number": "PW-20261122-0001",
    "title": "晋阳大道晋祠下穿通道照明灯具更换",
    "state": "working",
    "state_title": {"zh": "施工中", "en": "Going on"},
    "unit_name": "照明管理处",
    "road_name": "晋阳大道",
    "length_m": 1240.0,
    "line": [[112.43, 37.72], [112.45, 37.73]],
    "plan": _PLAN,
    "items": [{"name": "LED 灯具", "unit": "套", "total": 1126, "done": 300}],
    "nights": [{**_NIGHT, "actor_name": "照明管理处负责人", "at": "2026-11-24T05:10:00+08:00", "corrected": 0}],
}


@router.get("/works", **spec("计划作业列表", "Planned works", Permission.CASES_READ, answer={"items": [_WORK]}))
def list_works(scenes: Scenes, person: Person) -> WorkList:
    """Works this person may see, with their roads and progress."""
    return WorkList(items=[_shown(one) for one in PlannedWorks(scenes).list(person)])


@router.post(
    "/works",
    **spec("拟定计划作业", "Draft a planned work", Permission.UNIT_HANDLE, answer=_WORK, body=_NEW, status=201),
)
def draft_work(scenes: Scenes, person: Person, new: NewWork) -> Work:
    """A draft of the person's own unit; the traffic police are asked by the case's step."""
    return _shown(PlannedWorks(scenes).draft(person, new.title, new.plan()))


@router.get(
    "/works/{case_id}",
    **spec("计划作业", "One planned work", Permission.CASES_READ, answer=_WORK, refusals=(404,)),
)
def get_work(scenes: Scenes, person: Person, case_id: CaseId) -> Work:
    """The work with its nights."""
    return _shown(PlannedWorks(scenes).get(person, case_id))


@router.put(
    "/works/{case_id}/plan",
    **spec("修改方案", "Change the plan", Permission.UNIT_HANDLE, answer=_WORK, body=_PLAN, refusals=(404, 409)),
)
def revise_work(scenes: Scenes, person: Person, case_id: CaseId, plan: WorkPlan) -> Work:
    """Possible while it is a draft; afterwards it has to be sent back or withdrawn first."""
    return _shown(PlannedWorks(scenes).revise(person, case_id, plan.plan()))


@router.post(
    "/works/{case_id}/nights",
    **spec("记录一夜", "Record a night", Permission.UNIT_HANDLE, answer=_WORK, body=_NIGHT, refusals=(404, 409)),
)
def record_night(scenes: Scenes, person: Person, case_id: CaseId, night: NewNight) -> Work:
    """What was done in a night; the same night again corrects it. Never more in all than was planned."""
    return _shown(PlannedWorks(scenes).record_night(person, case_id, night.night, night.done, night.notes))


def _shown(work: PlannedWork) -> Work:
    plan, case = work.plan, work.case
    return Work(
        case_id=case.case_id,
        number=case.number,
        title=case.title.zh,
        state=case.state,
        state_title=Bilingual.model_validate(case.state_title),
        unit_name=case.unit_name,
        road_name=work.road_name,
        length_m=work.length_m,
        line=list(work.line),
        plan=WorkPlan.model_validate({**_plain(plan), "items": [WorkItem.model_validate(one) for one in plan.items]}),
        items=[WorkProgress.model_validate(one) for one in work.items],
        nights=[WorkNight.model_validate(one) for one in work.nights],
    )


def _plain(plan: Plan) -> dict[str, Any]:
    names = ("start", "end", "first_night", "last_night", "night_begins", "night_ends", "half")
    return {name: getattr(plan, name) for name in names}

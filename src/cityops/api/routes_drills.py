"""Drills with timings (演练): planned, pressed step by step by people, shown against targets and the drill before."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path

from cityops.access import Permission
from cityops.api.context import ApiContext
from cityops.api.declare import spec
from cityops.api.examples import drills as examples
from cityops.api.reading import Code, PageNumber, PageSize, show
from cityops.api.schemas import Bilingual, Page
from cityops.api.schemas import drills as schemas
from cityops.api.security import Person, Services
from cityops.kit import to_ms
from cityops.plans import DrillView, NewDrill, NewPress

router = APIRouter(prefix="/api/drills", tags=["演练 Drills"])

DrillId = Annotated[str, Path(max_length=26, description="演练 The drill")]
PressId = Annotated[str, Path(max_length=26, description="环节记录 The press")]


@router.get("/kinds", **spec("演练种类", "Kinds of drill", Permission.INSPECTIONS_READ, answer=examples.KINDS))
def list_drill_kinds(services: Services, person: Person) -> schemas.DrillKindList:
    """The kinds of drill at places whose register this person reads."""
    return schemas.DrillKindList(
        items=[
            schemas.DrillKind(
                scene=scene,
                kind=kind.name,
                title=Bilingual.model_validate(kind.title),
                register_name=kind.register_name,
                scenario=Bilingual.model_validate(kind.scenario),
                basis=kind.basis,
            )
            for scene, kind in services.drills.kinds(person)
        ]
    )


@router.get("", **spec("演练列表", "List drills", Permission.INSPECTIONS_READ, answer=examples.DRILLS))
def list_drills(
    services: Services,
    person: Person,
    scene: Code = None,
    state: schemas.DrillStateName | None = None,
    object_id: Code = None,
    page: PageNumber = 1,
    page_size: PageSize = 50,
) -> schemas.DrillList:
    """Drills at places that this person's unit answers for or supervises, the latest first."""
    found = services.drills.list(person, scene=scene, state=state, object_id=object_id, page=page, page_size=page_size)
    return schemas.DrillList(
        items=[show(schemas.DrillRow, row) for row in found.items],
        page=Page(total=found.total, page=found.page, page_size=found.page_size),
    )


@router.post(
    "",
    **spec(
        "安排演练",
        "Plan a drill",
        Permission.INSPECTIONS_RECORD,
        answer=examples.DRILL,
        body=examples.NEW_DRILL,
        status=201,
        refusals=(404,),
    ),
)
def plan_drill(services: Services, person: Person, given: schemas.NewDrill) -> schemas.Drill:
    """Its targets stay what they are now. The same ``client_id`` from the same person is the same drill. Audited."""
    new = NewDrill(
        scene=given.scene,
        kind=given.kind,
        object_id=given.object_id,
        planned_ms=to_ms(given.planned_at),
        people_expected=given.people_expected,
        client_id=given.client_id,
        scenario=given.scenario,
    )
    return _answer(services, services.drills.plan(person, new))


@router.get(
    "/{drill_id}",
    **spec("一次演练", "One drill", Permission.INSPECTIONS_READ, answer=examples.DRILL, refusals=(404,)),
)
def get_drill(services: Services, person: Person, drill_id: DrillId) -> schemas.Drill:
    """Every step against its target and the last drill of this kind at this place, and all that was pressed."""
    return _answer(services, services.drills.get(person, drill_id))


@router.post(
    "/{drill_id}/presses",
    **spec(
        "按下环节",
        "Press a step",
        Permission.INSPECTIONS_RECORD,
        answer=examples.DRILL,
        body=examples.NEW_PRESS,
        refusals=(404, 409),
    ),
)
def press_step(services: Services, person: Person, drill_id: DrillId, given: schemas.NewDrillPress) -> schemas.Drill:
    """``start`` begins, ``finish`` ends with the findings in ``words``; taken once, however often it is sent."""
    return _answer(services, services.drills.press(person, drill_id, NewPress(**given.model_dump())))


@router.post(
    "/{drill_id}/presses/{press_id}/withdrawal",
    **spec(
        "撤回环节",
        "Withdraw a step",
        Permission.INSPECTIONS_RECORD,
        answer=examples.DRILL,
        body=examples.REASON,
        refusals=(404, 409),
    ),
)
def withdraw_step(
    services: Services, person: Person, drill_id: DrillId, press_id: PressId, given: schemas.DrillReason
) -> schemas.Drill:
    """What was pressed by mistake stays on the record with the reason, and can be pressed again. Audited."""
    return _answer(services, services.drills.withdraw(person, drill_id, press_id, given.reason))


@router.post(
    "/{drill_id}/abort",
    **spec(
        "中止演练",
        "Break off a drill",
        Permission.INSPECTIONS_RECORD,
        answer=examples.DRILL,
        body=examples.REASON,
        refusals=(404, 409),
    ),
)
def abort_drill(services: Services, person: Person, drill_id: DrillId, given: schemas.DrillReason) -> schemas.Drill:
    """A running or planned drill ends here, with the reason; it counts for no plan. Audited."""
    return _answer(services, services.drills.abort(person, drill_id, given.reason))


def _answer(services: ApiContext, drill: DrillView) -> schemas.Drill:
    return show(schemas.Drill, {**asdict(drill), "now": services.clock.now()})

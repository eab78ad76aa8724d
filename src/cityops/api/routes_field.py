"""Work in the street (外业): the catalogue for a phone, answers to tasks, patrols and their coverage."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import AwareDatetime

from cityops.access import Permission
from cityops.api import examples, schemas
from cityops.api.declare import spec
from cityops.api.security import OwnParts, Person, Services
from cityops.cases.fieldwork import NewAnswer
from cityops.dispatch import Coverage, PatrolPoint, PatrolShift
from cityops.kit import from_ms, to_ms

router = APIRouter(prefix="/api", tags=["外业 Field"])

_ClientId = Annotated[str, Path(pattern="^[A-Za-z0-9_-]{8,64}$")]


@router.get(
    "/field/catalogue",
    response_model=schemas.FieldCatalogue,
    **spec("离线目录", "The catalogue for a phone", Permission.CASES_REPORT, answer=examples.FIELD_CATALOGUE),
)
def field_catalogue(request: Request, parts: OwnParts) -> Response:
    """Every entry in force with its pinyin. Send ``If-None-Match``: 304 while nothing has changed."""
    found = parts.catalogue.encoded()
    headers = {"ETag": found.etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == found.etag:
        return Response(status_code=304, headers=headers)
    return Response(found.content, media_type="application/json", headers=headers)


@router.post(
    "/tasks/{task_id}/answers",
    **spec(
        "外业答复任务",
        "Answer a task from the field",
        Permission.CASES_HANDLE,
        Permission.UNIT_HANDLE,
        Permission.RECTIFICATION_SUBMIT,
        answer=examples.TASK_ANSWERED,
        body=examples.NEW_TASK_ANSWER,
        refusals=(404, 409),
    ),
)
def answer_task(
    services: Services,
    parts: OwnParts,
    person: Person,
    task_id: Annotated[str, Path(max_length=26)],
    new: schemas.NewTaskAnswer,
) -> schemas.TaskAnswered:
    """A step on an own task, with its evidence, that may come late and more than once: it is taken once.

    Whether the step is still possible is decided now; the case's version is not asked for.
    """
    answer = NewAnswer(
        client_id=new.client_id,
        action=new.action,
        answered_ms=to_ms(new.answered_at),
        form=new.form,
        comment=new.comment,
        evidence_ids=new.evidence_ids,
    )
    done = parts.answers.answer(person, task_id, answer)
    return schemas.TaskAnswered.model_validate(done)


@router.put(
    "/patrol/shifts/{client_id}",
    **spec(
        "登记上岗",
        "Report a time on duty",
        Permission.PATROL_REPORT,
        answer=examples.PATROL_SHIFT,
        body=examples.NEW_PATROL_SHIFT,
        refusals=(404, 409),
    ),
)
def report_patrol_shift(
    services: Services, person: Person, client_id: _ClientId, shift: schemas.NewPatrolShift
) -> schemas.PatrolShift:
    """Own times only, at most 12 hours, at most 7 days late. Sent again with ``ended_at`` it ends."""
    ended_ms = None if shift.ended_at is None else to_ms(shift.ended_at)
    return _shift(services.dispatch.patrol.report_shift(person, client_id, to_ms(shift.started_at), ended_ms))


@router.post(
    "/patrol/shifts/{client_id}/points",
    **spec(
        "上报巡查轨迹",
        "Send positions of a patrol",
        Permission.PATROL_REPORT,
        answer=examples.PATROL_KEPT,
        body=examples.PATROL_POINTS,
        refusals=(404,),
    ),
)
def add_patrol_points(
    services: Services, person: Person, client_id: _ClientId, batch: schemas.PatrolPoints
) -> schemas.PatrolKept:
    """Positions outside the time on duty are refused and counted; one that is known is not kept twice."""
    points = [PatrolPoint(to_ms(one.at), one.lon, one.lat, one.accuracy_m) for one in batch.points]
    return schemas.PatrolKept.model_validate(services.dispatch.patrol.add_points(person, client_id, points))


@router.get(
    "/patrol/coverage",
    **spec("巡查覆盖", "Which grids were walked", Permission.PATROL_READ, answer=examples.PATROL_COVERAGE),
)
def patrol_coverage(
    services: Services,
    person: Person,
    from_at: Annotated[AwareDatetime, Query(alias="from", description="自（含），带时区 From, with a zone")],
    to_at: Annotated[AwareDatetime, Query(alias="to", description="至（不含），带时区 To, exclusive, with a zone")],
) -> schemas.PatrolCoverage:
    """Grids and hours, never persons; nothing of the hour that is running. At most 31 days. The reading is audited."""
    return _coverage(services.dispatch.patrol.coverage(person, to_ms(from_at), to_ms(to_at)))


def _shift(shift: PatrolShift) -> schemas.PatrolShift:
    return schemas.PatrolShift(
        client_id=shift.client_id,
        started_at=from_ms(shift.started_ms),
        ended_at=None if shift.ended_ms is None else from_ms(shift.ended_ms),
        points=shift.points,
    )


def _coverage(found: Coverage) -> schemas.PatrolCoverage:
    return schemas.PatrolCoverage(
        from_at=from_ms(found.from_ms),
        to_at=from_ms(found.to_ms),
        streets=[schemas.StreetCoverage.model_validate(street) for street in found.streets],
        walked=[
            schemas.GridWalked(grid_code=grid.grid_code, hours=grid.hours, last_hour_at=from_ms(grid.last_hour_ms))
            for grid in found.walked
        ],
    )

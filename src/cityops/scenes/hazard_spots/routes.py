"""Routes of the spots: ranking, one spot's figures, deployment, proposals. The ledger itself is two registers."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import Response

from cityops.access import Permission, Principal
from cityops.api import XLSX, Person, sheet_response, spec
from cityops.kit import ForbiddenError, NotFoundError
from cityops.registers import RegisterObject, may_read
from cityops.scenes.hazard_spots import answers, examples, schemas
from cityops.scenes.hazard_spots.decisions import Decision, decide, require_decider
from cityops.scenes.hazard_spots.deployment import SPOTS_MAX, WINDOWS_MAX, Axis, Days, deployment
from cityops.scenes.hazard_spots.events import Counting
from cityops.scenes.hazard_spots.ledger import SPOT
from cityops.scenes.hazard_spots.proposals import proposals
from cityops.scenes.hazard_spots.ranking import ranking
from cityops.scenes.hazard_spots.sheet import write_deployment
from cityops.scenes.registry import SceneContext
from cityops.scenes.web import Scenes

router = APIRouter(prefix="/api/scenes/hazard_spots", tags=["堵点乱点隐患点 Spots"])

_READ = Permission.REGISTERS_READ


async def _reader(scenes: Scenes, person: Person) -> Principal:
    """Who reads the ledger; counts of the whole city are for nobody else."""
    if not may_read(person, scenes.registers.spec(SPOT)):
        raise ForbiddenError("您的角色不能查看点位", "your role does not read the spots", code="access.forbidden")
    return person


async def _decider(scenes: Scenes, person: Person) -> Principal:
    """Who writes the ledger; asked before the body is read."""
    require_decider(scenes, person)
    return person


Reader = Annotated[Principal, Depends(_reader)]
Decider = Annotated[Principal, Depends(_decider)]


class Asked(NamedTuple):
    """What a deployment is asked for."""

    spots: list[str]
    by: Axis
    days: Days
    windows: int


async def _asked(
    spot: Annotated[list[str] | None, Query(max_length=SPOTS_MAX, description="点位，空为全市 None: the city")] = None,
    by: Annotated[Axis, Query(description="按车辆类别或检测器 By class of vehicle or by detector")] = "vehicle_class",
    days: Annotated[Days, Query(description="全部、工作日、周末 All days, Monday to Friday, weekends")] = "all",
    windows: Annotated[int, Query(ge=1, le=WINDOWS_MAX, description="时段数 How many windows of two hours")] = 3,
) -> Asked:
    return Asked(spot or [], by, days, windows)


Wanted = Annotated[Asked, Depends(_asked)]


@router.get("/ranking", **spec("点位排名", "Ranking of spots", _READ, answer=examples.RANKING))
def get_ranking(scenes: Scenes, person: Reader) -> schemas.SpotRanking:
    """The spots this person may see, by what happened there in the last 30 days."""
    counting = Counting(scenes)
    return answers.ranking_answer(scenes, counting, ranking(scenes, person, counting))


@router.get(
    "/spots/{spot_id}", **spec("点位数据", "Figures of a spot", _READ, answer=examples.FIGURES, refusals=(404,))
)
def get_spot(
    scenes: Scenes, person: Reader, spot_id: Annotated[str, Path(max_length=26, description="点位 The spot")]
) -> schemas.SpotFigures:
    """Counts by day, before and after the treatment, measures."""
    return answers.figures_answer(scenes, person, Counting(scenes), _spot(scenes, person, spot_id))


@router.get(
    "/deployment",
    **spec("分时分群布防", "Deployment by hour and group", _READ, answer=examples.DEPLOYMENT, refusals=(404,)),
)
def get_deployment(scenes: Scenes, person: Reader, asked: Wanted) -> schemas.SpotDeployment:
    """Violations of 90 days by hour and group, and the windows that cover most of them; a person makes the plan."""
    return _deployment(scenes, person, asked)


@router.get(
    "/deployment.xlsx",
    response_class=Response,
    **spec("导出布防表", "Export the deployment", _READ, answer="(xlsx)", media_type=XLSX, refusals=(404,)),
)
def export_deployment(scenes: Scenes, person: Reader, asked: Wanted) -> Response:
    """The windows with hours, spots and groups, then the table by hour: what is printed and taken along."""
    return sheet_response(write_deployment(_deployment(scenes, person, asked), asked.days), "deployment.xlsx")


@router.get("/proposals", **spec("提议的点位", "Proposed spots", _READ, answer=examples.PROPOSALS))
def get_proposals(scenes: Scenes, person: Reader) -> schemas.ProposedSpots:
    """Where events lie together outside every spot; people of a district see those in their areas."""
    counting = Counting(scenes)
    return answers.proposals_answer(scenes, person, counting, proposals(scenes, counting))


@router.post(
    "/decisions",
    **spec("认定提议", "Decide a proposal", _READ, answer=examples.DECIDED, body=examples.DECISION, refusals=(409,)),
)
def post_decision(scenes: Scenes, person: Decider, decision: schemas.SpotDecision) -> schemas.SpotDecided:
    """Confirm it as a spot, or dismiss it with a reason; a place that is decided twice is one spot."""
    made = decide(scenes, person, Counting(scenes), Decision(**decision.model_dump()))
    return schemas.SpotDecided(spot_id=made.spot.id, code=made.spot.code, state=made.spot.state, created=made.created)


def _deployment(scenes: SceneContext, person: Principal, asked: Asked) -> schemas.SpotDeployment:
    spots = [_spot(scenes, person, spot_id) for spot_id in dict.fromkeys(asked.spots)]
    counting = Counting(scenes)
    with scenes.store.read() as conn:
        found = deployment(
            conn,
            counting,
            scenes.clock.now_ms(),
            spots=spots,
            axis=asked.by,
            days=asked.days,
            windows=asked.windows,
        )
    return answers.deployment_answer(scenes, counting, spots, asked.by, found)


def _spot(scenes: SceneContext, person: Principal, spot_id: str) -> RegisterObject:
    found = scenes.registers.get(person, spot_id)
    if found.register != SPOT:
        raise NotFoundError("没有这个点位", "there is no such spot", code="register.missing")
    return found

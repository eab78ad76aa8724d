"""Routes of road-digging enforcement: map of permits, judgement, findings, facts of a case, earlier files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from cityops.access import Permission
from cityops.api import XLSX, Bilingual, Latitude, Longitude, OwnParts, Person, sheet_response, show, spec
from cityops.registers import RegisterObject
from cityops.scenes.road_excavation import schemas
from cityops.scenes.road_excavation.discretion import read_tables
from cityops.scenes.road_excavation.earlier_files import EarlierFiles
from cityops.scenes.road_excavation.findings import NewFinding, all_permits, facts_of, report
from cityops.scenes.road_excavation.permits import covers, judge
from cityops.scenes.road_excavation.rule import Discretion, ExcavationRule
from cityops.scenes.road_excavation.sheet import write_files
from cityops.scenes.web import Scenes

router = APIRouter(prefix="/api/scenes/road_excavation", tags=["违章掘路 Road digging"])

GEOJSON: Final = "application/geo+json"
Day = Annotated[date | None, Query(description="日期，默认今天 The day, today by default")]
ValidOnly = Annotated[bool, Query(description="只导入有效的行 Leave out rows with errors")]


@router.get(
    "/permits.geojson",
    **spec("掘路许可图层", "Permits as a map layer", Permission.MAP_READ, answer=schemas.LAYER, media_type=GEOJSON),
    response_class=Response,
)
def permit_layer(scenes: Scenes, person: Person, on: Day = None) -> Response:
    """Areas and lines with number, holder, validity, and whether the permit covers anything on that day."""
    day = on or scenes.clock.now().date()
    features = [_feature(permit, day) for permit in all_permits(scenes)]
    return Response(msgspec.json.encode({"type": "FeatureCollection", "features": features}), media_type=GEOJSON)


@router.get(
    "/judgement", **spec("核对是否合法掘路", "Is digging here permitted", Permission.MAP_READ, answer=schemas.JUDGEMENT)
)
def judge_place(
    scenes: Scenes,
    person: Person,
    lon: Annotated[Longitude, Query()],
    lat: Annotated[Latitude, Query()],
    on: Day = None,
) -> schemas.Judgement:
    """Permitted, no permit, outside validity, outside the permitted area; with the permit and the reason."""
    return show(schemas.Judgement, judge(lon, lat, on or scenes.clock.now().date(), all_permits(scenes)))


@router.post(
    "/findings",
    **spec(
        "上报掘路",
        "Report digging",
        Permission.CASES_REPORT,
        answer={"case_id": "01KATMZ4V2QJ8N5R7WXYB3CDEF", "number": "RX-20261122-0001"},
        body=schemas.NEW_FINDING,
        status=201,
    ),
)
def report_finding(scenes: Scenes, person: Person, new: schemas.NewFinding) -> schemas.Reported:
    """Opens a case at “found”."""
    case = report(scenes, person, NewFinding(new.lon, new.lat, new.address, new.description))
    return schemas.Reported(case_id=case.case_id, number=case.number)


@router.get(
    "/cases/{case_id}",
    **spec(
        "掘路案件要素", "What the scene knows of a case", Permission.CASES_READ, answer=schemas.FACTS, refusals=(404,)
    ),
)
def get_facts(scenes: Scenes, person: Person, case_id: Annotated[str, Path(max_length=26)]) -> schemas.CaseFacts:
    """Doubts, the permits at its place, the offender's other cases, the range of the fine."""
    found = facts_of(scenes, ExcavationRule(read_tables()), person, case_id)
    weighing = None if found.discretion is None else _weighing(found.discretion)
    same = ("flags", "judgement", "party", "party_code", "earlier")
    return schemas.CaseFacts.model_validate({**{name: getattr(found, name) for name in same}, "discretion": weighing})


@router.get(
    "/files/template.xlsx",
    response_class=Response,
    **spec("历史案卷导入模板", "Template for earlier files", Permission.CASES_OPEN, answer="(xlsx)", media_type=XLSX),
)
def files_template(person: Person) -> Response:
    """The headings of the sheet."""
    return sheet_response(write_files([]), "excavation-files.xlsx")


@router.post(
    "/files/import",
    **spec(
        "导入历史案卷",
        "Import earlier files",
        Permission.CASES_OPEN,
        answer=schemas.TAKEN,
        upload=True,
        refusals=(408, 413),
    ),
)
async def import_files(
    request: Request,
    scenes: Scenes,
    parts: OwnParts,
    person: Person,
    valid_only: ValidOnly = False,
    expected_yuan: Annotated[float | None, Query(ge=0, description="罚款合计应为 Sum of the fines")] = None,
    expected_rows: Annotated[int | None, Query(ge=0, description="行数应为 Number of rows")] = None,
) -> schemas.FilesTaken:
    """The body is the xlsx. A row with errors stops the import unless left out; dates that contradict are flagged."""

    def work(pieces: Iterator[bytes]) -> schemas.FilesTaken:
        taken = EarlierFiles(scenes).take(
            person,
            b"".join(pieces),
            valid_only=valid_only,
            expected_yuan=expected_yuan,
            expected_rows=expected_rows,
        )
        return show(schemas.FilesTaken, taken)

    return await parts.uploads.take(request, work)


def _feature(permit: RegisterObject, day: date) -> Mapping[str, Any]:
    data = permit.data
    properties = {"permit_id": permit.id, "number": permit.code, "place": permit.title, "current": covers(permit, day)}
    same = {name: data[name] for name in ("holder", "valid_from", "valid_to", "depth_m")}
    return {"type": "Feature", "geometry": permit.geometry, "properties": {**properties, **same}}


def _weighing(found: Discretion) -> schemas.Weighing:
    table = found.table
    return schemas.Weighing(
        notice=Bilingual(zh=table.notice.zh, en=table.notice.en),
        article=table.statutory.article,
        to_be_checked=table.statutory.check,
        suggested=found.suggested,
        counting=len(found.earlier),
        grades=[
            schemas.GradeRange(
                name=name,
                title=Bilingual(zh=grade.zh, en=grade.en),
                min_yuan=grade.min_yuan,
                max_yuan=grade.max_yuan,
            )
            for name, grade in table.grades.items()
        ],
    )

"""Routes of the scenes and their overlays: what may be changed, tried, published, compared, rolled back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from cityops.access import Permission, Principal, mask_plate
from cityops.api import (
    XLSX,
    Bilingual,
    ImportRowError,
    OwnParts,
    Person,
    RuleChanges,
    RuleVersionRow,
    Services,
    changes_answer,
    sheet_of,
    sheet_response,
    show,
    spec,
    version_row,
)
from cityops.cases.catalogue import read_rows
from cityops.kit import from_ms
from cityops.scenes.overlay import answers, examples
from cityops.scenes.overlay.desk import OverlayDesk
from cityops.scenes.overlay.installed import scene_rows
from cityops.scenes.overlay.merging import RowFault
from cityops.scenes.overlay.results import DetectorTrial
from cityops.scenes.overlay.rule_tables import may_be_tried, not_tried
from cityops.scenes.overlay.trials import Trial
from cityops.scenes.registry import SceneContext
from cityops.scenes.web import Scenes

router = APIRouter(prefix="/api", tags=["规则 Rules"])
_READ, _PUBLISH = Permission.RULES_READ, Permission.RULES_PUBLISH
OVERLAY: Final = "/scenes/{scene}/overlay"
SceneName = Annotated[str, Path(max_length=40, description="场景 The scene")]
TableName = Annotated[str, Path(max_length=64, description="规则表 The rule table")]
TrialId = Annotated[str, Path(max_length=26, description="试算编号 The trial")]
_Version = Annotated[int | None, Query(ge=0, le=1_000_000, description="版本，缺省为现行 The version; else in force")]
_Number = Annotated[int, Query(ge=0, le=1_000_000, description="版本，0 为内置 A version; 0: built in")]


@router.get("/scenes", **spec("场景", "Scenes", _READ, answer=examples.SCENES))
def list_scenes(scenes: Scenes, person: Person) -> answers.SceneList:
    """Every installed scene, also those that are switched off, with the overlay in force."""
    return answers.SceneList(items=scene_rows(scenes))


@router.get(OVERLAY, **spec("场景配置", "A scene's overlay", _READ, answer=examples.OVERLAY, refusals=(404,)))
def read_overlay(scenes: Scenes, person: Person, scene: SceneName) -> answers.OverlayAnswer:
    """Everything a city may change of a scene, as built in and as in force."""
    now, declared = scenes.overlays.in_force(scene), scenes.overlays.declared[scene]
    published = None
    if now.version:
        published = version_row(scenes.rules.at(_desk(scenes, scene).table, now.version)[0])
    return answers.OverlayAnswer(
        scene=scene,
        title=_words(declared.spec.title.text),
        owner=_words(declared.spec.owner.text),
        version=now.version,
        published=published,
        leaves=[
            answers.LeafRow(
                path=leaf.path,
                kind=leaf.kind,
                about=_words(leaf.about),
                built_in=leaf.value,
                value=now.rows.get(leaf.path, leaf.value),
                options=list(leaf.options),
                number=leaf.number,
                optional=leaf.optional,
            )
            for leaf in declared.leaves.values()
        ],
        left_out=_faults(now.left_out),
    )


@router.post(
    f"{OVERLAY}/check",
    **spec("检查配置", "Check values", _PUBLISH, answer=examples.CHECK, body=examples.VALUES, refusals=(404,)),
)
def check_values(scenes: Scenes, person: Person, scene: SceneName, body: answers.ValuesBody) -> answers.OverlayCheck:
    """What is wrong, and what would change. Nothing is stored."""
    found = _desk(scenes, scene).check(body.values)
    return answers.OverlayCheck(
        valid=not found.faults, faults=_faults(found.faults), changes=changes_answer(found.changes)
    )


@router.get(
    f"{OVERLAY}/sheet.xlsx",
    response_class=Response,
    **spec("导出配置", "Export the values", _READ, answer="(xlsx)", media_type=XLSX, refusals=(404,)),
)
def export_values(scenes: Scenes, person: Person, scene: SceneName, version: _Version = None) -> Response:
    """Everything that may be changed, with the values of a version beside the built-in ones."""
    return sheet_response(_desk(scenes, scene).sheet(version), f"{scene}.xlsx")


@router.post(
    f"{OVERLAY}/sheet",
    **spec("读取配置表", "Read a sheet", _PUBLISH, answer=examples.SHEET_VALUES, upload=True, refusals=(404, 408, 413)),
)
async def read_sheet(
    request: Request, scenes: Scenes, parts: OwnParts, person: Person, scene: SceneName
) -> answers.SheetValues:
    """The body is the xlsx: its values and what is wrong row by row. Nothing is stored."""

    def work(pieces: Iterator[bytes]) -> answers.SheetValues:
        values, errors = _desk(scenes, scene).read_sheet(b"".join(pieces))
        return answers.SheetValues(values=dict(values), errors=[show(ImportRowError, error) for error in errors])

    return await parts.uploads.take(request, work)


@router.post(
    f"{OVERLAY}/trials",
    **spec(
        "试算", "Try values", _PUBLISH, answer=examples.TRIAL, body=examples.TRIAL_BODY, status=201, refusals=(404,)
    ),
)
def ask_trial(scenes: Scenes, person: Person, scene: SceneName, body: answers.TrialBody) -> answers.TrialAnswer:
    """A job against the last 90 days; exactly these values on this version that were tried already give that trial."""
    return _trial(person, _desk(scenes, scene).ask_trial(person, body.values, body.expected_version))


@router.get(f"{OVERLAY}/trials", **spec("试算记录", "Trials", _READ, answer=examples.TRIALS, refusals=(404,)))
def list_trials(scenes: Scenes, person: Person, scene: SceneName) -> answers.TrialList:
    """The newest 50."""
    return answers.TrialList(
        items=[_trial(person, one) for one in scenes.trials.list(person, _desk(scenes, scene).table)]
    )


@router.get("/trials/{trial_id}", **spec("试算进度与结果", "A trial", _READ, answer=examples.TRIAL, refusals=(404,)))
def read_trial(scenes: Scenes, person: Person, trial_id: TrialId) -> answers.TrialAnswer:
    """How far it is, and what it found."""
    return _trial(person, scenes.trials.get(person, trial_id))


@router.delete(
    "/trials/{trial_id}",
    **spec("取消试算", "Cancel a trial", _PUBLISH, answer=examples.TRIAL, refusals=(404, 409)),
)
def cancel_trial(scenes: Scenes, person: Person, trial_id: TrialId) -> answers.TrialAnswer:
    """One that waits or runs."""
    return _trial(person, scenes.trials.cancel(person, trial_id))


@router.post(
    "/trials/{table}",
    **spec(
        "试算规则表",
        "Try a rule table",
        _PUBLISH,
        answer=examples.TABLE_TRIAL,
        upload=True,
        status=201,
        refusals=(404, 408, 413),
    ),
)
async def try_table(
    request: Request, scenes: Scenes, services: Services, parts: OwnParts, person: Person, table: TableName
) -> answers.TrialAnswer:
    """The body is the whole sheet of ``routes`` or of a checklist: tried on the reports or inspections of 90 days."""

    def work(pieces: Iterator[bytes]) -> answers.TrialAnswer:
        sheet = sheet_of(services, table)
        if not may_be_tried(table):
            raise not_tried(table)
        rows = read_rows(b"".join(pieces), sheet.columns)
        sheet.check(services, rows).accept()
        version = scenes.rules.numbers().get(table, 0)
        return _trial(person, scenes.trials.ask(person, table, [row.fields for row in rows], version))

    return await parts.uploads.take(request, work)


@router.get(f"{OVERLAY}/versions", **spec("配置版本", "Versions", _READ, answer=examples.VERSIONS, refusals=(404,)))
def list_versions(scenes: Scenes, person: Person, scene: SceneName) -> answers.OverlayVersions:
    """The newest 200, newest first."""
    return answers.OverlayVersions(items=[version_row(one) for one in _desk(scenes, scene).history()])


@router.get(
    f"{OVERLAY}/changes",
    **spec("比较两个版本", "Compare two versions", _READ, answer=examples.CHANGES, refusals=(404,)),
)
def compare_versions(scenes: Scenes, person: Person, scene: SceneName, before: _Number, after: _Number) -> RuleChanges:
    """What is different; version 0 is what the product brings."""
    return changes_answer(_desk(scenes, scene).changes(before, after))


@router.post(
    f"{OVERLAY}/versions",
    **spec(
        "发布配置",
        "Publish values",
        _PUBLISH,
        answer=examples.VERSION,
        body=examples.PUBLISH,
        status=201,
        refusals=(404, 409),
    ),
)
def publish(scenes: Scenes, person: Person, scene: SceneName, body: answers.PublishBody) -> RuleVersionRow:
    """In force at once, without a restart. Refused untried unless a reason is given. Audited."""
    made = _desk(scenes, scene).publish(
        person,
        body.values,
        expected_version=body.expected_version,
        note=body.note,
        untried_reason=body.untried_reason,
    )
    return version_row(made)


@router.post(
    f"{OVERLAY}/roll-back",
    **spec(
        "回退配置",
        "Roll back",
        _PUBLISH,
        answer=examples.VERSION,
        body=examples.ROLL_BACK,
        status=201,
        refusals=(404, 409),
    ),
)
def roll_back(scenes: Scenes, person: Person, scene: SceneName, body: answers.RollBackBody) -> RuleVersionRow:
    """Publish an older version's values again, as the next version. Audited."""
    made = _desk(scenes, scene).roll_back(
        person, body.to_version, expected_version=body.expected_version, note=body.note
    )
    return version_row(made)


def _desk(scenes: SceneContext, scene: str) -> OverlayDesk:
    return OverlayDesk(scene, scenes.overlays, scenes.rules, scenes.trials)


def _words(text: object) -> Bilingual:
    return show(Bilingual, text)


def _faults(faults: Sequence[RowFault]) -> list[answers.ValueFault]:
    return [show(answers.ValueFault, fault) for fault in faults]


def _trial(person: Principal, trial: Trial) -> answers.TrialAnswer:
    """Plates as this person may see them."""
    result = trial.result
    if result is not None:
        result = result.model_copy(update={"detectors": tuple(_masked(person, one) for one in result.detectors)})
    return answers.TrialAnswer(
        trial_id=trial.trial_id,
        subject=trial.subject,
        base_version=trial.base_version,
        rows=[dict(row) for row in trial.rows],
        state=trial.state,
        done=trial.done,
        total=trial.total,
        result=result,
        fault=None if trial.fault is None else _words(trial.fault),
        actor_name=trial.actor_name,
        asked_at=from_ms(trial.asked_ms),
        finished_at=None if trial.finished_ms is None else from_ms(trial.finished_ms),
    )


def _masked(person: Principal, found: DetectorTrial) -> DetectorTrial:
    vehicles = (one.model_copy(update={"plate": mask_plate(one.plate, person)}) for one in found.vehicles)
    return found.model_copy(update={"vehicles": tuple(vehicles)})

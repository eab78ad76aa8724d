"""Views of the rooms that need more than equal field names to become answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import select

from cityops.api import schemas
from cityops.api.context import ApiContext
from cityops.api.reading import show
from cityops.cases import CaseDetailView, Machine, OpeningForm, TaskPage, Workflow, case_table
from cityops.detection import AlertDetailView, AlertView
from cityops.kit import Text
from cityops.places import PlaceInfo

_PLACE_FIELDS: Final = tuple(name for name in schemas.Place.model_fields if name not in ("lon", "lat"))
_HAPPENED: Final[Mapping[str, Text]] = {
    "raised": Text("发出预警", "Raised"),
    "severity": Text("等级变化", "Severity changed"),
    "reopened": Text("再次发生", "Goes on again"),
    "corrected": Text("按补传数据更正", "Corrected by late data"),
    "ended": Text("结束", "Ended"),
    "withdrawn": Text("撤回", "Withdrawn"),
    "case": Text("立案", "Case opened"),
}
_CHUNK: Final = 500
_MACHINE: Final = "系统"


def place_at(lon: float, lat: float, info: PlaceInfo) -> schemas.Place:
    """A point with the names around it; a level that is not known is ``None``."""
    return schemas.Place(lon=lon, lat=lat, **{name: getattr(info, name, None) or None for name in _PLACE_FIELDS})


def stored_place(place: Mapping[str, Any] | None) -> schemas.Place | None:
    """A place as a room stored it."""
    if not place or place.get("lon") is None or place.get("lat") is None:
        return None
    names = {name: place.get(name) or None for name in _PLACE_FIELDS}
    return schemas.Place(lon=place["lon"], lat=place["lat"], **names)


def case_numbers(services: ApiContext, alerts: Collection[AlertView]) -> dict[str, str]:
    """The numbers of the cases that these alerts led to, by case id."""
    wanted = sorted({alert.case_id for alert in alerts if alert.case_id is not None})
    numbers: dict[str, str] = {}
    with services.store.read() as conn:
        for start in range(0, len(wanted), _CHUNK):
            chosen = case_table.c.id.in_(wanted[start : start + _CHUNK])
            rows = conn.execute(select(case_table.c.id, case_table.c.number).where(chosen))
            numbers.update((row.id, row.number) for row in rows)
    return numbers


def _alert_fields(alert: AlertView, numbers: Mapping[str, str]) -> dict[str, Any]:
    same = (name for name in schemas.Alert.model_fields if name not in ("title", "summary", "place", "case_number"))
    return {name: getattr(alert, name) for name in same} | {
        "title": schemas.Bilingual(zh=alert.title.zh, en=alert.title.en),
        "summary": schemas.Bilingual(zh=alert.summary.zh, en=alert.summary.en),
        "place": stored_place(alert.place),
        "case_number": numbers.get(alert.case_id or ""),
    }


def alert_answer(alert: AlertView, numbers: Mapping[str, str]) -> schemas.Alert:
    """An alert in a list."""
    return schemas.Alert(**_alert_fields(alert, numbers))


def alert_detail(alert: AlertDetailView, numbers: Mapping[str, str]) -> schemas.AlertDetail:
    """An alert with its evidence and what happened to it."""
    history = [
        schemas.TimelineStep(
            at=event.at,
            action=event.action,
            title=_bilingual(_HAPPENED.get(event.action, Text(event.action, event.action))),
            actor=_MACHINE,
            actor_role=None,
            unit_name=None,
            comment=None,
            data={**event.data, "severity": event.severity},
        )
        for event in alert.history
    ]
    fields = _alert_fields(alert, numbers)
    return schemas.AlertDetail(**fields, evidence=dict(alert.evidence), rule=_bilingual(alert.rule), history=history)


def workflows_of(services: ApiContext, case_ids: Collection[str]) -> dict[str, Workflow]:
    """The workflow of each of these cases, by case id."""
    wanted = sorted(set(case_ids))
    found: dict[str, Workflow] = {}
    with services.store.read() as conn:
        for start in range(0, len(wanted), _CHUNK):
            chosen = case_table.c.id.in_(wanted[start : start + _CHUNK])
            rows = conn.execute(select(case_table.c.id, case_table.c.scene, case_table.c.kind).where(chosen))
            found.update((row.id, services.cases.workflow(row.scene, row.kind)) for row in rows)
    return found


def form_words(
    machines: Iterable[Machine], bags: Iterable[Mapping[str, Any]], opening: OpeningForm | None = None
) -> schemas.FormWords:
    """The titles of the fields and choices that these bags of data hold, as the workflow's forms declare them."""
    fields = [field for machine in machines for step in machine.transitions for field in step.form]
    fields += () if opening is None else opening.fields
    held = {name.removesuffix("_zh").removesuffix("_en") for bag in bags for name in bag}
    fields = [field for field in fields if field.name in held]
    choices = [(f"{field.name}.{option.value}", option.title) for field in fields for option in field.options]
    return schemas.FormWords(
        fields={field.name: _bilingual(field.title.text) for field in fields},
        values={name: _bilingual(title.text) for name, title in choices},
    )


def case_answer(services: ApiContext, case: CaseDetailView) -> schemas.CaseDetail:
    """A case with the words for its timeline and tasks."""
    answer = show(schemas.CaseDetail, case)
    workflow = services.cases.workflow(case.scene, case.kind)
    machines = (workflow, *workflow.tasks.values())
    answer.words = form_words(machines, [line.data for line in answer.timeline], workflow.opening)
    fields = [field for step in workflow.transitions for field in step.form]
    chosen = {"standard": (answer.standard, answer.standard_title), "closing": (answer.closing, answer.closing_title)}
    for field in fields:
        name, title = chosen.get(field.kind, (None, None))
        if name is not None and title is not None:
            answer.words.values[f"{field.name}.{name}"] = title
    for task in answer.tasks:
        task.words = form_words((workflow.tasks[task.kind],), [task.data])
    back = {step.action for machine in machines for step in machine.transitions if step.needs_reason}
    for line in answer.timeline:
        line.returns = line.action in back
    return answer


def tasks_answer(services: ApiContext, tasks: TaskPage) -> schemas.TaskList:
    """A page of tasks, each with the words for its data."""
    answer = show(schemas.TaskList, tasks)
    workflows = workflows_of(services, [task.case_id for task in answer.items])
    for task in answer.items:
        task.words = form_words((workflows[task.case_id].tasks[task.kind],), [task.data])
    return answer


def step_words(
    workflow: Workflow | None, action: str, detail: Mapping[str, Any]
) -> tuple[schemas.Bilingual | None, dict[str, schemas.Bilingual]]:
    """The title of a step as the audit names it, and of the states it led from and to; nothing for what is no step."""
    name = action.removeprefix("case.")
    machines = () if workflow is None else (workflow, *workflow.tasks.values())
    machine = next((one for one in machines if one.knows(name)), None)
    if machine is None:
        return None, {}
    title = next(step.title.text for step in machine.transitions if step.action == name)
    states = {str(detail.get(end)) for end in ("from", "to")} & machine.states.keys()
    return _bilingual(title), {state: _bilingual(machine.states[state].title.text) for state in states}


def _bilingual(text: Text) -> schemas.Bilingual:
    return schemas.Bilingual(zh=text.zh, en=text.en)

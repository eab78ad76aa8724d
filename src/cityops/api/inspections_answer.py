"""The answers about inspections: the room's values with moments for milliseconds, and what a phone sends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from cityops.api.context import ApiContext
from cityops.api.reading import show
from cityops.api.schemas import Bilingual, Model, Page
from cityops.api.schemas import inspections as schemas
from cityops.inspections import (
    Attachment,
    Checklist,
    Covered,
    Due,
    Found,
    FoundHazard,
    Hazard,
    Inspection,
    InspectionDetail,
    ItemAnswer,
    NewInspection,
    PlannedWork,
    counts,
    period_at,
)
from cityops.kit import InvalidError, Text, from_ms, to_ms

M = TypeVar("M", bound=Model)
_RENAMED: Final = {"inspection_id": "id", "register_name": "register"}


def answer(model: type[M], view: object, **more: Any) -> M:
    """A room's value as an answer: ``…_ms`` as the moment ``…_at`` or ``…_from`` and ``…_to`` of a period."""
    made: dict[str, Any] = dict(more)
    for name in model.model_fields:
        if name not in made:
            made[name] = _value(view, name)
    return model.model_validate(made)


def _value(view: object, name: str) -> Any:
    for attribute in (name, _RENAMED.get(name, name)):
        if hasattr(view, attribute):
            found = getattr(view, attribute)
            return Bilingual(zh=found.zh, en=found.en) if isinstance(found, Text) else found
    stem = name.removesuffix("_at") if name.endswith("_at") else name
    at_ms = getattr(view, f"{stem}_ms")
    return None if at_ms is None else from_ms(at_ms)


def plan_answer(services: ApiContext, work: PlannedWork) -> schemas.Plan:
    """A plan with the periods that run now."""
    now_ms, plan = services.clock.now_ms(), work.plan
    school = work.school(services.inspections.school_calendar())
    rules = []
    for rule in plan.rules:
        period = period_at(rule.every, now_ms)
        due_now = counts(rule, period, school)
        span = {"period_from": from_ms(period.start_ms), "period_to": from_ms(period.end_ms)}
        rules.append(schemas.PlanRule(every=rule.every.value, due_now=due_now, **span))
    return schemas.Plan(
        scene=work.scene,
        plan=plan.name,
        title=_words(plan.title.text),
        register_name=work.register.name,
        register_title=_words(work.register.title.text),
        kind=plan.kind,
        by=plan.by,
        checklist=plan.checklist,
        calendar=plan.calendar,
        figures=[show(schemas.PlanFigure, one.model_dump()) for one in plan.figures],
        basis=plan.basis,
        rules=rules,
    )


def due_answer(one: Due) -> schemas.Due:
    """How an object stands with a plan."""
    return answer(schemas.Due, one)


def covered_answer(services: ApiContext, one: Covered) -> schemas.Covered:
    """A district's coverage with the district's name."""
    names = {division.code: division.name for division in services.city.divisions}
    return answer(schemas.Covered, one, area_name=names.get(one.area_code or ""))


def checklist_answer(one: Checklist) -> schemas.Checklist:
    """A version of a checklist."""
    return answer(schemas.Checklist, one, items=[answer(schemas.ChecklistItem, item) for item in one.items])


def inspection_answer(one: Inspection) -> schemas.Inspection:
    """An inspection in a list."""
    return answer(schemas.Inspection, one)


def detail_answer(detail: InspectionDetail, plan_title: Text) -> schemas.InspectionDetail:
    """One inspection with everything."""
    return answer(
        schemas.InspectionDetail,
        detail.inspection,
        plan_title=_words(plan_title),
        items=[answer(schemas.AnsweredItem, item) for item in detail.items],
        attachments=[attachment_answer(one) for one in detail.attachments],
        hazards=[hazard_answer(one) for one in detail.hazards],
    )


def attachment_answer(one: Attachment) -> schemas.Attachment:
    """A photo or document."""
    return answer(schemas.Attachment, one)


def hazard_answer(one: Hazard) -> schemas.Hazard:
    """A hazard."""
    return answer(schemas.Hazard, one)


def page_of(found: Found[Any]) -> Page:
    """Where a list stands."""
    return Page(total=found.total, page=found.page, page_size=found.page_size)


def new_inspection(new: schemas.NewInspection) -> NewInspection:
    """What a phone sent, with each answer's own evidence.

    Raises:
        InvalidError: an answer names a place beyond the list of evidence.
    """
    named = [one.evidence for one in new.items] + [one.evidence for one in new.hazards]
    used = {place for places in named for place in places}

    def own(places: Sequence[int]) -> list[str]:
        if any(not 0 <= place < len(new.evidence_ids) for place in places):
            raise InvalidError("没有这个序号的证据", "there is no evidence at this place", code="inspection.evidence")
        return [new.evidence_ids[place] for place in places]

    return NewInspection(
        client_id=new.client_id,
        scene=new.scene,
        plan=new.plan,
        object_id=new.object_id,
        started_ms=to_ms(new.started_at),
        finished_ms=to_ms(new.finished_at),
        items=[ItemAnswer(one.no, one.result, one.words, one.grade, own(one.evidence)) for one in new.items],
        checklist_version=new.checklist_version,
        comment=new.comment,
        hazards=[FoundHazard(one.words, one.grade, own(one.evidence)) for one in new.hazards],
        evidence_ids=[one for place, one in enumerate(new.evidence_ids) if place not in used],
        figures=new.figures,
        lon=new.lon,
        lat=new.lat,
    )


def _words(text: Text) -> Bilingual:
    return Bilingual(zh=text.zh, en=text.en)

"""From rows and declarations to views: what one person is shown."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from sqlalchemy import RowMapping

from cityops.access import Principal, Role, mask_plate
from cityops.cases.forms import REASON, REASON_TITLE
from cityops.cases.views import (
    ActionView,
    FieldView,
    MatterView,
    NoticeView,
    PlaceView,
    RelationView,
    SuggestedUnits,
    TimelineStepView,
    UnitChoice,
)
from cityops.cases.workflow import FormField, Option, State, Transition, Workflows
from cityops.kit import Text, from_ms

_PLACE_FIELDS: Final = (
    "district_code",
    "district_name",
    "street_name",
    "community_name",
    "grid_code",
    "road_name",
    "address",
)


def place_view(row: RowMapping) -> PlaceView | None:
    """The place of a case's row, or ``None`` without a position."""
    if row["lon"] is None or row["lat"] is None:
        return None
    names = row["place"] or {}
    return PlaceView(row["lon"], row["lat"], **{name: names.get(name) for name in _PLACE_FIELDS})


def matter_view(row: RowMapping) -> MatterView | None:
    """The matter of a case's row, or ``None`` when nobody has said."""
    if row["matter"] is None:
        return None
    standard, kind, code = row["matter"].rsplit(" ", 2)
    return MatterView(standard, kind, code, row["matter_name"] or "")


def suggested_view(row: RowMapping) -> SuggestedUnits | None:
    """Who should handle the case by the routing table, as kept when it was reported."""
    kept = row["suggested"]
    if kept is None:
        return None
    unit = None if kept["unit"] is None else UnitChoice(**kept["unit"])
    return SuggestedUnits(unit, tuple(UnitChoice(**one) for one in kept["joint"]), Text(**kept["why"]))


def masked(words: Text, plate: str | None, principal: Principal) -> Text:
    """Words with the plate masked for who may not read it."""
    if not plate:
        return words
    shown = mask_plate(plate, principal)
    return Text(words.zh.replace(plate, shown), words.en.replace(plate, shown))


def step_view(
    row: RowMapping, principal: Principal, seen_tasks: Collection[str], *, inside: bool = True
) -> TimelineStepView:
    """A row of the timeline for one person.

    ``seen_tasks``: ids of the tasks this person sees; ``inside``: whether what was written may be read.
    """
    # An enterprise sees that the police acted, when, and as which unit; names and remarks of officers stay inside.
    own = row["unit_id"] == principal.unit_id or row["task_id"] in seen_tasks
    hidden = principal.role is Role.ENTERPRISE and row["actor_role"] is not None and not own
    return TimelineStepView(
        at=from_ms(row["at_ms"]),
        action=row["action"],
        title=Text(row["title_zh"], row["title_en"]),
        actor=(row["unit_name"] or "—") if hidden else row["actor_name"],
        actor_role=row["actor_role"],
        unit_name=row["unit_name"],
        comment=row["comment"] if inside and not hidden else None,
        data=dict(row["data"]) if inside and not hidden else {},
    )


def notice_view(row: RowMapping, plate: str | None, principal: Principal) -> NoticeView:
    """A notice's row, with the plate of its case."""
    return NoticeView(
        notice_id=row["id"],
        case_id=row["case_id"],
        kind=row["kind"],
        title=masked(Text(row["title_zh"], row["title_en"]), plate, principal),
        body=masked(Text(row["body_zh"], row["body_en"]), plate, principal),
        unit_id=row["unit_id"],
        unit_name=row["unit_name"],
        crew_id=row["crew_id"],
        sent_at=from_ms(row["sent_ms"]),
        read_at=None if row["read_ms"] is None else from_ms(row["read_ms"]),
        acknowledged_at=None if row["acknowledged_ms"] is None else from_ms(row["acknowledged_ms"]),
    )


def relation_view(relation: str, row: RowMapping, workflows: Workflows, principal: Principal) -> RelationView:
    """Another case that a case was split or merged with."""
    title = masked(Text(row["title_zh"], row["title_en"]), row["plate"], principal)
    state = workflows[row["scene"], row["kind"]].states[row["state"]].title.text
    return RelationView(relation, row["id"], row["number"], title, state)


def action_view(
    transition: Transition,
    task_id: str | None,
    options: Callable[[FormField], Collection[Option]],
    target: State | None,
) -> ActionView:
    """A transition as an action, through a task if it goes through one; a return path asks for its reason.

    ``target``: the state it leads to, ``None`` where it stays.
    """
    fields = [field_view(field, options(field)) for field in transition.form]
    if transition.needs_reason:
        fields.append(FieldView(REASON, REASON_TITLE, "long_text", True, []))
    return ActionView(
        name=transition.action,
        title=transition.title.text,
        confirm=transition.confirm.text if transition.confirm else None,
        danger=transition.danger,
        task_id=task_id,
        fields=fields,
        needs_reason=transition.needs_reason,
        leads_to=None if target is None else target.title.text,
        onward=target is not None and not target.aside and not transition.needs_reason,
    )


def field_view(field: FormField, options: Collection[Option]) -> FieldView:
    """A declared field of a form with its choices."""
    shown = [
        {"value": o.value, "title": _both(o.title.text)} | ({"note": _both(o.note.text)} if o.note else {})
        for o in options
    ]
    return FieldView(field.name, field.title.text, field.kind, field.required, shown)


def _both(words: Text) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}

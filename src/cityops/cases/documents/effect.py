"""The effect ``make_document``: what a template's fields hold in a step, taken from the case and all its forms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, RowMapping

from cityops.cases.directory import person_name, unit_name
from cityops.cases.documents.book import Documents
from cityops.cases.documents.values import Value
from cityops.cases.effects import EffectHandler
from cityops.cases.records import Act, told_before
from cityops.cases.workflow import Effect, FormField, Transition, Workflow
from cityops.kit import from_ms

_PLACE: Final = ("address", "district_name", "street_name", "road_name")


def document_effects(documents: Documents) -> Mapping[str, EffectHandler]:
    """The effects of documents, for the case engine."""

    def make(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
        assert effect.document is not None  # the check at load holds this
        template = act.workflow.documents[effect.document]
        documents.make_in(act.conn, act.principal, act.case_id, effect.document, template, values_of(act))

    return {"make_document": make}


def values_of(act: Act) -> dict[str, Value]:
    """Every value that a document of this step may name: of the case, of all forms up to this one; later ones win."""
    case, fields = act.case(), _form_fields(act.workflow)
    told = {**told_before(act.conn, act.case_id), **act.form}
    values = {name: _value(act.conn, fields.get(name), raw) for name, raw in told.items()}
    return values | {
        "case_number": Value(case["number"]),
        "case_title": Value(case["title_zh"]),
        "maker": Value(act.principal.display_name),
        "maker_unit": Value(act.principal.unit_name),
        "opened_on": Value(from_ms(case["opened_ms"])),
        "place": Value(place_words(case)),
        "plate": Value(case["plate"]),
        "unit": Value(case["unit_name"]),
    }


def place_words(case: RowMapping) -> str:
    """The address as it was given, else the names of the places that hold the case's point."""
    place = case["place"] or {}
    return str(place.get("address") or "".join(str(place.get(name) or "") for name in _PLACE[1:]))


def _form_fields(workflow: Workflow) -> dict[str, FormField]:
    machines = (workflow, *workflow.tasks.values())
    return {field.name: field for machine in machines for step in machine.transitions for field in step.form}


def _value(conn: Connection, field: FormField | None, raw: Any) -> Value:
    """A stored value as people read it: choices by their title, units and persons by their name."""
    kind = None if field is None else field.kind
    if field is not None and kind == "choice":
        return Value(next((option.title.zh for option in field.options if option.value == raw), str(raw)))
    if kind == "datetime":
        return Value(datetime.fromisoformat(raw))
    if kind == "unit":
        return Value(unit_name(conn, raw))
    if kind == "units":
        return Value("、".join(unit_name(conn, one) for one in _listed(raw)))
    if kind == "person":
        return Value(person_name(conn, raw))
    return Value(raw if isinstance(raw, str | int | float | bool) else None)


def _listed(raw: Any) -> list[str]:
    return raw if isinstance(raw, list) else [str(raw)]

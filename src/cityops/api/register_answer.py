"""Registers and their objects as answers: names of units and divisions, what is hidden, what may be changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cityops.access import SYSTEM, Principal
from cityops.api.context import ApiContext
from cityops.api.schemas import Bilingual
from cityops.api.schemas import registers as schemas
from cityops.kit import NotFoundError, Text, from_ms
from cityops.registers import (
    RegisterChange,
    RegisterObject,
    RegisterSpec,
    may_read,
    may_write,
    object_schema,
    shown,
    writes,
)

_OTHER: Final = Text("其他", "Others")
_NAMED: Final = ("unit_id", "supervisor_id", "area_code")
"""What every object has that stands for something with a name."""


def readable(services: ApiContext, person: Principal, register: str) -> RegisterSpec:
    """The declaration of a register that this person may read here; ``NotFoundError`` otherwise."""
    found = services.registers.spec(register)
    if found.private or not may_read(person, found):
        raise NotFoundError(f"没有台账“{register}”", f"there is no register {register!r}", code="register.unknown")
    return found


def readable_object(services: ApiContext, person: Principal, object_id: str) -> tuple[RegisterSpec, RegisterObject]:
    """An object of a register that this person may read here, and the register."""
    found = services.registers.get(person, object_id)
    return readable(services, person, found.register), found


def summary(
    services: ApiContext, person: Principal, spec: RegisterSpec, counts: Mapping[str, int]
) -> schemas.RegisterSummary:
    """A register on the overview."""
    return schemas.RegisterSummary(**_summary(services, person, spec, counts))


def info(services: ApiContext, person: Principal, spec: RegisterSpec) -> schemas.RegisterInfo:
    """All that the interface makes forms and tables from."""
    states = [
        {"value": value, "title": one.title, "tone": one.tone, "idle": one.idle, "next": one.next}
        for value, one in spec.all_states.items()
    ]
    values = {
        **_summary(services, person, spec, services.registers.counts(person).get(spec.name, {})),
        "code_title": spec.code_title,
        "title_title": spec.title_title,
        "code_pattern": spec.code_pattern,
        "fields": spec.fields,
        "states": states,
        "json_schema": object_schema(spec),
    }
    return schemas.RegisterInfo.model_validate(values, from_attributes=True)


def entries(
    services: ApiContext, person: Principal, spec: RegisterSpec, objects: Iterable[RegisterObject]
) -> list[schemas.RegisterEntry]:
    """Objects of one register as this person sees them."""
    names = unit_names(services)
    return [_entry(services, person, spec, one, names) for one in objects]


def entry(services: ApiContext, person: Principal, spec: RegisterSpec, one: RegisterObject) -> schemas.RegisterEntry:
    """An object as this person sees it."""
    return entries(services, person, spec, [one])[0]


def unit_names(services: ApiContext) -> dict[str, str]:
    """Names of all units by id: what a unit is called is no secret."""
    return {unit.id: unit.name for unit in services.units.list(SYSTEM)}


def history_answer(services: ApiContext, changes: Sequence[RegisterChange]) -> schemas.EntryHistory:
    """Every change, newest first, with the names of the units and divisions in them."""
    rows = [_history_row(change) for change in reversed(changes)]
    sides = (side for row in rows for one in row.changes if one.field in _NAMED for side in (one.before, one.after))
    units = unit_names(services)
    names = {side: units.get(side) or services.city.area_name(side) for side in sides if side is not None}
    return schemas.EntryHistory(items=rows, names={side: name for side, name in names.items() if name})


def _history_row(change: RegisterChange) -> schemas.EntryHistoryRow:
    """A change with every field of the register by itself; what had no value on either side is left out."""
    rows: list[schemas.EntryHistoryChange] = []
    for name, (before, after) in change.changes.items():
        sides = {name: (before, after)}
        if name == "data":
            old, new = before or {}, after or {}
            sides = {key: (old.get(key), new.get(key)) for key in {**old, **new}}
        rows += [
            schemas.EntryHistoryChange(field=key, before=was, after=now)
            for key, (was, now) in sides.items()
            if was != now
        ]
    return schemas.EntryHistoryRow(
        version=change.version,
        at=from_ms(change.at_ms),
        actor_name=change.actor_name,
        reason=change.reason,
        changes=rows,
    )


def given_values(values: schemas.EntryValues, before: RegisterObject | None = None) -> dict[str, Any]:
    """What somebody gave, with ``data`` merged into what the object has."""
    found = values.model_dump(include=values.model_fields_set)
    if "data" in found or before is None:
        found["data"] = {**(before.data if before else {}), **found.get("data", {})}
    return found


def _summary(services: ApiContext, person: Principal, spec: RegisterSpec, counts: Mapping[str, int]) -> dict[str, Any]:
    card = next((one for one in services.scenes if spec.name in one.registers), None)
    title = card.title if card else _OTHER
    return {
        "name": spec.name,
        "title": _words(spec.title.text),
        "description": _words(spec.description.text) if spec.description else None,
        "scene": card.name if card else "",
        "scene_title": _words(title),
        "geometry": spec.geometry,
        "layer": spec.layer,
        "may_write": may_write(person, spec),
        "counts": dict(counts),
    }


def _words(text: Text) -> Bilingual:
    return Bilingual(zh=text.zh, en=text.en)


def _entry(
    services: ApiContext, person: Principal, spec: RegisterSpec, one: RegisterObject, names: Mapping[str, str]
) -> schemas.RegisterEntry:
    seen = shown(person, spec, one)
    return schemas.RegisterEntry(
        object_id=one.id,
        register_name=one.register,
        code=one.code,
        title=one.title,
        unit_id=one.unit_id,
        unit_name=names.get(one.unit_id or ""),
        supervisor_id=one.supervisor_id,
        supervisor_name=names.get(one.supervisor_id or ""),
        area_code=one.area_code,
        area_name=services.city.area_name(one.area_code or "") or None,
        lon=one.lon,
        lat=one.lat,
        geometry=one.geometry,
        state=one.state,
        data=seen.data,
        hidden=[name for name, value in one.data.items() if seen.data[name] != value],
        editable=writes(person, spec, one),
        version=one.version,
        created_at=from_ms(one.created_ms),
        updated_at=from_ms(one.updated_ms),
    )

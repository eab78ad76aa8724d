"""Registers and their objects (台账): declarations, lists, one object, its history, relations and code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response

from cityops.access import Permission
from cityops.api.context import ApiContext
from cityops.api.declare import spec
from cityops.api.examples import registers as examples
from cityops.api.labels import object_link, qr_svg
from cityops.api.reading import Code, PageNumber, PageSize, SearchWords
from cityops.api.register_answer import (
    entries,
    entry,
    given_values,
    history_answer,
    info,
    readable,
    readable_object,
    summary,
)
from cityops.api.schemas import Page
from cityops.api.schemas import registers as schemas
from cityops.api.security import Person, Services
from cityops.kit import ConflictError, InvalidError, Text
from cityops.registers import BULK_LIMIT, ObjectFilter, RegisterObject, RegisterSpec, Sort

router = APIRouter(prefix="/api/registers", tags=["台账 Registers"])

_READ = Permission.REGISTERS_READ
GEOJSON = "application/geo+json"
Register = Annotated[str, Path(max_length=40, description="台账 The register")]
ObjectId = Annotated[str, Path(max_length=26, description="对象 The object")]
_Where = Annotated[
    list[str] | None,
    Query(max_length=20, description="按字段筛选，如 mode:own Narrow by a field, such as mode:own"),
]
_Box = Annotated[
    str | None,
    Query(max_length=120, description="西,南,东,北 west,south,east,north in WGS-84 degrees"),
]


async def wanted(
    state: Code = None,
    unit_id: Code = None,
    area: Annotated[str | None, Query(pattern=r"^\d{2,15}$", description="区划代码 Begins with this code")] = None,
    q: SearchWords = None,
    bbox: _Box = None,
    where: _Where = None,
) -> ObjectFilter:
    """What a list, a layer, an export or a sheet of labels is narrowed by."""
    return {"state": state, "unit_id": unit_id, "area": area, "q": q, "bbox": _box(bbox), "fields": _fields(where)}


Wanted = Annotated[ObjectFilter, Depends(wanted)]


@router.get("", **spec("台账列表", "List registers", _READ, answer=examples.REGISTER_LIST))
def list_registers(services: Services, person: Person) -> schemas.RegisterList:
    """The registers that this person reads, with how many objects are in which state."""
    counts = services.registers.counts(person)
    found = [summary(services, person, one, counts.get(one.name, {})) for one in services.registers.specs(person)]
    return schemas.RegisterList(items=found)


@router.get("/objects/{object_id}", **spec("对象", "An object", _READ, answer=examples.ENTRY, refusals=(404,)))
def get_object(services: Services, person: Person, object_id: ObjectId) -> schemas.RegisterEntry:
    """One object; what its code on the label opens."""
    return entry(services, person, *readable_object(services, person, object_id))


@router.post(
    "/objects/{object_id}",
    **spec(
        "修改对象", "Change an object", _READ, answer=examples.ENTRY, body=examples.ENTRY_CHANGE, refusals=(404, 409)
    ),
)
def change_object(
    services: Services, person: Person, object_id: ObjectId, change: schemas.EntryChange
) -> schemas.RegisterEntry:
    """Only what is given changes; archiving is a change of the state. Kept with who, when and why."""
    declared, before = readable_object(services, person, object_id)
    after = services.registers.update(
        person, object_id, change.expected_version, given_values(change.changes, before), reason=change.reason or None
    )
    return entry(services, person, declared, after)


@router.get(
    "/objects/{object_id}/history",
    **spec("变更历史", "History of an object", _READ, answer=examples.HISTORY, refusals=(404,)),
)
def get_history(services: Services, person: Person, object_id: ObjectId) -> schemas.EntryHistory:
    """Every change with its values before and after, newest first."""
    readable_object(services, person, object_id)
    changes = services.registers.history(person, object_id)
    return history_answer(services, changes)


@router.get(
    "/objects/{object_id}/related",
    **spec("关联对象", "Related objects", _READ, answer=examples.RELATIONS, refusals=(404,)),
)
def get_related(services: Services, person: Person, object_id: ObjectId) -> schemas.EntryRelations:
    """Objects that this one names, and objects that name it; none of a private register."""
    readable_object(services, person, object_id)
    found = [
        schemas.EntryRelation(
            field=one.field,
            named=one.named,
            entry=entry(services, person, services.registers.spec(one.object.register), one.object),
        )
        for one in services.registers.related(person, object_id)
        if not services.registers.spec(one.object.register).private
    ]
    return schemas.EntryRelations(items=found)


@router.get(
    "/objects/{object_id}/qr.svg",
    response_class=Response,
    **spec("对象二维码", "QR code of an object", _READ, answer="(svg)", media_type="image/svg+xml", refusals=(404,)),
)
def get_code(request: Request, services: Services, person: Person, object_id: ObjectId) -> Response:
    """Scanned with a phone it opens the object in the field app."""
    readable_object(services, person, object_id)
    return Response(qr_svg(object_link(public_url(request, services), object_id)), media_type="image/svg+xml")


@router.get("/{register}", **spec("台账声明", "A register", _READ, answer=examples.REGISTER, refusals=(404,)))
def get_register(services: Services, person: Person, register: Register) -> schemas.RegisterInfo:
    """Its fields, states and JSON Schema."""
    return info(services, person, readable(services, person, register))


@router.get(
    "/{register}/objects", **spec("对象列表", "List objects", _READ, answer=examples.ENTRY_LIST, refusals=(404,))
)
def list_objects(
    services: Services,
    person: Person,
    register: Register,
    narrowed: Wanted,
    sort: Annotated[Sort, Query(description="排序 Order")] = "code",
    page: PageNumber = 1,
    page_size: PageSize = 50,
) -> schemas.RegisterEntryList:
    """Objects that this person may see; archived ones only by their state."""
    declared = readable(services, person, register)
    found = services.registers.list(person, register, page=page, page_size=page_size, sort=sort, **narrowed)
    return schemas.RegisterEntryList(
        items=entries(services, person, declared, found.items),
        page=Page(total=found.total, page=found.page, page_size=found.page_size),
    )


@router.post(
    "/{register}/objects",
    **spec(
        "新增对象", "Add an object", _READ, answer=examples.ENTRY, body=examples.NEW_ENTRY, status=201,
        refusals=(404, 409),
    ),
)  # fmt: skip
def add_object(services: Services, person: Person, register: Register, new: schemas.NewEntry) -> schemas.RegisterEntry:
    """Checked against the declaration; every fault is named by its field."""
    declared = readable(services, person, register)
    made = services.registers.create(person, register=register, **given_values(new))
    return entry(services, person, declared, made)


@router.post(
    "/{register}/bulk",
    **spec(
        "批量修改", "Change several objects", _READ, answer=examples.BULK_RESULT, body=examples.BULK,
        refusals=(404, 409),
    ),
)  # fmt: skip
def bulk_edit(services: Services, person: Person, register: Register, edit: schemas.BulkEdit) -> schemas.BulkResult:
    """All or nothing, at most 5,000 objects, with one reason. Audited."""
    declared = readable(services, person, register)
    objects = _chosen(services, person, declared, edit)
    changes = given_values(edit.changes)
    plan = services.registers.plan_changes(person, register, objects, changes)
    write = not edit.preview
    if write:
        if edit.expected is not None and edit.expected != len(objects):
            raise _other_number(edit.expected, len(objects))
        services.registers.carry_out(person, plan, reason=edit.reason, action="register.bulk")
    faults = [
        schemas.BulkFault.model_validate({"code": objects[one.row].code, "text": one.fault.text._asdict()})
        for one in plan.faults[:100]
    ]
    return schemas.BulkResult(
        matched=len(objects), changed=len(plan.changed), unchanged=plan.unchanged, faults=faults, written=write
    )


@router.get(
    "/{register}/layer",
    response_class=Response,
    **spec("地图图层", "Map layer", _READ, answer=examples.LAYER, media_type=GEOJSON, refusals=(404,)),
)
def get_layer(services: Services, person: Person, register: Register, narrowed: Wanted) -> Response:
    """The objects as GeoJSON: their line or area, else their point; without personal values."""
    declared = readable(services, person, register)
    objects = services.registers.every(person, register, **narrowed)
    features = [_feature(declared, one) for one in objects if one.geometry or one.lon is not None]
    return Response(msgspec.json.encode({"type": "FeatureCollection", "features": features}), media_type=GEOJSON)


def public_url(request: Request, services: ApiContext) -> str:
    """Where phones reach the product: as set, else as this request did."""
    return services.settings.public_url or str(request.base_url)


def _chosen(
    services: ApiContext, person: Person, declared: RegisterSpec, edit: schemas.BulkEdit
) -> list[RegisterObject]:
    if (edit.object_ids is None) == (edit.wanted is None):
        raise InvalidError("请按编号或按条件选择", "choose by ids or by a filter", code="register.chosen")
    if edit.wanted is not None:
        narrowed: ObjectFilter = edit.wanted.model_dump()  # type: ignore[assignment]
    else:
        narrowed = {"ids": tuple(edit.object_ids or ())}
    found = services.registers.list(person, declared.name, page_size=1, **narrowed)
    if found.total > BULK_LIMIT:
        raise InvalidError(
            f"符合条件的有 {found.total} 项，一次最多修改 {BULK_LIMIT} 项",
            f"{found.total} objects match; one change takes at most {BULK_LIMIT}",
            code="register.too_many",
        )
    return [*services.registers.every(person, declared.name, **narrowed)]


def _feature(declared: RegisterSpec, one: RegisterObject) -> Mapping[str, Any]:
    return {
        "type": "Feature",
        "geometry": one.geometry or {"type": "Point", "coordinates": [one.lon, one.lat]},
        "properties": {
            "object_id": one.id,
            "code": one.code,
            "title": one.title,
            "state": one.state,
            "tone": declared.all_states[one.state].tone if one.state in declared.all_states else "neutral",
        },
    }


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise InvalidError("范围应为“西,南,东,北”", "write west,south,east,north", code="register.bbox") from error
    return west, south, east, north


def _fields(where: list[str] | None) -> dict[str, str]:
    pairs = [one.partition(":") for one in where or ()]
    if not all(mark for _, mark, _ in pairs):
        raise InvalidError("筛选应为“字段:值”", "write field:value", code="register.filter")
    return {name: value for name, _, value in pairs}


def _other_number(expected: int, found: int) -> ConflictError:
    return ConflictError(
        f"预览时符合条件的有 {expected} 项，现在有 {found} 项",
        f"the preview counted {expected} objects, now there are {found}",
        code="register.number",
        kept=Text("没有修改任何一项", "nothing was changed"),
        todo=Text("请重新预览", "preview it again"),
    )

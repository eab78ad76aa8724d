"""Units and terminals (台账)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import func, select

from cityops.access import Permission, Principal, mask_phone, mask_plate
from cityops.api import examples, schemas
from cityops.api.approval import approve_terminal
from cityops.api.context import ApiContext
from cityops.api.declare import spec
from cityops.api.reading import PageNumber, PageSize
from cityops.api.security import OwnParts, Person, Services
from cityops.cases import case_table
from cityops.kit import from_ms
from cityops.observations import Device, DeviceStatus

router = APIRouter(prefix="/api", tags=["台账 Registers"])


@router.get("/units", **spec("单位列表", "List units", Permission.UNITS_READ, answer=examples.UNIT_LIST))
def list_units(services: Services, parts: OwnParts, person: Person) -> schemas.UnitList:
    """Units this person may see, with their vehicles that have a terminal and their open cases."""
    vehicles, open_cases = parts.vehicles.index().by_unit, open_cases_by_unit(services)
    items = [
        schemas.Unit(
            unit_id=unit.id,
            name=unit.name,
            kind=unit.kind.value,
            area_code=unit.area_code,
            credit_code=unit.credit_code,
            vehicles=len(vehicles.get(unit.id, ())),
            open_cases=open_cases.get(unit.id, 0),
        )
        for unit in services.units.list(person)
    ]
    return schemas.UnitList(items=items)


@router.get("/devices", **spec("终端列表", "List terminals", Permission.DEVICES_READ, answer=examples.DEVICE_LIST))
def list_devices(
    services: Services,
    person: Person,
    online: bool | None = None,
    q: Annotated[str | None, Query(pattern=r"^\d{3,20}$", description="手机号片段 Part of the phone number")] = None,
    page: PageNumber = 1,
    page_size: PageSize = 50,
) -> schemas.DeviceList:
    """Terminals and their connection. There is no search by plate here."""
    found = services.devices.list_devices(person, q=q, online=online, page=page, page_size=page_size)
    names = unit_names(services, person)
    return schemas.DeviceList(
        items=[device_answer(person, row.device, row.status, names) for row in found.items],
        page=schemas.Page(total=found.total, page=page, page_size=page_size),
    )


@router.get(
    "/devices/pending",
    **spec("待审批终端", "Terminals that wait for approval", Permission.DEVICES_READ, answer=examples.PENDING_LIST),
)
def list_pending(
    services: Services, person: Person, page: PageNumber = 1, page_size: PageSize = 50
) -> schemas.PendingDeviceList:
    """Terminals that asked to register and are not known; they are refused until a person approves them."""
    found = services.devices.list_pending(person, page=page, page_size=page_size)
    items = [
        schemas.PendingDevice(
            pending_id=one.id,
            terminal_phone=mask_phone(one.phone_sent),
            plate=mask_plate(one.plate, person) if one.plate else None,
            maker=one.maker,
            model=one.model,
            attempts=one.attempts,
            first_seen=from_ms(one.first_seen_ms),
            last_seen=from_ms(one.last_seen_ms),
        )
        for one in found.items
    ]
    return schemas.PendingDeviceList(items=items, page=schemas.Page(total=found.total, page=page, page_size=page_size))


@router.post(
    "/devices/pending/{pending_id}/approve",
    **spec(
        "审批终端",
        "Approve a terminal",
        Permission.DEVICES_APPROVE,
        answer=examples.DEVICE,
        body=examples.APPROVE_DEVICE,
        refusals=(404, 409),
    ),
)
def approve(
    services: Services, person: Person, pending_id: Annotated[int, Path(ge=1)], approval: schemas.ApproveDevice
) -> schemas.Device:
    """Registers the vehicle if it is new, and lets the terminal send. The gateway knows within two seconds."""
    device = approve_terminal(services, person, pending_id, approval)
    return device_answer(person, device, None, unit_names(services, person))


def unit_names(services: ApiContext, person: Principal) -> dict[str, str]:
    """Names of the units this person may see, by id."""
    return {unit.id: unit.name for unit in services.units.list(person)}


def device_answer(
    person: Principal, device: Device, status: DeviceStatus | None, names: dict[str, str]
) -> schemas.Device:
    """A terminal as ``person`` sees it."""
    seen_ms = status.last_seen_ms if status else None
    return schemas.Device(
        device=device.id,
        terminal_phone=mask_phone(device.phone_sent),
        protocol=device.protocol,
        plate=mask_plate(device.plate, person) if device.plate else None,
        vehicle_id=device.vehicle_id,
        unit_name=names.get(device.unit_id or ""),
        online=bool(status and status.online),
        last_seen=None if seen_ms is None else from_ms(seen_ms),
        counters=dict(status.counters) if status else {},
    )


def open_cases_by_unit(services: ApiContext) -> dict[str, int]:
    """How many cases of each unit are open."""
    columns = case_table.c
    query = select(columns.unit_id, func.count()).where(columns.ended.is_(False)).group_by(columns.unit_id)
    with services.store.read() as conn:
        return {str(unit_id): int(count) for unit_id, count in conn.execute(query)}

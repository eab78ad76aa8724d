"""The device register (终端登记): which terminals may send, who waits for approval, who is connected."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import Connection, Select, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from cityops.access import Permission, Principal, record_audit, scope_clause
from cityops.kit import Clock, ConflictError, CoordinateSystem, NotFoundError, Text
from cityops.observations.device_records import (
    Device,
    DevicePage,
    DeviceRow,
    DeviceStatus,
    NewDevice,
    PendingDevice,
    PendingPage,
    clean_text,
    normal_phone,
    to_device,
    to_pending,
    to_status,
)
from cityops.observations.tables import device, device_pending, device_status
from cityops.registers import VehicleClass
from cityops.store import Store, emit

_log = logging.getLogger(__name__)

MAX_PENDING: Final = 10_000
PAGE_LIMIT: Final = 1_000
# A change is stamped a moment before it is committed; looking back this far finds the ones that were overtaken.
_OVERLAP_MS: Final = 10_000
_STATUS_CHUNK: Final = 500


class DeviceRegister:
    """Terminals by protocol and phone number. Safe between threads and processes.

    Attributes:
        pending_refused: unknown terminals not listed since the start, because ``max_pending`` wait already.
    """

    def __init__(self, store: Store, clock: Clock, *, max_pending: int = MAX_PENDING) -> None:
        self._store = store
        self._clock = clock
        self._max_pending = max_pending
        self._lock = threading.Lock()
        self.pending_refused = 0

    # -- what a gateway asks -------------------------------------------------------------------------------

    def by_phone(self, protocol: str, phone: str) -> Device | None:
        """The terminal with this number, active or not; leading zeros do not matter."""
        where = (device.c.protocol == protocol) & (device.c.phone == normal_phone(phone))
        found = self._devices(select(device).where(where))
        return found[0] if found else None

    def all(self) -> list[Device]:
        """All terminals by id, inactive ones included."""
        return self._devices(select(device).order_by(device.c.id))

    def changed_after(self, at_ms: int) -> list[Device]:
        """Terminals that changed after ``at_ms`` or up to 10 s before, by id. Taking one twice does no harm."""
        return self._devices(select(device).where(device.c.updated_ms > at_ms - _OVERLAP_MS).order_by(device.c.id))

    def issue_auth_code(self, device_id: int) -> str:
        """A new authentication code, kept durably; the old one is void. ``NotFoundError`` without such a terminal."""
        code = secrets.token_hex(8)

        def work(conn: Connection) -> None:
            _change(conn, device_id, auth_code=code, updated_ms=self._clock.now_ms())

        self._store.write(work)
        return code

    def note_pending(
        self,
        protocol: str,
        phone: str,
        plate: str | None,
        maker: str | None,
        model: str | None,
        terminal_id: str | None,
        at_ms: int,
    ) -> bool:
        """List an unknown terminal for approval, or count another attempt of one that is listed.

        Returns ``False`` when the list is full: the terminal is then not listed, counted in ``pending_refused`` and
        logged.

        Raises:
            InvalidError: the phone number is none.
        """
        normal = normal_phone(phone)
        said = {
            "phone_sent": phone,
            "plate": clean_text(plate, 16),
            "maker": clean_text(maker, 32),
            "model": clean_text(model, 32),
            "terminal_id": clean_text(terminal_id, 32),
            "last_seen_ms": at_ms,
        }
        listed = self._store.write(lambda conn: self._note(conn, protocol, normal, said))
        if not listed:
            with self._lock:
                self.pending_refused += 1
                refused = self.pending_refused
            if refused & (refused - 1) == 0:  # 1, 2, 4, 8 …: loud, but no flood of lines
                _log.warning("%d terminals wait for approval; %d more were not listed", self._max_pending, refused)
        return listed

    def flush_status(self, statuses: Sequence[DeviceStatus]) -> None:
        """Store the connection state of terminals; one row each, the last of a terminal counts."""
        rows = {status.device_id: asdict(status) for status in statuses}
        if not rows:
            return
        ids = sorted(rows)

        def work(conn: Connection) -> None:
            for start in range(0, len(ids), _STATUS_CHUNK):
                part = ids[start : start + _STATUS_CHUNK]
                conn.execute(delete(device_status).where(device_status.c.device_id.in_(part)))
                conn.execute(insert(device_status), [rows[device_id] for device_id in part])

        self._store.write(work)

    def mark_all_offline(self) -> int:
        """Every terminal is offline: a gateway says so when it starts. Returns how many were online."""
        going = update(device_status).where(device_status.c.online).values(online=False)
        return self._store.write(lambda conn: conn.execute(going).rowcount)

    # -- what people do ------------------------------------------------------------------------------------

    def create(self, actor: Principal, new: NewDevice) -> Device:
        """Register a terminal.

        Raises:
            ForbiddenError: the actor may not approve terminals.
            InvalidError: the phone number is none.
            ConflictError: there is one with this protocol and number.
        """
        return self.create_many(actor, [new])[0]

    def create_many(self, actor: Principal, news: Sequence[NewDevice]) -> list[Device]:
        """Register terminals, all or none of them; as ``create``."""
        actor.require(Permission.DEVICES_APPROVE)
        rows = [_row(new) for new in news]

        def work(conn: Connection) -> list[Device]:
            now_ms = self._clock.now_ms()
            made = [_insert(conn, row, now_ms) for row in rows]
            self._record(conn, actor, "device.create", made, {"count": len(made)})
            return made

        return self._store.write(work) if rows else []

    def approve(
        self,
        actor: Principal,
        pending_id: int,
        *,
        vehicle_id: str | None,
        unit_id: str | None,
        plate: str | None,
        vehicle_class: VehicleClass | None,
        coordinate_system: CoordinateSystem = CoordinateSystem.WGS84,
    ) -> Device:
        """Let a waiting terminal send, for a vehicle; one that was deactivated becomes active again.

        Raises:
            ForbiddenError: the actor may not approve terminals.
            NotFoundError: nothing waits under this number (somebody was faster).
        """
        actor.require(Permission.DEVICES_APPROVE)

        def work(conn: Connection) -> Device:
            pending = _take_pending(conn, pending_id)
            new = NewDevice(
                pending.protocol, pending.phone_sent, pending.terminal_id, vehicle_id, unit_id, plate,
                vehicle_class, coordinate_system,
            )  # fmt: skip
            made = self._insert_or_reactivate(conn, new)
            self._record(conn, actor, "device.approve", [made], {"phone": made.phone, "plate": plate})
            return made

        return self._store.write(work)

    def reject_pending(self, actor: Principal, pending_id: int) -> None:
        """Strike a waiting terminal off the list; it is listed again when it asks again. Raises as ``approve``."""
        actor.require(Permission.DEVICES_APPROVE)

        def work(conn: Connection) -> None:
            pending = _take_pending(conn, pending_id)
            self._record(conn, actor, "device.reject", [], {"phone": pending.phone, "plate": pending.plate})

        self._store.write(work)

    def set_active(self, actor: Principal, device_id: int, active: bool) -> Device:
        """Stop a terminal from sending, or let it send again. Raises as ``approve``."""
        actor.require(Permission.DEVICES_APPROVE)

        def work(conn: Connection) -> Device:
            changed = _change(conn, device_id, active=active, updated_ms=self._clock.now_ms())
            self._record(conn, actor, "device.activate" if active else "device.deactivate", [changed], {})
            return changed

        return self._store.write(work)

    def get(self, device_id: int) -> Device:
        """The terminal; ``NotFoundError`` when there is none."""
        found = self._devices(select(device).where(device.c.id == device_id))
        if not found:
            raise _no_device()
        return found[0]

    def list_devices(
        self,
        principal: Principal,
        *,
        q: str | None = None,
        online: bool | None = None,
        page: int = 1,
        page_size: int = 50,
    ) -> DevicePage:
        """Terminals this person may see with their connection, by id; ``q`` is part of a phone number or plate.

        A terminal has no area of its own: a person limited to areas sees none.
        """
        principal.require(Permission.DEVICES_READ)
        query = (
            select(device, *(column for column in device_status.c if column.name != "device_id"))
            .outerjoin(device_status, device_status.c.device_id == device.c.id)
            .where(scope_clause(principal, unit_column=device.c.unit_id, area_column=None))
        )
        if q:
            query = query.where(
                or_(*(c.contains(q.strip(), autoescape=True) for c in (device.c.phone, device.c.plate)))
            )
        if online is not None:
            query = query.where(func.coalesce(device_status.c.online, False) == online)
        rows, total = self._page(query.order_by(device.c.id), page, page_size)
        return DevicePage([DeviceRow(to_device(row), to_status(row)) for row in rows], total)

    def status(self, device_id: int) -> DeviceStatus | None:
        """The terminal's last known connection, ``None`` when it never connected."""
        with self._store.read() as conn:
            query = select(device_status).where(device_status.c.device_id == device_id)
            row = conn.execute(query).mappings().one_or_none()
        return None if row is None else DeviceStatus(**row)

    def list_pending(self, principal: Principal, *, page: int = 1, page_size: int = 50) -> PendingPage:
        """Waiting terminals, those seen last first."""
        principal.require(Permission.DEVICES_READ)
        query = select(device_pending).order_by(device_pending.c.last_seen_ms.desc(), device_pending.c.id.desc())
        rows, total = self._page(query, page, page_size)
        return PendingPage([to_pending(row) for row in rows], total)

    # -- inside --------------------------------------------------------------------------------------------

    def _devices(self, query: Select[Any]) -> list[Device]:
        with self._store.read() as conn:
            return [to_device(row) for row in conn.execute(query).mappings()]

    def _page(self, query: Select[Any], page: int, page_size: int) -> tuple[list[Any], int]:
        size = min(max(page_size, 1), PAGE_LIMIT)
        with self._store.read() as conn:
            total = conn.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()
            rows = conn.execute(query.limit(size).offset((max(page, 1) - 1) * size)).mappings().all()
        return list(rows), total

    def _note(self, conn: Connection, protocol: str, phone: str, said: dict[str, Any]) -> bool:
        """Count the attempt of a listed terminal, or list it while there is room."""
        table = device_pending
        again = (
            update(table)
            .where((table.c.protocol == protocol) & (table.c.phone == phone))
            .values(**said, attempts=table.c.attempts + 1)
        )
        if conn.execute(again).rowcount:
            return True
        if conn.execute(select(func.count()).select_from(table)).scalar_one() >= self._max_pending:
            return False
        first = {"protocol": protocol, "phone": phone, "attempts": 1, "first_seen_ms": said["last_seen_ms"]}
        try:
            with conn.begin_nested():
                conn.execute(insert(table), {**said, **first})
        except IntegrityError:  # listed by another gateway since the look above
            conn.execute(again)
        return True

    def _insert_or_reactivate(self, conn: Connection, new: NewDevice) -> Device:
        row = _row(new)
        now_ms = self._clock.now_ms()
        same = (device.c.protocol == row["protocol"]) & (device.c.phone == row["phone"])
        known = conn.execute(select(device.c.id).where(same)).scalar_one_or_none()
        if known is None:
            return _insert(conn, row, now_ms)
        return _change(conn, known, **row, auth_code=None, active=True, updated_ms=now_ms)

    def _record(
        self, conn: Connection, actor: Principal, action: str, devices: Sequence[Device], detail: dict[str, Any]
    ) -> None:
        """One audit row for the act, one event for each terminal."""
        record_audit(
            conn,
            at_ms=self._clock.now_ms(),
            actor=actor,
            action=action,
            object_type="device",
            object_id=str(devices[0].id) if len(devices) == 1 else None,
            detail=detail,
        )
        for one in devices:
            emit(conn, "device.changed", str(one.id), {"device_id": one.id})


def _row(new: NewDevice) -> dict[str, Any]:
    row = asdict(new)
    row["vehicle_class"] = None if new.vehicle_class is None else int(new.vehicle_class)
    row["coordinate_system"] = int(new.coordinate_system)
    return {**row, "phone": normal_phone(new.phone), "phone_sent": new.phone}


def _insert(conn: Connection, row: dict[str, Any], now_ms: int) -> Device:
    values = {**row, "auth_code": None, "active": True, "created_ms": now_ms, "updated_ms": now_ms}
    try:
        made = conn.execute(insert(device).values(**values).returning(*device.c)).mappings().one()
    except IntegrityError as error:
        raise ConflictError(
            f"终端 {row['phone']}（{row['protocol']}）已登记",
            f"the terminal {row['phone']} ({row['protocol']}) is registered already",
            code="device.taken",
            kept=Text("没有登记任何终端", "no terminal was registered"),
            todo=Text("请核对手机号，或启用已有的终端", "check the number, or activate the terminal there is"),
        ) from error
    return to_device(made)


def _change(conn: Connection, device_id: int, **values: Any) -> Device:
    changed = conn.execute(update(device).where(device.c.id == device_id).values(**values).returning(*device.c))
    row = changed.mappings().one_or_none()
    if row is None:
        raise _no_device()
    return to_device(row)


def _take_pending(conn: Connection, pending_id: int) -> PendingDevice:
    """Strike the terminal off the waiting list; of two people at once, one gets it."""
    taken = conn.execute(delete(device_pending).where(device_pending.c.id == pending_id).returning(*device_pending.c))
    row = taken.mappings().one_or_none()
    if row is None:
        raise NotFoundError(
            "这台终端不在待审批列表中",
            "this terminal does not wait for approval",
            code="device.not_pending",
            kept=Text("没有改变任何内容", "nothing was changed"),
            todo=Text("可能已被他人处理，请刷新列表", "somebody may have been faster: look at the list again"),
        )
    return to_pending(row)


def _no_device() -> NotFoundError:
    return NotFoundError("没有这台终端", "there is no such terminal", code="device.missing")

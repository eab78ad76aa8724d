from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from cityops.access import SYSTEM, AuditFilter, Principal, Role, list_audit, verify_audit
from cityops.kit import ConflictError, CoordinateSystem, ForbiddenError, InvalidError, ManualClock, NotFoundError
from cityops.observations import DeviceRegister, DeviceStatus, NewDevice, normal_phone
from cityops.registers import VehicleClass
from cityops.store import Store, metadata

ADMIN = Principal("A1", "admin", "管理员", Role.ADMINISTRATOR)
ANALYST = Principal("A2", "analyst", "分析员", Role.ANALYST)
DISPATCHER = Principal("A3", "dispatcher", "调度员", Role.DISPATCHER)

TRUCK = NewDevice(
    protocol="jt808",
    phone="013912345678",
    terminal_id="T000001",
    vehicle_id="V1",
    unit_id="U1",
    plate="晋A12345",
    vehicle_class=VehicleClass.DANGEROUS_GOODS,
    coordinate_system=CoordinateSystem.GCJ02,
)


@pytest.fixture
def register(store: Store, clock: ManualClock) -> DeviceRegister:
    return DeviceRegister(store, clock, max_pending=3)


def pend(register: DeviceRegister, phone: str, at_ms: int = 1) -> bool:
    return register.note_pending("jt808", phone, "晋A00001", "ACME", "M1", "T1", at_ms)


def test_a_terminal_is_found_whatever_the_zeros(register: DeviceRegister, clock: ManualClock) -> None:
    made = register.create(ADMIN, TRUCK)
    assert (made.phone, made.phone_sent) == ("13912345678", "013912345678")
    assert made.vehicle_class is VehicleClass.DANGEROUS_GOODS
    assert made.coordinate_system is CoordinateSystem.GCJ02
    assert made.active
    assert made.auth_code is None
    assert made.updated_ms == clock.now_ms()
    for phone in ("13912345678", "013912345678", "00000000013912345678"):
        assert register.by_phone("jt808", phone) == made
    assert register.by_phone("gb905", "13912345678") is None
    assert register.get(made.id) == made
    assert register.all() == [made]
    with pytest.raises(NotFoundError):
        register.get(made.id + 1)


@pytest.mark.parametrize("phone", ["", "0", "000000000000", "13912E45678", "-1", "１２３", "1" * 21])
def test_what_is_no_phone_number_is_refused(phone: str) -> None:
    with pytest.raises(InvalidError):
        normal_phone(phone)


def test_one_number_one_terminal_and_all_or_none(register: DeviceRegister) -> None:
    register.create(ADMIN, TRUCK)
    with pytest.raises(ConflictError):
        register.create_many(ADMIN, [replace(TRUCK, phone="2"), replace(TRUCK, phone="13912345678")])
    assert len(register.all()) == 1
    assert len(register.create_many(SYSTEM, [replace(TRUCK, phone=str(number)) for number in range(1, 51)])) == 50
    assert register.create_many(ADMIN, []) == []


def test_only_who_may_approves_and_reads(register: DeviceRegister) -> None:
    pend(register, "1")
    for act in (
        lambda: register.create(DISPATCHER, TRUCK),
        lambda: register.reject_pending(DISPATCHER, 1),
        lambda: register.set_active(DISPATCHER, 1, False),
        lambda: register.list_devices(ANALYST),
        lambda: register.list_pending(ANALYST),
        lambda: register.approve(DISPATCHER, 1, vehicle_id=None, unit_id=None, plate=None, vehicle_class=None),
    ):
        with pytest.raises(ForbiddenError):
            act()
    assert register.all() == []
    assert register.list_pending(DISPATCHER).total == 1


def test_the_way_of_an_unknown_terminal(register: DeviceRegister, store: Store, clock: ManualClock) -> None:
    assert pend(register, "013800000001", at_ms=5)
    assert register.note_pending("jt808", "13800000001", "晋A99999\x00\n", "厂" * 40, None, "T\x009", 9)
    [waiting] = register.list_pending(ADMIN).items
    assert (waiting.attempts, waiting.first_seen_ms, waiting.last_seen_ms) == (2, 5, 9)
    assert (waiting.plate, waiting.maker, waiting.model, waiting.terminal_id) == ("晋A99999", "厂" * 32, None, "T9")
    clock.advance(3_600)
    before_ms = clock.now_ms()
    clock.advance(1)
    made = register.approve(
        ADMIN, waiting.id, vehicle_id="V9", unit_id="U9", plate="晋A99999", vehicle_class=VehicleClass.TRUCK
    )
    assert (made.phone, made.plate, made.terminal_id, made.active) == ("13800000001", "晋A99999", "T9", True)
    assert register.changed_after(before_ms) == [made]
    assert register.list_pending(ADMIN).total == 0
    with pytest.raises(NotFoundError):
        register.approve(ADMIN, waiting.id, vehicle_id=None, unit_id=None, plate=None, vehicle_class=None)
    [event] = store.events_after(0, 10, {"device.changed"})
    assert (event.key, event.payload) == (str(made.id), {"device_id": made.id})
    with store.read() as conn:
        [entry] = list_audit(conn, SYSTEM, AuditFilter(action="device.approve")).items
        assert verify_audit(conn).ok
    assert (entry.actor_id, entry.object_id) == ("A1", str(made.id))


def test_a_rejected_terminal_may_ask_again(register: DeviceRegister) -> None:
    pend(register, "1")
    [waiting] = register.list_pending(ADMIN).items
    register.reject_pending(ADMIN, waiting.id)
    assert register.list_pending(ADMIN).total == 0
    assert pend(register, "1")
    assert register.list_pending(ADMIN).items[0].attempts == 1


def test_the_waiting_list_is_bounded_and_overflow_is_loud(
    register: DeviceRegister, caplog: pytest.LogCaptureFixture
) -> None:
    assert [pend(register, str(number), at_ms=number) for number in range(1, 7)] == [True] * 3 + [False] * 3
    assert register.pending_refused == 3
    assert "3 terminals wait for approval" in caplog.text
    assert pend(register, "2", at_ms=50)
    assert [(one.phone, one.attempts) for one in register.list_pending(ADMIN).items] == [("2", 2), ("3", 1), ("1", 1)]
    assert [one.phone for one in register.list_pending(ADMIN, page=2, page_size=2).items] == ["1"]


def test_a_deactivated_terminal_is_approved_anew(register: DeviceRegister) -> None:
    made = register.create(ADMIN, TRUCK)
    register.issue_auth_code(made.id)
    assert register.set_active(ADMIN, made.id, False).active is False
    pend(register, TRUCK.phone)
    [waiting] = register.list_pending(ADMIN).items
    again = register.approve(
        ADMIN, waiting.id, vehicle_id="V2", unit_id="U2", plate="晋B00001", vehicle_class=VehicleClass.COACH
    )
    assert (again.id, again.active, again.vehicle_id, again.auth_code) == (made.id, True, "V2", None)


def test_authentication_codes(register: DeviceRegister, clock: ManualClock) -> None:
    made = register.create(ADMIN, TRUCK)
    clock.advance(60)
    first, second = register.issue_auth_code(made.id), register.issue_auth_code(made.id)
    assert first != second
    assert len(second) == 16
    found = register.get(made.id)
    assert (found.auth_code, found.updated_ms) == (second, clock.now_ms())
    with pytest.raises(NotFoundError):
        register.issue_auth_code(999)


def test_changes_are_found_with_overlap(register: DeviceRegister, clock: ManualClock) -> None:
    old = register.create(ADMIN, TRUCK)
    clock.advance(60)
    young = register.create(ADMIN, replace(TRUCK, phone="2"))
    assert register.changed_after(clock.now_ms()) == [young]
    assert register.changed_after(clock.now_ms() + 9_000) == [young]
    assert register.changed_after(clock.now_ms() + 10_000) == []
    assert register.changed_after(0) == [old, young]


def test_connection_states(register: DeviceRegister) -> None:
    made = register.create_many(ADMIN, [replace(TRUCK, phone=str(n), plate=f"晋A0000{n}") for n in (1, 2, 3)])
    register.flush_status([])
    first = DeviceStatus(made[0].id, True, 5, "10.0.0.1:7", {"frames": 3})
    register.flush_status([first, DeviceStatus(made[1].id, True, 6, None, {}), replace(first, last_seen_ms=8)])
    assert register.status(made[0].id) == replace(first, last_seen_ms=8)
    assert register.status(made[2].id) is None
    page = register.list_devices(ADMIN)
    assert page.total == 3
    assert [row.device for row in page.items] == made
    assert [row.status.last_seen_ms if row.status else None for row in page.items] == [8, 6, None]
    assert [row.device.id for row in register.list_devices(ADMIN, online=True).items] == [made[0].id, made[1].id]
    assert register.mark_all_offline() == 2
    assert register.mark_all_offline() == 0
    assert register.list_devices(ADMIN, online=False).total == 3
    register.flush_status([replace(first, counters={"frames": 4})])
    assert register.list_devices(ADMIN, online=True).items[0].status == replace(first, counters={"frames": 4})


def test_the_list_is_paged_searched_and_scoped(register: DeviceRegister) -> None:
    register.create_many(ADMIN, [replace(TRUCK, phone=str(n), plate=f"晋A1000{n}") for n in range(1, 6)])
    page = register.list_devices(DISPATCHER, page=2, page_size=2)
    assert ([row.device.phone for row in page.items], page.total) == (["3", "4"], 5)
    assert [row.device.phone for row in register.list_devices(ADMIN, q="A10004").items] == ["4"]
    assert register.list_devices(ADMIN, q="%").total == 0
    assert register.list_devices(replace(DISPATCHER, area_codes=("140105",))).total == 0


def test_two_gateways_may_note_the_same_terminal_at_once(register: DeviceRegister, store: Store) -> None:
    threads = [threading.Thread(target=pend, args=(register, "7", at_ms)) for at_ms in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [waiting] = register.list_pending(ADMIN).items
    assert waiting.attempts == 8
    with store.read() as conn:
        assert conn.execute(select(func.count()).select_from(metadata.tables["device_pending"])).scalar_one() == 1

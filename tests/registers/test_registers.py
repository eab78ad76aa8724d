from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.access import SYSTEM, Principal, Role, Units
from cityops.kit import ConfigError, ConflictError, IdMaker, InvalidError, ManualClock, NotFoundError, Words
from cityops.registers import VEHICLE, RegisterField, Registers, RegisterSpec, RegisterState, VehicleClass
from cityops.store import Store

WORDS = Words(zh="词", en="word")
CAMERA = RegisterSpec(
    name="camera",
    title=WORDS,
    states={"active": RegisterState(title=WORDS), "faulty": RegisterState(title=WORDS)},
    fields=(RegisterField(name="note", title=WORDS),),
    write=(Role.DISPATCHER,),
)
BRIDGE = RegisterSpec(name="bridge", title=WORDS)
TRUCK = {"plate_color": "yellow", "vehicle_class": "truck"}


@pytest.fixture
def registers(store: Store, clock: ManualClock, ids: IdMaker) -> Registers:
    return Registers(store, clock, ids, (CAMERA, BRIDGE))


@pytest.fixture
def enterprise(store: Store, clock: ManualClock, ids: IdMaker) -> str:
    return Units(store, clock, ids).create(SYSTEM, code="E1", name="晋通运输（演示）", kind="enterprise").id


def person(role: Role, *, unit_id: str | None = None, areas: tuple[str, ...] = ()) -> Principal:
    return Principal("01ACCOUNT", "someone", "某人", role, unit_id=unit_id, area_codes=areas)


def test_create_get_find(registers: Registers, enterprise: str, clock: ManualClock) -> None:
    made = registers.create(
        SYSTEM,
        register=VEHICLE,
        code="晋A12345",
        title="重型货车",
        unit_id=enterprise,
        data={**TRUCK, "synthetic": True},
    )
    assert (made.version, made.state, made.created_ms) == (1, "active", clock.now_ms())
    assert registers.get(SYSTEM, made.id) == made
    assert registers.find(SYSTEM, VEHICLE, "晋A12345") == made
    assert registers.find(SYSTEM, VEHICLE, "晋A00000") is None
    assert registers.find(SYSTEM, "camera", "晋A12345") is None
    with pytest.raises(NotFoundError):
        registers.find(SYSTEM, "tunnel", "晋A12345")


def test_change_and_history(registers: Registers, clock: ManualClock) -> None:
    made = registers.create(SYSTEM, register="camera", code="C1", title="唐槐路口", lon=112.6, lat=37.75)
    clock.advance(60)
    dispatcher = person(Role.DISPATCHER)
    changed = registers.update(dispatcher, made.id, 1, {"state": "faulty", "title": "唐槐路口"}, reason="无画面")
    assert (changed.version, changed.state, changed.updated_ms) == (2, "faulty", made.created_ms + 60_000)
    assert registers.get(SYSTEM, made.id) == changed
    first, second = registers.history(SYSTEM, made.id)
    assert (first.version, first.changes["code"], first.actor_id) == (1, [None, "C1"], "system")
    assert (second.version, second.changes, second.actor_name, second.reason) == (
        2, {"state": ["active", "faulty"]}, "某人", "无画面",
    )  # fmt: skip


def test_the_second_of_two_changes_of_one_version_is_refused(registers: Registers) -> None:
    made = registers.create(SYSTEM, register="camera", code="C1", title="a")
    registers.update(SYSTEM, made.id, 1, {"title": "b"})
    with pytest.raises(ConflictError, match="version 2"):
        registers.update(SYSTEM, made.id, 1, {"title": "c"})
    assert registers.get(SYSTEM, made.id).title == "b"
    assert len(registers.history(SYSTEM, made.id)) == 2


def test_of_eight_changes_at_the_same_time_one_wins(registers: Registers) -> None:
    made = registers.create(SYSTEM, register="camera", code="C1", title="a")
    won: list[str] = []
    refused: list[str] = []
    start = threading.Barrier(8)

    def change(title: str) -> None:
        start.wait()
        try:
            won.append(registers.update(SYSTEM, made.id, 1, {"title": title}).title)
        except ConflictError:
            refused.append(title)

    threads = [threading.Thread(target=change, args=(f"t{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(refused)) == (1, 7)
    assert registers.get(SYSTEM, made.id).title == won[0]


def test_a_code_is_unique_in_its_register(registers: Registers) -> None:
    registers.create(SYSTEM, register="camera", code="C1", title="a")
    registers.create(SYSTEM, register="bridge", code="C1", title="a")
    other = registers.create(SYSTEM, register="camera", code="C2", title="b")
    with pytest.raises(ConflictError):
        registers.create(SYSTEM, register="camera", code="C1", title="b")
    with pytest.raises(ConflictError):
        registers.update(SYSTEM, other.id, 1, {"code": "C1"})
    assert registers.get(SYSTEM, other.id).version == 1
    with pytest.raises(ConflictError):
        registers.create(SYSTEM, register="camera", code="C3", title="b", unit_id="01NOSUCHUNIT")


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": ""},
        {"code": " x"},
        {"code": "x" * 65},
        {"title": ""},
        {"lon": 112.5},
        {"lon": 181.0, "lat": 37.0},
        {"lon": float("nan"), "lat": 37.0},
        {"register": VEHICLE, "data": {}},
        {"register": VEHICLE, "data": {**TRUCK, "vehicle_class": "tank"}},
        {"register": VEHICLE, "data": {"vehicle_class": "truck"}},
        {"register": VEHICLE, "data": {**TRUCK, "driving_limit_h": 0}},
        {"register": VEHICLE, "data": {**TRUCK, "driving_limit_h": True}},
        {"register": VEHICLE, "data": {**TRUCK, "driving_limit_h": 24.5}},
        {"register": VEHICLE, "data": {**TRUCK, "owner": "某人"}},
        {"state": "away"},
    ],
)
def test_wrong_input_is_refused_and_nothing_is_kept(
    sqlite_store: Store, clock: ManualClock, ids: IdMaker, wrong: dict[str, Any]
) -> None:
    registers = Registers(sqlite_store, clock, ids, (CAMERA,))
    with pytest.raises(InvalidError):
        registers.create(SYSTEM, **{"register": "camera", "code": "C1", "title": "a", **wrong})
    assert registers.list(SYSTEM, wrong.get("register", "camera")).total == 0


def test_only_known_fields_can_be_changed(sqlite_store: Store, clock: ManualClock, ids: IdMaker) -> None:
    registers = Registers(sqlite_store, clock, ids, (CAMERA,))
    made = registers.create(SYSTEM, register="camera", code="C1", title="a")
    for name in ("id", "version", "created_ms", "register", "password"):
        with pytest.raises(InvalidError, match=name):
            registers.update(SYSTEM, made.id, 1, {name: "x"})
    assert registers.get(SYSTEM, made.id) == made


def test_each_person_sees_their_own(registers: Registers, enterprise: str) -> None:
    mine = registers.create(
        SYSTEM, register=VEHICLE, code="晋A11111", title="x", unit_id=enterprise, area_code="140105", data=TRUCK
    )
    other = registers.create(SYSTEM, register=VEHICLE, code="晋A22222", title="y", area_code="140106001", data=TRUCK)
    codes = {
        "whole city": registers.list(person(Role.DISPATCHER), VEHICLE),
        "enterprise": registers.list(person(Role.ENTERPRISE, unit_id=enterprise), VEHICLE),
        "no unit": registers.list(person(Role.ENTERPRISE), VEHICLE),
        "小店": registers.list(person(Role.DISTRICT, areas=("140105",)), VEHICLE),
        "迎泽": registers.list(person(Role.DISTRICT, areas=("140106",)), VEHICLE),
        "no area": registers.list(person(Role.DISTRICT), VEHICLE),
    }
    assert {who: [item.code for item in page.items] for who, page in codes.items()} == {
        "whole city": ["晋A11111", "晋A22222"],
        "enterprise": ["晋A11111"],
        "no unit": [],
        "小店": ["晋A11111"],
        "迎泽": ["晋A22222"],
        "no area": [],
    }
    stranger = person(Role.ENTERPRISE, unit_id=enterprise)
    assert registers.get(stranger, mine.id) == mine
    for act in (
        lambda: registers.get(stranger, other.id),
        lambda: registers.history(stranger, other.id),
        lambda: registers.update(stranger, other.id, 1, {"title": "z"}),
    ):
        with pytest.raises(NotFoundError):
            act()
    assert registers.find(stranger, VEHICLE, "晋A22222") is None


def test_list_by_page_and_text(registers: Registers) -> None:
    for number in range(5):
        registers.create(SYSTEM, register="camera", code=f"C{number}", title=f"路口 100%{number}")
    page = registers.list(SYSTEM, "camera", page=2, page_size=2)
    assert ([item.code for item in page.items], page.total) == (["C2", "C3"], 5)
    assert [item.code for item in registers.list(SYSTEM, "camera", q="100%3").items] == ["C3"]
    assert [item.code for item in registers.list(SYSTEM, "camera", q="%").items] == [f"C{n}" for n in range(5)]
    assert registers.list(SYSTEM, "camera", q="_1").total == 0
    assert registers.list(SYSTEM, "camera", state="faulty").total == 0


def test_two_registers_of_one_name_do_not_start(sqlite_store: Store, clock: ManualClock, ids: IdMaker) -> None:
    with pytest.raises(ConfigError, match="camera"):
        Registers(sqlite_store, clock, ids, (CAMERA, BRIDGE, CAMERA))


def test_vehicle_classes_keep_their_numbers() -> None:
    assert [(found.value, found.word) for found in VehicleClass] == [
        (0, "truck"), (1, "dangerous_goods"), (2, "coach"),
    ]  # fmt: skip


@given(st.text(max_size=20))
def test_a_class_is_read_from_its_word_only(word: str) -> None:
    words = {found.word for found in VehicleClass}
    if word in words:
        assert VehicleClass.parse(word).word == word
    else:
        with pytest.raises(InvalidError):
            VehicleClass.parse(word)

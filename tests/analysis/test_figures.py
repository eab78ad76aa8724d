"""Boards: every figure is worked out here by hand from five objects, three inspections and two hazards."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import insert

from cityops.access import SYSTEM, Principal, Role, UnitKind, Units, list_audit
from cityops.analysis.figures import Figure, Figures, FigureSpec, NewReported
from cityops.cases import case_table
from cityops.inspections import hazard_table, inspection_table
from cityops.kit import ForbiddenError, IdMaker, InvalidError, ManualClock, NotFoundError, Words
from cityops.registers import FieldOption, RegisterField, Registers, RegisterSpec
from cityops.store import Store

WORDS = Words(zh="数", en="Number")
SHELTER = RegisterSpec(
    name="shelter",
    title=WORDS,
    read=(Role.ANALYST, Role.DISTRICT, Role.SHIFT_LEADER, Role.DISPATCHER),
    write=(Role.UNIT,),
    fields=(
        RegisterField(name="area_m2", title=WORDS, kind="number"),
        RegisterField(name="people", title=WORDS, kind="integer"),
        RegisterField(name="open", title=WORDS, kind="boolean"),
        RegisterField(
            name="tags",
            title=WORDS,
            kind="choices",
            options=tuple(FieldOption(value=one, title=WORDS) for one in ("a", "a_b", "ab")),
        ),
        RegisterField(
            name="kind",
            title=WORDS,
            kind="choice",
            options=tuple(FieldOption(value=one, title=WORDS) for one in ("school", "park")),
        ),
    ),
)
OTHER = RegisterSpec(
    name="other",
    title=WORDS,
    read=(Role.DISPATCHER,),
    scope="city",
    fields=(RegisterField(name="area_m2", title=WORDS), RegisterField(name="open", title=WORDS)),
)
OBJECTS: list[tuple[str, str, str, str, dict[str, Any]]] = [
    # code, unit, area, state, data
    ("S1", "one", "140105", "active", {"area_m2": 100.5, "people": 40, "open": True, "kind": "school", "tags": ["a"]}),
    ("S2", "one", "140105", "active", {"area_m2": 50, "people": 10, "open": False, "kind": "park", "tags": ["ab"]}),
    ("S3", "two", "140106", "active", {"area_m2": 49.5, "people": 50, "open": True, "tags": ["a", "a_b"]}),
    ("S4", "two", "140106", "active", {"kind": "park"}),
    ("S5", "two", "140106", "archived", {"area_m2": 1000, "people": 1, "open": True, "kind": "school"}),
]


def spec(name: str, **more: Any) -> FigureSpec:
    return FigureSpec.model_validate({"name": name, "title": WORDS, "register": "shelter", **more})


def when(field: str, **more: Any) -> list[dict[str, Any]]:
    return [{"field": field, **more}]


BOARD = (
    spec("all", reported={"value": 5, "source": "通报"}, target=4),
    spec("over", reported={"value": 3, "source": "通报", "at_least": True}, target=5),
    spec("archived", when=when("state", any_of=["archived"])),
    spec("open", when=when("open", any_of=[True])),
    spec("schools", when=when("kind", any_of=["school"])),
    spec("tagged_a", when=when("tags", any_of=["a"])),
    spec("tagged_a_b", when=when("tags", any_of=["a_b"])),
    spec("crowded", when=when("people", least=40)),
    spec("between", when=when("people", least=10, most=40)),
    spec("both", when=[*when("open", any_of=[True]), *when("people", most=40)]),
    spec("area", measure="sum", field="area_m2", decimals=1),
    spec("people", measure="sum", field="people", reported={"value": 100, "source": "年鉴", "on": "2026-01-01"}),
    spec("area_each", measure="sum", field="area_m2", per="people", decimals=2, target=2),
    spec("share_open", when=when("open", any_of=[True]), per="all", decimals=1, unit={"zh": "%", "en": "%"}),
    spec("per_nothing", per="none"),
    spec("none", when=when("people", least=99)),
    spec("inspections", of="inspections"),
    spec("inspections_of_schools", of="inspections", when=when("kind", any_of=["school"])),
    spec("tonnes", of="inspections", measure="sum", field="tonnes", decimals=1),
    spec("hazards", of="hazards"),
)


@pytest.fixture
def registers(store: Store, clock: ManualClock, ids: IdMaker) -> Registers:
    registers = Registers(store, clock, ids, [SHELTER, OTHER])
    units = Units(store, clock, ids)
    made = {
        code: units.create(SYSTEM, code=code, name=code, kind=UnitKind.DEPARTMENT, area_code="140100").id
        for code in ("one", "two")
    }
    objects = {}
    for code, unit, area, state, data in OBJECTS:
        objects[code] = registers.create(
            SYSTEM,
            register="shelter",
            code=code,
            title=code,
            unit_id=made[unit],
            area_code=area,
            state=state,
            data=data,
        ).id
    # A field of the same name that is a text: no query may read it as a number.
    registers.create(SYSTEM, register="other", code="O", title="O", data={"area_m2": "wide", "open": "often"})
    store.write(lambda conn: _inspect(conn, ids, objects))
    return registers


def _inspect(conn: Any, ids: IdMaker, objects: dict[str, str]) -> None:
    for code, tonnes in (("S1", 1.5), ("S1", None), ("S3", 2.25)):
        row = {
            "id": ids.next(), "scene": "emergency", "plan": "p", "register": "shelter", "object_id": objects[code],
            "client_id": ids.next(), "inspector_id": "x", "inspector_name": "x", "started_ms": 1, "finished_ms": 2,
            "received_ms": 3, "result": "passed", "asked": 0, "failed": 0, "left_out": 0, "comment": "",
            "figures": {} if tonnes is None else {"tonnes": tonnes},
        }  # fmt: skip
        conn.execute(insert(inspection_table), row)
    for code, state in (("S1", "issued"), ("S3", "closed"), ("S3", "void")):
        case_id = ids.next()
        case = {
            "id": case_id, "number": case_id, "scene": "emergency", "kind": "rectification", "title_zh": "x",
            "title_en": "x", "state": state, "severity": 1, "place": {}, "opened_ms": 1, "changed_ms": 1, "version": 1,
        }  # fmt: skip
        conn.execute(insert(case_table), case)
        row = {"case_id": case_id, "object_id": objects[code], "grade": "general", "found_ms": 1}
        conn.execute(insert(hazard_table), row)


@pytest.fixture
def figures(store: Store, clock: ManualClock, ids: IdMaker, registers: Registers) -> Figures:
    other = FigureSpec.model_validate({"name": "other", "title": WORDS, "register": "other"})
    return Figures(store, clock, ids, registers, {"emergency": (*BOARD, other), "empty": ()})


def person(role: Role, **more: Any) -> Principal:
    scope: dict[str, Any] = {"unit_id": None, "unit_name": None, "area_codes": (), "crew_id": None, **more}
    return Principal("p", "p", "某人", role, **scope)


ANALYST, LEADER = person(Role.ANALYST), person(Role.SHIFT_LEADER)


def by_name(board: list[Figure]) -> dict[str, Figure]:
    return {one.spec.name: one for one in board}


def test_every_figure_is_what_the_items_give(figures: Figures) -> None:
    values = {name: one.value for name, one in by_name(figures.board(ANALYST, "emergency")).items()}
    assert values == {
        "all": 4,  # S5 is archived
        "over": 4,
        "archived": 1,
        "open": 2,  # S1, S3
        "schools": 1,
        "tagged_a": 2,  # S1, S3; ab and a_b are other options
        "tagged_a_b": 1,
        "crowded": 2,  # 40 and 50: the bound counts
        "between": 2,
        "both": 1,
        "area": 200.0,
        "people": 100,
        "area_each": 2.0,
        "share_open": 50.0,
        "per_nothing": None,
        "none": 0,
        "inspections": 3,
        "inspections_of_schools": 2,
        "tonnes": 3.8,  # 3.75, to one decimal
        "hazards": 2,  # the voided one was none
    }


def test_targets_and_contradictions_are_said(figures: Figures) -> None:
    board = by_name(figures.board(ANALYST, "emergency"))
    assert [board[name].reached for name in ("all", "over", "area_each", "open")] == [True, False, True, None]
    assert board["all"].contradicts
    assert board["all"].reported is not None
    assert (board["all"].value, board["all"].reported.value, board["all"].reported.source) == (4, 5, "通报")
    assert not board["over"].contradicts  # over three is not contradicted by four
    assert not board["people"].contradicts
    assert board["people"].reported is not None
    assert board["people"].reported.on == date(2026, 1, 1)
    assert board["open"].reported is None


def test_somebody_who_sees_a_part_gets_figures_of_that_part_and_no_report_beside_them(figures: Figures) -> None:
    district = by_name(figures.board(person(Role.DISTRICT, area_codes=("140106",)), "emergency"))
    assert (district["all"].value, district["people"].value, district["hazards"].value) == (2, 50, 1)
    assert (district["all"].reported, district["all"].contradicts) == (None, False)


def test_a_register_that_somebody_does_not_read_is_not_on_the_board(figures: Figures) -> None:
    assert "other" not in by_name(figures.board(ANALYST, "emergency"))
    assert by_name(figures.board(person(Role.DISPATCHER), "emergency"))["other"].value == 1
    assert figures.board(person(Role.AUDITOR), "emergency") == []
    assert figures.board(ANALYST, "empty") == []
    with pytest.raises(NotFoundError):
        figures.board(ANALYST, "nowhere")
    with pytest.raises(NotFoundError):
        figures.history(ANALYST, "emergency", "other")


def test_a_typed_in_figure_replaces_the_declared_one_and_history_is_kept(
    figures: Figures, store: Store, clock: ManualClock
) -> None:
    figures.report(LEADER, "emergency", "all", NewReported(6, " 月报 ", date(2026, 11, 1)))
    clock.advance(60)
    figures.report(LEADER, "emergency", "all", NewReported(4, "更正", date(2026, 11, 2)))
    all_ = by_name(figures.board(ANALYST, "emergency"))["all"]
    assert not all_.contradicts
    assert all_.reported is not None
    assert (all_.reported.source, all_.reported.entered_by) == ("更正", "某人")
    assert [(one.value, one.source) for one in figures.history(ANALYST, "emergency", "all")] == [
        (4, "更正"),
        (6, "月报"),
        (5, "通报"),
    ]
    with store.read() as conn:
        actions = [entry.action for entry in list_audit(conn, SYSTEM).items]
    assert actions.count("figure.report") == 2


@pytest.mark.parametrize(
    "new", [NewReported(float("nan"), "s", date(2026, 1, 1)), NewReported(1, "  ", date(2026, 1, 1))]
)
def test_a_report_that_is_none_is_refused(figures: Figures, new: NewReported) -> None:
    with pytest.raises(InvalidError):
        figures.report(LEADER, "emergency", "all", new)
    assert len(figures.history(LEADER, "emergency", "all")) == 1


def test_only_who_keeps_the_registers_reports(figures: Figures) -> None:
    with pytest.raises(ForbiddenError):
        figures.report(ANALYST, "emergency", "all", NewReported(1, "s", date(2026, 1, 1)))

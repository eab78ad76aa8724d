"""Routing: the most specific row wins and says why; conflicts are found; xlsx there and back."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from cityops.cases.catalogue import (
    NATIONAL,
    Catalogue,
    ItemKey,
    Kind,
    Route,
    RoutedCase,
    Router,
    export_routes,
    import_routes,
)
from cityops.kit import InvalidError

CATALOGUE = Catalogue.built_in()
TODAY = date(2026, 11, 22)
LAMP = ItemKey(NATIONAL, Kind.MATTER, "01037")
GRID = "140105003001002"


def route(code: str = "", area: str = "", source: str = "", unit: str = "U", **more: Any) -> Route:
    return Route(NATIONAL if code else "", code, area, source, unit, **more)


def case(area: str = GRID, source: str = "hotline", on: date = TODAY) -> RoutedCase:
    return RoutedCase(LAMP, area, source, on)


TABLE = [
    route(unit="指挥中心"),
    route("01", unit="市政公用中心"),
    route("01037", unit="路灯所"),
    route("01037", area="140105", unit="小店路灯班"),
    route("01037", area="140105", source="hotline", unit="热线专班"),
    route("01037", area="140106", unit="迎泽路灯班"),
    route("06", area=GRID, unit="网格保洁"),
    route(source="tip_off", unit="督查"),
]


@pytest.mark.parametrize(
    ("asked", "unit"),
    [
        (case(), "热线专班"),
        (case(source="field"), "小店路灯班"),
        (case(area="140107001"), "路灯所"),
        (case(area=""), "路灯所"),
        (RoutedCase(ItemKey(NATIONAL, Kind.MATTER, "01001"), GRID, "tip_off", TODAY), "市政公用中心"),
        (RoutedCase(ItemKey(NATIONAL, Kind.MATTER, "06010"), GRID, "field", TODAY), "网格保洁"),
        (RoutedCase(ItemKey(NATIONAL, Kind.MATTER, "06010"), "140105003001003", "field", TODAY), "指挥中心"),
        (RoutedCase(ItemKey("地方", Kind.MATTER, "01037"), GRID, "tip_off", TODAY), "督查"),
    ],
)
def test_the_most_specific_row_wins(asked: RoutedCase, unit: str) -> None:
    winner = Router(TABLE).decide(asked)
    assert winner is not None
    assert winner.unit_id == unit


def test_the_explanation_lists_what_was_considered() -> None:
    decision = Router(TABLE).explain(case())
    assert decision.words.en == (
        f"To 热线专班: of 5 rows that fit, that for matter {NATIONAL} 01037, area 140105, source hotline is the most "
        "specific."
    )
    assert [(row.route.unit_id, row.fits, row.why.en) for row in decision.considered] == [
        ("热线专班", True, "fits, and is the most specific"),
        ("小店路灯班", True, "fits, but another is more specific"),
        ("路灯所", True, "fits, but another is more specific"),
        ("市政公用中心", True, "fits, but another is more specific"),
        ("指挥中心", True, "fits, but another is more specific"),
        ("迎泽路灯班", False, "the place is not in 140106"),
        ("督查", False, "the source is not tip_off"),
    ]
    assert decision.total == 7


def test_no_row_leaves_it_to_the_dispatcher() -> None:
    decision = Router([route("06", unit="保洁")]).explain(case())
    assert decision.winner is None
    assert decision.words.zh == "没有适用的派遣规则（看过 0 条），由派遣员决定。"


def test_a_city_replaces_a_row_and_adds_others() -> None:
    overlay = [route("01037", area="140105", unit="新路灯公司", joint_unit_ids=("供电所",), role="lead")]
    decision = Router(TABLE, overlay).explain(case(source="field"))
    assert decision.winner is overlay[0]
    replaced = next(row for row in decision.considered if row.route.unit_id == "小店路灯班")
    assert (replaced.overlay, replaced.why.en) == (False, "fits, but the city's own row replaces it")
    # A more specific base row still wins over the overlay's.
    still = Router(TABLE, overlay).decide(case())
    assert still is not None
    assert still.unit_id == "热线专班"


def test_rows_are_dated() -> None:
    old, new = route("01037", unit="旧", valid_to=TODAY), route("01037", unit="新", valid_from=TODAY)
    router = Router([old, new])
    assert router.decide(case(on=date(2026, 11, 21))) is old
    decision = router.explain(case())
    assert decision.winner is new
    assert decision.considered[1].why.en == "not in force on 2026-11-22"


def test_conflicts_and_unknown_units_are_found_at_load() -> None:
    with pytest.raises(InvalidError, match=f"two equal rows for matter {NATIONAL} 01037, area 140105, source any"):
        Router([*TABLE, route("01037", area="140105", unit="另一个")])
    with pytest.raises(InvalidError, match="no such unit: U2"):
        Router([route(unit="U1", joint_unit_ids=("U2",))], units={"U1"})


@pytest.mark.parametrize(
    "changes",
    [
        {"code": "010"},
        {"standard": "", "code": "01037"},
        {"standard": NATIONAL, "code": ""},
        {"area": "小店"},
        {"unit_id": ""},
        {"joint_unit_ids": ("U",)},
        {"joint_unit_ids": ("A", "A")},
        {"valid_from": TODAY, "valid_to": TODAY},
        {"note": "a\x00"},
    ],
)
def test_unsound_rows_are_refused(changes: dict[str, Any]) -> None:
    sound: dict[str, Any] = {"standard": NATIONAL, "code": "01037", "area": "", "source": "", "unit_id": "U"}
    with pytest.raises(InvalidError) as raised:
        Route(**{**sound, **changes})
    assert raised.value.code == "routing.form"


codes = st.sampled_from(["", "01", "06", "01037", "01001", "06010"])
areas = st.sampled_from(["", "14", "140105", "140105003", "140105003001", GRID, "140106"])
sources = st.sampled_from(["", "hotline", "field"])
days = st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31))
tables = st.lists(st.tuples(codes, areas, sources), max_size=12, unique=True)


@given(tables, st.sampled_from(["01037", "01001", "06010"]), areas, sources, st.randoms(use_true_random=False))
def test_one_row_wins_whatever_the_order(
    patterns: list[tuple[str, str, str]], code: str, area: str, source: str, shuffler: Any
) -> None:
    """Brute force: among rows that fit, the winner beats every other in matter, then place, then source."""
    table = [route(*pattern, unit=f"U{number}") for number, pattern in enumerate(patterns)]
    asked = RoutedCase(ItemKey(NATIONAL, Kind.MATTER, code), area, source, TODAY)
    fitting = [
        one
        for one in table
        if one.code in ("", code, code[:2]) and area.startswith(one.area) and one.source in ("", source)
    ]
    winner = Router(table).decide(asked)
    shuffler.shuffle(table)
    assert Router(table).decide(asked) == winner
    assert (winner is None) == (not fitting)
    for other in fitting:
        assert winner is not None
        if other == winner:
            continue
        mine, theirs = (len(winner.code), len(winner.area)), (len(other.code), len(other.area))
        assert mine > theirs or (mine == theirs and winner.source and not other.source)


@settings(max_examples=40)
@given(tables, days, days, st.lists(st.text("甲乙U1", min_size=1, max_size=4), max_size=3, unique=True))
def test_an_exported_table_is_imported_without_loss(
    patterns: list[tuple[str, str, str]], begin: date | None, end: date | None, joint: list[str]
) -> None:
    if begin is not None and end is not None and begin >= end:
        end = None
    table = [
        route(*pattern, unit="主", joint_unit_ids=tuple(joint), role="lead", valid_from=begin, valid_to=end, note="=1")
        for pattern in patterns
    ]
    imported = import_routes(export_routes(table), CATALOGUE)
    assert imported.errors == []
    assert imported.accept() == table


def test_import_errors_name_their_rows() -> None:
    book = load_workbook(io.BytesIO(export_routes(TABLE)))
    sheet = book.worksheets[0]
    sheet["B3"], sheet["B4"], sheet["C5"], sheet["E6"], sheet["H7"] = "77", 1037, "小店", None, "明天"
    sheet["D9"] = None
    buffer = io.BytesIO()
    book.save(buffer)
    imported = import_routes(buffer.getvalue(), CATALOGUE, {one.unit_id for one in TABLE} - {"网格保洁"})
    assert [(error.row, error.column, error.text.en) for error in imported.errors] == [
        (2, "", "two equal rows for matter any, area any, source any"),
        (3, "", f"no entry or class 77 in {NATIONAL} (keep the code as text, with its leading zeros)"),
        (4, "", f"no entry or class 1037 in {NATIONAL} (keep the code as text, with its leading zeros)"),
        (5, "", "the row is not sound: the area is digits of a division or grid code"),
        (6, "主办单位", "must not be empty"),
        (7, "生效日期", "write a day as 2026-07-01: 明天"),
        (8, "主办单位", "no such unit: 网格保洁"),
        (9, "", "two equal rows for matter any, area any, source any"),
    ]
    assert imported.valid == []


def test_an_explanation_is_bounded_and_says_how_many_there_were() -> None:
    table = [route("01037", area=f"1401050{number:02d}", unit=f"U{number}") for number in range(60)]
    decision = Router(table).explain(case(area="140105059001"))
    assert decision.winner is not None
    assert decision.winner.unit_id == "U59"
    assert (len(decision.considered), decision.total) == (50, 60)
    assert decision.considered[0].route is decision.winner

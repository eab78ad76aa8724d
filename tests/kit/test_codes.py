"""Codes against published ones, and their check digits by property."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.kit import CreditCode, DivisionCode, DivisionLevel, InvalidError, Plate, PlateKind
from cityops.kit.codes import credit_check_digit, organisation_check_digit

CREDIT_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
PUBLISHED = [
    "91350100M000100Y43",  # the example of GB 32100-2015
    "91330100799655058B",  # well-known companies, from the public register
    "9144030071526726XG",
    "91110000802100433B",
    "914403001922038216",
    "91110108551385082Q",
]


@pytest.mark.parametrize("text", PUBLISHED)
def test_published_credit_codes_are_valid(text: str) -> None:
    assert CreditCode.parse(text).text == text


def test_a_credit_code_tells_its_parts_and_forgives_typing() -> None:
    code = CreditCode.parse(" ９１４４０３００　71526726xg ")
    assert (str(code), code.division, code.organisation) == ("9144030071526726XG", "440300", "71526726X")


@given(st.sampled_from(PUBLISHED), st.integers(0, 17), st.sampled_from(CREDIT_LETTERS))
def test_one_wrong_character_is_always_found(text: str, place: int, letter: str) -> None:
    changed = text[:place] + letter + text[place + 1 :]
    if changed != text:
        with pytest.raises(InvalidError) as caught:
            CreditCode.parse(changed)
        assert caught.value.code == "code.credit"


@given(
    st.text("0123456789", min_size=7, max_size=7), st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=8, max_size=8)
)
def test_computed_check_digits_make_a_valid_code(head: str, organisation: str) -> None:
    body = "9" + head + organisation + organisation_check_digit(organisation)
    assert CreditCode.parse(body + credit_check_digit(body)).organisation[:8] == organisation


@pytest.mark.parametrize("text", ["", "91350100M000100Y4", "91350100M000100Y433", "9135010OM000100Y43"])
def test_credit_codes_of_wrong_form_are_refused(text: str) -> None:
    with pytest.raises(InvalidError):
        CreditCode.parse(text)


@pytest.mark.parametrize("check", [organisation_check_digit, credit_check_digit])
def test_check_digits_want_their_length(check: object) -> None:
    assert callable(check)
    with pytest.raises(ValueError, match="before its check digit"):
        check("123")


def test_division_levels_and_parents() -> None:
    county = DivisionCode.parse("140105")
    assert (county.level, county.province_name) == (DivisionLevel.DISTRICT, "山西省")
    city = county.parent
    assert city == DivisionCode("140100")
    assert city.level is DivisionLevel.CITY
    province = city.parent
    assert province == DivisionCode("140000")
    assert (province.level, province.parent) == (DivisionLevel.PROVINCE, None)


def test_a_division_contains_the_longer_codes_within_it() -> None:
    assert DivisionCode.parse("140100").contains("140105001002003")
    assert not DivisionCode.parse("140105").contains("140106001002003")
    assert DivisionCode.parse("140000").contains("140181")


@pytest.mark.parametrize("text", ["", "14010", "1401055", "990105", "140005", "14010A", "-40105", "１４０１０五"])
def test_bad_division_codes_are_refused(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        DivisionCode.parse(text)
    assert caught.value.code == "code.division"


@pytest.mark.parametrize(
    ("text", "kind", "normal"),
    [
        ("晋A12345", PlateKind.ORDINARY, "晋A12345"),
        ("晋a·k1234", PlateKind.ORDINARY, "晋AK1234"),
        ("晋 A 1234Ａ", PlateKind.ORDINARY, "晋A1234A"),
        ("晋AD12345", PlateKind.NEW_ENERGY_SMALL, "晋AD12345"),
        ("晋AFK2345", PlateKind.NEW_ENERGY_SMALL, "晋AFK2345"),
        ("晋A12345D", PlateKind.NEW_ENERGY_LARGE, "晋A12345D"),
        ("晋A12345F", PlateKind.NEW_ENERGY_LARGE, "晋A12345F"),
        ("晋A1234学", PlateKind.SUFFIXED, "晋A1234学"),
        ("晋A1234警", PlateKind.SUFFIXED, "晋A1234警"),
        ("晋A-1234挂", PlateKind.SUFFIXED, "晋A1234挂"),
        ("粤Z1234港", PlateKind.SUFFIXED, "粤Z1234港"),
        ("粤Z1234澳", PlateKind.SUFFIXED, "粤Z1234澳"),
        ("沪A0023领", PlateKind.SUFFIXED, "沪A0023领"),
        ("224578使", PlateKind.EMBASSY, "224578使"),
        ("使224578", PlateKind.EMBASSY, "224578使"),
    ],
)
def test_plate_kinds_and_their_one_form(text: str, kind: PlateKind, normal: str) -> None:
    plate = Plate.parse(text)
    assert (plate.text, plate.kind) == (normal, kind)
    assert plate.new_energy is (kind in (PlateKind.NEW_ENERGY_SMALL, PlateKind.NEW_ENERGY_LARGE))
    assert plate.province == ("使" if kind is PlateKind.EMBASSY else text[0])


@pytest.mark.parametrize(
    ("text", "later"),
    [("晋AD12345", False), ("晋A12345F", False), ("晋AA12345", True), ("晋A12345K", True), ("晋AK1234", False)],
)
def test_letters_of_the_later_series_are_accepted_and_flagged(text: str, later: bool) -> None:
    assert Plate.parse(text).later_letter is later


@pytest.mark.parametrize(
    "text",
    [
        "",
        "晋A1234",
        "晋A1234O",
        "晋AI2345",
        "晋O12345",
        "晋I12345",
        "A12345",
        "晋112345",
        "日A12345",
        "晋A123456",
        "晋AL12345",
        "晋ADI2345",
        "晋A12345学",
        "晋A123挂",
        "22457使",
    ],
)
def test_bad_plates_are_refused(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        Plate.parse(text)
    assert caught.value.code == "code.plate"


@pytest.mark.parametrize(
    ("text", "masked"),
    [("晋A34512", "晋A·***12"), ("晋AD12345", "晋A·****45"), ("晋A1234挂", "晋A·***4挂"), ("224578使", "*****8使")],
)
def test_masked_plates(text: str, masked: str) -> None:
    assert Plate.parse(text).masked() == masked

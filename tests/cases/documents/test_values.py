"""Amounts in capitals by the written rules, days and blanks."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.cases.documents import amount_in_capitals
from cityops.cases.documents.values import Value
from cityops.kit import SHANGHAI, InvalidError

DIGITS = {digit: value for value, digit in enumerate("零壹贰叁肆伍陆柒捌玖")}
PLACES = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("yuan", "words"),
    [
        ("0", "零元整"),
        ("5000", "伍仟元整"),
        ("20000", "贰万元整"),
        ("100000", "壹拾万元整"),
        ("1409.50", "壹仟肆佰零玖元伍角"),
        ("6007.14", "陆仟零柒元壹角肆分"),
        ("16409.02", "壹万陆仟肆佰零玖元零贰分"),
        ("325.04", "叁佰贰拾伍元零肆分"),
        ("0.5", "伍角"),
        ("0.07", "柒分"),
        ("100500000", "壹亿零伍拾万元整"),
        ("0.005", "壹分"),
    ],
)
def test_amounts_as_banks_write_them(yuan: str, words: str) -> None:
    assert amount_in_capitals(Decimal(yuan)) == words


def read(words: str) -> int:
    """Whole yuan back from capitals, by the plain meaning of each word."""
    total = section = digit = 0
    for word in words.removesuffix("元整"):
        if word in DIGITS:
            digit = DIGITS[word]
        elif word in PLACES:
            section, digit = section + digit * PLACES[word], 0
        else:
            total, section, digit = total + (section + digit) * {"万": 10**4, "亿": 10**8}[word], 0, 0
    return total + section + digit


@given(st.integers(0, 10**12 - 1))
def test_capitals_mean_the_amount(yuan: int) -> None:
    words = amount_in_capitals(yuan)
    assert read(words) == yuan
    assert "零零" not in words


@pytest.mark.parametrize("yuan", ["-0.01", "1000000000000"])
def test_no_capitals_for_what_is_no_fine(yuan: str) -> None:
    with pytest.raises(InvalidError):
        amount_in_capitals(Decimal(yuan))


def test_values_as_they_stand_in_a_document() -> None:
    moment = datetime(2023, 11, 7, 9, 5, tzinfo=SHANGHAI)
    assert f"{Value(moment)} {Value(moment):time}" == "2023年11月7日 2023年11月7日9时05分"
    assert f"{Value(0.6)} {Value(20000.0)} {Value(8)}" == "0.6 20000 8"
    assert f"{Value(None)}{Value('')}{Value(None):capital}{Value(None):time}" == "／／／／"
    assert format(Value("一\x00二\x1b\r\n三"), "") == "一二\n三"
    assert f"{Value(True)}{Value(False)}" == "是否"

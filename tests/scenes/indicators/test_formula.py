"""Formulas: worked out by hand, precedence against Python's own arithmetic, faults with their place."""

from __future__ import annotations

import ast
import operator
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.scenes.indicators.formula import FormulaError, read_formula

BY_HAND = [
    ("1 + 2 * 3", 7),
    ("(1 + 2) * 3", 9),
    ("8 - 3 - 2", 3),
    ("100 / 10 / 5", 2),
    ("-(2 - 5) * 2", 6),
    ("2 * -3", -6),
    ("0.1 + 0.2", Fraction(3, 10)),
    ("a / (a - b) * 100", 400),
]


@pytest.mark.parametrize(("text", "value"), BY_HAND)
def test_by_hand(text: str, value: Fraction) -> None:
    assert read_formula(text).value({"a": Fraction(4), "b": Fraction(3)}) == value


def test_it_names_what_it_needs() -> None:
    assert read_formula("rail_increase / (rail_total - rail_increase) * 100").names == {"rail_total", "rail_increase"}


FAULTS = [
    ("", 1),
    ("1 +", 4),
    ("(1 + 2", 7),
    ("1 2", 3),
    ("a ** b", 4),
    ("a, b", 2),
    ("__import__", 1),
    ("a.real", 2),
    ("1e9", 2),
    (")", 1),
    ("(" * 22 + "1" + ")" * 22, 22),
    ("-" * 500 + "1", 22),
]


@pytest.mark.parametrize(("text", "character"), FAULTS)
def test_a_fault_is_refused_with_its_place(text: str, character: int) -> None:
    with pytest.raises(FormulaError, match=rf"character {character}:"):
        read_formula(text)


def test_division_by_zero_is_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        read_formula("1 / (a - a)").value({"a": Fraction(1)})


SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def by_python(node: ast.expr) -> Fraction:
    """What Python's own grammar makes of the text."""
    match node:
        case ast.Constant(value=int(value)):
            return Fraction(value)
        case ast.UnaryOp(operand=operand):
            return -by_python(operand)
        case ast.BinOp(left=left, op=sign, right=right):
            return Fraction(SIGNS[type(sign)](by_python(left), by_python(right)))
    raise AssertionError(node)


TEXTS = st.recursive(
    st.integers(0, 99).map(str),
    lambda part: st.one_of(
        st.tuples(part, st.sampled_from("+-*/"), part).map(" ".join), part.map("({})".format), part.map("-{}".format)
    ),
    max_leaves=8,
)


@given(TEXTS)
def test_precedence_is_that_of_arithmetic(text: str) -> None:
    try:
        expected = by_python(ast.parse(text, mode="eval").body)
    except ZeroDivisionError:
        with pytest.raises(ZeroDivisionError):
            read_formula(text).value({})
    else:
        assert read_formula(text).value({}) == expected

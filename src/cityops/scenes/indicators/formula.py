"""Formulas of indicators (指标公式): ``+ - * /``, parentheses, numbers and the codes of other indicators. No more.

A formula is read into steps of a stack machine; nothing of it is ever run as Python. Arithmetic is exact (fractions),
so that a value at the border of a limit is at the border.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import add, mul, sub, truediv
from typing import Final

from cityops.kit import InvalidError, Text

DEPTH_MAX: Final = 20
"""How deep parentheses and signs may stand in each other."""
_TOKEN: Final = re.compile(r"\s*(?:(?P<number>\d{1,15}(?:\.\d{1,9})?)|(?P<name>[a-z][a-z0-9_]*)|(?P<sign>[-+*/()]))")
_SIGNS: Final[Mapping[str, Callable[[Fraction, Fraction], Fraction]]] = {"+": add, "-": sub, "*": mul, "/": truediv}
_NEGATE: Final = "negate"

Step = Fraction | str
"""A number, the code of an indicator, or a sign that takes what is on the stack."""


class FormulaError(InvalidError):
    """A formula that cannot be read; says where."""

    default_code = "indicators.formula"

    def __init__(self, at: int, zh: str, en: str) -> None:
        super().__init__(
            f"公式第 {at + 1} 个字符处：{zh}",
            f"formula, character {at + 1}: {en}",
            kept=Text("台账没有改变", "the register was not changed"),
            todo=Text(
                "公式只用 + - * /、括号、数字和其他指标的编号，例如 a / b * 100",
                "a formula has + - * /, parentheses, numbers and codes of other indicators, such as a / b * 100",
            ),
        )


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula that was read. ``names``: the indicators it needs; ``steps``: operands before their sign."""

    names: frozenset[str]
    steps: tuple[Step, ...]

    def value(self, of: Mapping[str, Fraction]) -> Fraction:
        """Its value from those of ``names``; ``ZeroDivisionError`` when it divides by zero."""
        stack: list[Fraction] = []
        for step in self.steps:
            if isinstance(step, Fraction):
                stack.append(step)
            elif step == _NEGATE:
                stack.append(-stack.pop())
            elif step in _SIGNS:
                right = stack.pop()
                stack.append(_SIGNS[step](stack.pop(), right))
            else:
                stack.append(of[step.removeprefix("$")])
        (found,) = stack
        return found


def read_formula(text: str) -> Formula:
    """Read a formula.

    Raises:
        FormulaError: it is none, with the place of the fault.
    """
    reader = _Reader(text)
    reader.sum(0)
    reader.end()
    return Formula(
        frozenset(one[1:] for one in reader.steps if isinstance(one, str) and one[0] == "$"), (*reader.steps,)
    )


class _Reader:
    """Reads by the usual precedence: signs before * and /, these before + and -, all from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.steps: list[Step] = []
        self.kind: str | None = None
        self.token = ""
        self._next = 0
        self._advance()

    def sum(self, depth: int) -> None:
        self._chain("+-", self._product, depth)

    def end(self) -> None:
        if self.kind is not None:
            raise FormulaError(self.at, f"多出“{self.token}”", f"{self.token!r} is too many")

    def _product(self, depth: int) -> None:
        self._chain("*/", self._operand, depth)

    def _chain(self, signs: str, part: Callable[[int], None], depth: int) -> None:
        part(depth)
        while self.kind == "sign" and self.token in signs:
            sign = self.token
            self._advance()
            part(depth)
            self.steps.append(sign)

    def _operand(self, depth: int) -> None:
        if depth > DEPTH_MAX:
            raise FormulaError(self.at, f"括号嵌套超过 {DEPTH_MAX} 层", f"more than {DEPTH_MAX} levels of parentheses")
        kind, token, at = self.kind, self.token, self.at
        if kind is None:
            raise FormulaError(at, "公式到此中断", "it breaks off here")
        self._advance()
        if kind == "number":
            self.steps.append(Fraction(token))
        elif kind == "name":
            self.steps.append(f"${token}")
        elif token == "-":
            self._operand(depth + 1)
            self.steps.append(_NEGATE)
        elif token == "(":
            self.sum(depth + 1)
            if self.token != ")":
                raise FormulaError(self.at, "缺少右括号", "a closing parenthesis is missing")
            self._advance()
        else:
            raise FormulaError(at, f"此处不能是“{token}”", f"{token!r} cannot stand here")

    def _advance(self) -> None:
        rest = self.text[self._next :]
        self.at = self._next + len(rest) - len(rest.lstrip())
        if not rest.strip():
            self.kind, self.token = None, ""
            return
        found = _TOKEN.match(self.text, self._next)
        if found is None:
            sign = self.text[self.at]
            raise FormulaError(self.at, f"“{sign}”不是公式的符号", f"{sign!r} is no sign of a formula")
        self.kind, self.token, self._next = found.lastgroup, found.group().strip(), found.end()

"""Codes that hold a catalogue code: the matter code (事项代码) and the identifier of one component (部件标识码).

GB/T 47678.5-2026: matter code = 6 division + 2 class + 3 subclass; component identifier = the same and 6 sequence.
GB/T 30428.2 had subclasses of two digits, so both were one digit shorter.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final, Self

from cityops.kit import DivisionCode, InvalidError, Text

DIVISION_DIGITS: Final = 6
CLASS_DIGITS: Final = 2
SUBCLASS_DIGITS: Final = 3
OLDER_SUBCLASS_DIGITS: Final = 2
SEQUENCE_DIGITS: Final = 6
CODE_DIGITS: Final = CLASS_DIGITS + SUBCLASS_DIGITS


@dataclass(frozen=True, slots=True)
class MatterCode:
    """Code of a matter in a district (事项代码): it names a kind of matter, never one instance.

    Attributes:
        division: six digits (GB/T 2260).
        class_code: two digits (大类).
        subclass_code: three digits (小类), two by the older standard.
    """

    division: str
    class_code: str
    subclass_code: str

    def __post_init__(self) -> None:
        DivisionCode.parse(self.division)
        _digits("大类", "class", self.class_code, (CLASS_DIGITS,))
        _digits("小类", "subclass", self.subclass_code, (SUBCLASS_DIGITS, OLDER_SUBCLASS_DIGITS))

    @classmethod
    def parse(cls, text: str) -> Self:
        """The code in ``text``: 11 digits, or 10 by the older standard; spaces and full-width digits are forgiven.

        Raises:
            InvalidError: ``code.matter``: another length or not digits; ``code.division``: no such division.
        """
        tidy = _tidy(text)
        lengths = (DIVISION_DIGITS + CODE_DIGITS, DIVISION_DIGITS + CODE_DIGITS - 1)
        if not _is_digits(tidy) or len(tidy) not in lengths:
            raise _bad_code(
                f"事项代码应为 11 位数字（6 位区划 + 2 位大类 + 3 位小类；旧标准 10 位）：{_shown(text)}",
                "a matter code has 11 digits (6 division, 2 class, 3 subclass; 10 by the older standard): "
                + _shown(text),
                "code.matter",
            )
        return cls(tidy[:6], tidy[6:8], tidy[8:])

    @property
    def older(self) -> bool:
        """Whether this is a code of the older standard (旧标准)."""
        return len(self.subclass_code) == OLDER_SUBCLASS_DIGITS

    @property
    def code(self) -> str:
        """Class and subclass: the code in the catalogue."""
        return self.class_code + self.subclass_code

    def __str__(self) -> str:
        return self.division + self.code


@dataclass(frozen=True, slots=True)
class ComponentId:
    """Identifier of one component (部件标识码): a manhole cover, a lamp.

    Attributes:
        division: six digits (GB/T 2260).
        class_code: two digits (大类).
        subclass_code: three digits (小类), two by the older standard.
        sequence: 1 to 999,999, within the district and the subclass.
    """

    division: str
    class_code: str
    subclass_code: str
    sequence: int

    def __post_init__(self) -> None:
        DivisionCode.parse(self.division)
        _digits("大类", "class", self.class_code, (CLASS_DIGITS,))
        _digits("小类", "subclass", self.subclass_code, (SUBCLASS_DIGITS, OLDER_SUBCLASS_DIGITS))
        if not 0 < self.sequence < 10**SEQUENCE_DIGITS:
            raise _bad_code(
                f"部件顺序号应在 1 至 999999 之间：{self.sequence}",
                f"a component's sequence number is 1 to 999999: {self.sequence}",
                "code.component",
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """The identifier in ``text``: 17 digits, or 16 by the older standard; spaces and full-width are forgiven.

        Raises:
            InvalidError: ``code.component``: another length, not digits, sequence 000000; ``code.division``.
        """
        tidy = _tidy(text)
        longest = DIVISION_DIGITS + CODE_DIGITS + SEQUENCE_DIGITS
        if not _is_digits(tidy) or len(tidy) not in (longest, longest - 1):
            raise _bad_code(
                f"部件标识码应为 17 位数字（区划 6 + 大类 2 + 小类 3 + 顺序号 6；旧标准 16 位）：{_shown(text)}",
                "a component identifier has 17 digits (6 division, 2 class, 3 subclass, 6 sequence; 16 by the older "
                f"standard): {_shown(text)}",
                "code.component",
            )
        return cls(tidy[:6], tidy[6:8], tidy[8:-SEQUENCE_DIGITS], int(tidy[-SEQUENCE_DIGITS:]))

    @property
    def older(self) -> bool:
        """Whether this is an identifier of the older standard (旧标准)."""
        return len(self.subclass_code) == OLDER_SUBCLASS_DIGITS

    @property
    def code(self) -> str:
        """Class and subclass: the code in the catalogue."""
        return self.class_code + self.subclass_code

    def __str__(self) -> str:
        return f"{self.division}{self.code}{self.sequence:0{SEQUENCE_DIGITS}d}"


def is_code(text: str) -> bool:
    """Whether ``text`` can be a code of the catalogue: five digits, four by the older standard."""
    return _is_digits(text) and len(text) in (CODE_DIGITS, CLASS_DIGITS + OLDER_SUBCLASS_DIGITS)


def is_class(text: str) -> bool:
    """Whether ``text`` can be a class code: two digits."""
    return _is_digits(text) and len(text) == CLASS_DIGITS


def _tidy(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _digits(zh: str, en: str, value: str, lengths: tuple[int, ...]) -> None:
    if not _is_digits(value) or len(value) not in lengths:
        wanted = "/".join(map(str, lengths))
        raise _bad_code(
            f"{zh}应为 {wanted} 位数字：{_shown(value)}", f"{en}: {wanted} digits, not {_shown(value)}", "code.class"
        )


def _bad_code(zh: str, en: str, code: str) -> InvalidError:
    return InvalidError(
        zh,
        en,
        code=code,
        kept=Text("未保存任何内容。", "Nothing was stored."),
        todo=Text("请核对位数后重新输入。", "Check the number of digits and enter it again."),
    )

"""How a value stands in a document: days, moments, amounts in capitals, plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from cityops.kit import SHANGHAI, InvalidError, Text

BLANK: Final = "／"
"""What stands where a field has no value, so that nothing can be written in later."""

_DIGITS: Final = "零壹贰叁肆伍陆柒捌玖"
_PLACES: Final = ("", "拾", "佰", "仟")
_GROUPS: Final = ("", "万", "亿")
_MAX_FEN: Final = 10**14 - 1
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Value:
    """A value that formats itself: ``{x}``, ``{x:time}`` (moments), ``{x:capital}`` (amounts of yuan)."""

    raw: str | int | float | bool | datetime | None

    def __format__(self, how: str) -> str:
        if self.raw is None or self.raw == "":
            return BLANK
        if how == "capital":
            return amount_in_capitals(Decimal(str(self.raw)))
        if isinstance(self.raw, datetime):
            return moment_text(self.raw, with_time=how == "time")
        if isinstance(self.raw, bool):
            return "是" if self.raw else "否"
        if isinstance(self.raw, int | float):
            return f"{Decimal(str(self.raw)).normalize():f}"
        return plain(self.raw)


def plain(text: str) -> str:
    """Text without control characters; lines stay."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def moment_text(moment: datetime, *, with_time: bool) -> str:
    """``2023年11月7日``, or with ``9时05分`` after it; in Asia/Shanghai."""
    local = moment.astimezone(SHANGHAI)
    day = f"{local.year}年{local.month}月{local.day}日"
    return f"{day}{local.hour}时{local.minute:02d}分" if with_time else day


def amount_in_capitals(yuan: Decimal | int) -> str:
    """An amount of money as it stands in a decision (大写金额): 20000 → 贰万元整, 0.5 → 伍角.

    Rounded half up to the fen.

    Raises:
        InvalidError: negative, or a trillion yuan and more.
    """
    fen = int((Decimal(yuan) * 100).quantize(Decimal(1), ROUND_HALF_UP))
    if not 0 <= fen <= _MAX_FEN:
        raise InvalidError(
            "金额超出可大写的范围",
            "the amount cannot be written in capitals",
            code="document.amount",
            kept=Text("案件没有变化", "the case was not changed"),
        )
    whole, jiao, rest = fen // 100, fen // 10 % 10, fen % 10
    words = f"{_whole(whole)}元" if whole else ""
    if not jiao and not rest:
        return f"{words or '零元'}整"
    if jiao:
        words += f"{_DIGITS[jiao]}角"
    elif whole:
        words += "零"
    return words + (f"{_DIGITS[rest]}分" if rest else "")


def _whole(number: int) -> str:
    """A whole number in capitals; one 零 where digits between others are nought."""
    words, gap = "", False
    for power in range(len(str(number)) - 1, -1, -1):
        digit = number // 10**power % 10
        if digit:
            words += ("零" if gap else "") + _DIGITS[digit] + _PLACES[power % 4]
        gap = digit == 0 and (gap or bool(words))
        if power % 4 == 0 and number // 10**power % 10_000:
            words += _GROUPS[power // 4]
            gap = False
    return words

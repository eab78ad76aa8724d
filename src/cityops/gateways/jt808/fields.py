"""The small parts that bodies are made of: BCD, GBK text, times in GMT+8, a bounded reader."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta
from typing import Final

NO_TIME_MS: Final = -1
"""Stands for a time that is not one (the terminal had no fix, or sent bad digits). Never a plausible event time."""

_GMT8_MS: Final = 8 * 3600 * 1000


class ShortBodyError(ValueError):
    """The body ends before the field does. Internal to the codec: callers get a ``FrameError``."""


class Reader:
    """Reads big-endian fields off a body, never beyond its end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, length: int) -> bytes:
        """The next ``length`` bytes."""
        end = self.at + length
        if end > len(self.data):
            raise ShortBodyError(f"{length} bytes wanted at {self.at}, body has {len(self.data)}")
        piece = self.data[self.at : end]
        self.at = end
        return piece

    def number(self, length: int) -> int:
        """An unsigned big-endian integer of ``length`` bytes."""
        return int.from_bytes(self.take(length), "big")

    def text(self, length: int) -> str:
        """A fixed-length text, padding removed."""
        return gbk_text(self.take(length))

    def counted_text(self) -> str:
        """A text with its length in the byte before it."""
        return gbk_text(self.take(self.number(1)))

    def rest(self) -> bytes:
        """Everything that was not read yet."""
        return self.take(len(self.data) - self.at)


def gbk_text(data: bytes) -> str:
    """GBK text with the padding (0x00, spaces) around it removed; a byte that is no GBK becomes U+FFFD."""
    return data.strip(b"\x00").decode("gbk", errors="replace").strip()


def fixed_text(text: str, length: int) -> bytes:
    """GBK text padded with 0x00 at its end.

    Raises:
        ValueError: the text does not fit.
    """
    data = text.encode("gbk")
    if len(data) > length:
        raise ValueError(f"{text!r} needs {len(data)} bytes, there are {length}")
    return data.ljust(length, b"\x00")


def counted_text(text: str) -> bytes:
    """GBK text after a byte with its length."""
    data = text.encode("gbk")
    return bytes([len(data)]) + data


def bcd_digits(data: bytes) -> str:
    """BCD as digits.

    Raises:
        ValueError: a nibble above 9.
    """
    digits = data.hex()
    if not digits.isdecimal():
        raise ValueError(f"{digits} is not BCD")
    return digits


def to_bcd(digits: str, length: int) -> bytes:
    """Digits as BCD of ``length`` bytes, zeros in front."""
    if len(digits) > 2 * length or not digits.isdecimal():
        raise ValueError(f"{digits!r} does not fit BCD[{length}]")
    return bytes.fromhex(digits.rjust(2 * length, "0"))


def decode_time(data: bytes) -> int:
    """YY-MM-DD-hh-mm-ss, BCD[6] in GMT+8, as milliseconds UTC; ``NO_TIME_MS`` when it is no date."""
    digits = data.hex()
    if not digits.isdecimal():
        return NO_TIME_MS
    year, month, day, hour, minute, second = (int(digits[i : i + 2]) for i in range(0, 12, 2))
    try:
        moment = datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return NO_TIME_MS
    return calendar.timegm(moment.timetuple()) * 1000 - _GMT8_MS


def encode_time(at_ms: int) -> bytes:
    """The BCD[6] of a time, seconds cut off; ``NO_TIME_MS`` and years outside 2000–2099 become zeros."""
    if at_ms == NO_TIME_MS:
        return bytes(6)
    moment = datetime.fromtimestamp(at_ms // 1000, tz=UTC) + timedelta(hours=8)
    if not 2000 <= moment.year <= 2099:
        return bytes(6)
    return bytes.fromhex(moment.strftime("%y%m%d%H%M%S"))


def normal_phone(phone: str) -> str:
    """The terminal's number without leading zeros: the same in a 2013 header (12 digits) and a 2019 one (20)."""
    return phone.lstrip("0") or "0"

"""Text that every form, database and spreadsheet gives back as it was written (可保存的文字)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_FORBIDDEN: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]|_x[0-9A-Fa-f]{4}_")
"""Control characters but the line break, what is no character at all, and what xlsx uses to write them."""


def clean(text: str) -> str:
    """Text as a cell gives it back: composed (NFC), no space around it, one kind of line break."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n").strip()


def has_control(text: str) -> bool:
    """Whether it holds characters that no cell can hold."""
    return _FORBIDDEN.search(text) is not None


def kept_as_written(text: str, most: int) -> bool:
    """Whether a cell of at most ``most`` characters gives the text back as it is."""
    return text == clean(text) and len(text) <= most and not has_control(text)

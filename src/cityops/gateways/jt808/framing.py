"""Framing of JT/T 808 (分帧): delimiters, escapes, checksum. Pure functions over bytes, no state.

The byte 0x7e occurs nowhere inside an escaped frame, so cutting at every 0x7e finds the frames whatever stood
before them: a damaged frame costs itself and nothing else (JT/T 808-2019 §4.4.1, §4.4.2).
"""

from __future__ import annotations

from typing import Final

DELIMITER: Final = 0x7E
ESCAPE: Final = 0x7D
MAX_BODY_BYTES: Final = 1023
MAX_PLAIN_BYTES: Final = 21 + MAX_BODY_BYTES + 1
"""Longest header (2019, sub-packaged), longest body (10 bits) and the checksum."""
MAX_ESCAPED_BYTES: Final = 2 * MAX_PLAIN_BYTES
"""A segment longer than this between two delimiters cannot be a frame."""

_DELIMITER_BYTE: Final = bytes([DELIMITER])


def escape(plain: bytes) -> bytes:
    """The bytes between the delimiters: 7d becomes 7d 01, 7e becomes 7d 02."""
    return plain.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")


def unescape(escaped: bytes) -> bytes:
    """The opposite of :func:`escape`.

    Raises:
        ValueError: 7d is followed by something other than 01 or 02, or ends the segment.
    """
    if escaped.find(ESCAPE) < 0:
        return escaped
    first, *pieces = escaped.split(b"\x7d")
    plain = bytearray(first)
    for piece in pieces:
        if piece[:1] == b"\x01":
            plain.append(ESCAPE)
        elif piece[:1] == b"\x02":
            plain.append(DELIMITER)
        else:
            raise ValueError("0x7d is not followed by 01 or 02")
        plain += piece[1:]
    return bytes(plain)


def checksum(plain: bytes) -> int:
    """Exclusive or of header and body, before escaping (校验码)."""
    value = 0
    for byte in plain:
        value ^= byte
    return value


def wrap(plain: bytes) -> bytes:
    """Header and body as they go on the wire: checksum added, escaped, between two delimiters."""
    return _DELIMITER_BYTE + escape(plain + bytes([checksum(plain)])) + _DELIMITER_BYTE


def split_frames(buffer: bytes) -> tuple[list[bytes], bytes, int]:
    """Cut a receive buffer into frames.

    Args:
        buffer: what was left over last time, and what arrived.

    Returns:
        The still escaped segments that a delimiter ended, in order, without delimiters; the rest, at most
        ``MAX_ESCAPED_BYTES`` long, to be put before what arrives next; the number of oversized segments dropped.
    """
    segments = buffer.split(_DELIMITER_BYTE)
    rest = segments.pop()
    frames = [segment for segment in segments if 0 < len(segment) <= MAX_ESCAPED_BYTES]
    oversized = sum(len(segment) > MAX_ESCAPED_BYTES for segment in segments)
    if len(rest) > MAX_ESCAPED_BYTES:
        # Too long already: it can only become a bad frame. One byte more than the bound is kept, so that the
        # segment stays recognisable as oversized when its delimiter comes.
        rest = rest[: MAX_ESCAPED_BYTES + 1]
    return frames, rest, oversized

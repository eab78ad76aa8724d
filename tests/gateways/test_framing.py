"""Framing: escapes, checksum, resynchronisation, bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.gateways.jt808.framing import (
    MAX_ESCAPED_BYTES,
    checksum,
    escape,
    split_frames,
    unescape,
    wrap,
)

# JT/T 808 gives this example: 30 7e 08 7d 55 is sent as 7e 30 7d 02 08 7d 01 55 7e.
STANDARD_PLAIN = bytes.fromhex("307e087d55")
STANDARD_ESCAPED = bytes.fromhex("307d02087d0155")
HEARTBEAT = bytes.fromhex("7e000200001234567890120001897e")


def test_the_standards_escape_example() -> None:
    assert escape(STANDARD_PLAIN) == STANDARD_ESCAPED
    assert unescape(STANDARD_ESCAPED) == STANDARD_PLAIN


def test_checksum_is_the_exclusive_or_before_escaping() -> None:
    # 30^7e=4e, ^08=46, ^7d=3b, ^55=6e
    assert checksum(STANDARD_PLAIN) == 0x6E
    # 7f^02 = 7d: a checksum that must be escaped itself.
    assert wrap(b"\x7f\x02") == b"\x7e\x7f\x02\x7d\x01\x7e"
    # The heartbeat of the protocol's usual example phone: 02^12^34^56^78^90^12^01 = 89.
    assert wrap(bytes.fromhex("000200001234567890120001")) == HEARTBEAT


@pytest.mark.parametrize("escaped", [b"\x7d", b"\x01\x7d\x03", b"\x7d\x7d\x01"])
def test_an_escape_that_is_none_is_refused(escaped: bytes) -> None:
    with pytest.raises(ValueError, match="0x7d"):
        unescape(escaped)


@given(st.binary(max_size=300))
def test_escape_and_back(plain: bytes) -> None:
    escaped = escape(plain)
    assert b"\x7e" not in escaped
    assert unescape(escaped) == plain


def test_frames_are_found_after_garbage_and_between_shared_delimiters() -> None:
    inner = HEARTBEAT[1:-1]
    buffer = b"\x00\xffgarbage" + HEARTBEAT + HEARTBEAT + inner + b"\x7e" + b"more"
    frames, rest, oversized = split_frames(buffer)
    assert frames == [b"\x00\xffgarbage", inner, inner, inner]
    assert rest == b"more"
    assert oversized == 0


@given(st.binary(max_size=400), st.lists(st.integers(1, 60), max_size=20))
def test_the_cutting_of_the_stream_does_not_matter(data: bytes, sizes: list[int]) -> None:
    whole, rest, _ = split_frames(data)
    found: list[bytes] = []
    left, at = b"", 0
    for size in [*sizes, len(data) + 1]:
        frames, left, _ = split_frames(left + data[at : at + size])
        at += size
        found += frames
    assert found == whole
    assert left == rest


def test_a_frame_that_never_ends_is_bounded_counted_once_and_costs_nothing_else() -> None:
    left, dropped = b"", 0
    for _ in range(1000):
        frames, left, oversized = split_frames(left + b"\x55" * 1000)
        dropped += oversized
        assert frames == []
        assert len(left) <= MAX_ESCAPED_BYTES + 1
    frames, left, oversized = split_frames(left + HEARTBEAT)
    assert frames == [HEARTBEAT[1:-1]]
    assert dropped + oversized == 1
    assert left == b""

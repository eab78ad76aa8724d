"""The mixed stream of an attachment connection, missing ranges, and what is expected."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cityops.gateways.jt808.attachments import (
    MAX_DATA_BYTES,
    DataFrame,
    ExpectedAlarm,
    ExpectedAlarms,
    Ranges,
    encode_data_frame,
    split_mixed,
)
from cityops.gateways.jt808.framing import wrap
from cityops.gateways.jt808.safety import AlarmLabel

FRAME = wrap(bytes.fromhex("000200001234567890120001"))


def test_a_data_frame_has_a_head_of_62_bytes() -> None:
    data = encode_data_frame(DataFrame("00_65_6501_0_abc.jpg", 0x1000, b"\x7e\x7d"))
    assert data[:4] == bytes.fromhex("30316364")
    assert data[4:24] == b"00_65_6501_0_abc.jpg"
    assert data[24:54] == bytes(30)
    assert data[54:] == bytes.fromhex("00001000 00000002 7e7d")


items = st.one_of(
    st.just(FRAME),
    st.builds(
        DataFrame, st.text("abc_.0123", min_size=1, max_size=50), st.integers(0, 2**32 - 1), st.binary(max_size=80)
    ),
)


@given(st.lists(items, max_size=6), st.integers(1, 40))
def test_the_cutting_of_the_stream_does_not_matter(sent: list[bytes | DataFrame], step: int) -> None:
    stream = b"".join(encode_data_frame(item) if isinstance(item, DataFrame) else item for item in sent)
    wanted = [item if isinstance(item, DataFrame) else item[1:-1] for item in sent]
    found: list[bytes | DataFrame] = []
    rest = b""
    for at in range(0, len(stream), step):
        more, rest, skipped = split_mixed(rest + stream[at : at + step])
        assert skipped == 0
        found += more
    assert (found, rest) == (wanted, b"")


@given(st.binary(max_size=300), st.integers(1, 50))
def test_noise_never_grows_the_rest_and_ends(noise: bytes, step: int) -> None:
    rest = b""
    for at in range(0, len(noise), step):
        _, rest, _ = split_mixed(rest + noise[at : at + step])
    assert len(rest) <= len(noise)


def test_noise_and_impossible_lengths_are_skipped_up_to_the_next_frame() -> None:
    absurd = bytes.fromhex("30316364") + bytes(50) + bytes(4) + (MAX_DATA_BYTES + 1).to_bytes(4, "big")
    good = DataFrame("a", 0, b"xyz")
    found, rest, skipped = split_mixed(b"\x01\x02" + absurd + encode_data_frame(good) + b"\x03")
    assert found == [good]
    assert rest == b""
    assert skipped == 2 + 62 + 1


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=20))
def test_ranges_know_exactly_what_is_missing(pieces: list[tuple[int, int]]) -> None:
    ranges = Ranges(50)
    there = set()
    for start, length in pieces:
        fits = start + length <= 50
        assert ranges.add(start, start + length) is fits
        if fits:
            there |= set(range(start, start + length))
    gaps = {at for start, length in ranges.missing() for at in range(start, start + length)}
    assert gaps == set(range(50)) - there
    assert ranges.spans == sorted(ranges.spans)


def alarm(number: str, device: int = 1, sequence: int = 0, at_s: float = 0.0) -> ExpectedAlarm:
    label = AlarmLabel("T1", 1000, sequence, attachments=2)
    return ExpectedAlarm(number, device, "1", label, 0x65, 1, 1000, at_s)


def test_files_are_asked_for_once_until_they_came_or_expired() -> None:
    expected = ExpectedAlarms(limit=2, expiry_s=100.0)
    first = alarm("n1")
    assert expected.ask(first)
    assert not expected.ask(alarm("n2"))
    assert not expected.note_stored(first, "a")
    assert not expected.note_stored(first, "a")
    assert expected.note_stored(first, "b")
    assert expected.find("n1", 1.0) is None
    assert not expected.ask(alarm("n3"))
    assert expected.ask(alarm("n4", device=2))
    assert expected.find("n4", 99.0) is not None
    assert expected.find("n4", 100.0) is None
    assert expected.expired == 1
    assert expected.ask(alarm("n5", device=2, at_s=100.0))


def test_the_list_of_expected_alarms_is_bounded_and_overflow_is_counted() -> None:
    expected = ExpectedAlarms(limit=2, expiry_s=100.0)
    assert [expected.ask(alarm(f"n{k}", sequence=k)) for k in range(4)] == [True, True, False, False]
    assert (len(expected), expected.overflowed) == (2, 2)

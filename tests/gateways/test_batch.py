"""The compiled batch decoder and reply writer against the reference in plain Python."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.gateways.strategies import bodies, locations

from cityops.gateways.jt808 import batch, kernel
from cityops.gateways.jt808.codec import decode_frame_body, encode_message
from cityops.gateways.jt808.columns import (
    MAX_TYRES,
    ORIGIN_LIVE,
    Rows,
    Source,
    alarm_columns,
    batch_origin,
    position_columns,
)
from cityops.gateways.jt808.fields import normal_phone
from cityops.gateways.jt808.framing import split_frames, wrap
from cityops.gateways.jt808.header import Edition, Fault, Frame, FrameError, decode_frame
from cityops.gateways.jt808.location import Extras, Location
from cityops.gateways.jt808.messages import Body, GeneralReply, Heartbeat, LocationBatch, MessageId, Result
from cityops.gateways.jt808.safety import AlarmLabel, SafetyAlarm, Tyre
from cityops.observations import VEHICLE_POSITION, VEHICLE_SAFETY_ALARM, Batch

PHONE = "13800001234"
DEVICE, RECEIVED_MS, SYSTEM = 42, 1_731_630_600_123, 1


@dataclass
class Reference:
    """What the batch decoder should find, found one frame at a time."""

    rows: Rows = field(default_factory=Rows)
    acks: list[tuple[int, int, int, int]] = field(default_factory=list)
    others: list[tuple[int, bytes]] = field(default_factory=list)
    counters: Counter[str] = field(default_factory=Counter)

    def read(self, chunk: int, data: bytes) -> None:
        frames, rest, oversized = split_frames(data)
        assert rest == b""
        self.counters["oversized"] += oversized
        for segment in frames:
            self.read_segment(chunk, segment)

    def read_segment(self, chunk: int, segment: bytes) -> None:
        frame = decode_frame(segment)
        if isinstance(frame, FrameError) and frame.fault not in (Fault.PHONE, Fault.ENCRYPTED):
            self.counters[frame.fault.value] += 1
            return
        self.counters["frames"] += 1
        if isinstance(frame, FrameError) or not self.read_frame(chunk, frame):
            self.others.append((chunk, segment))

    def read_frame(self, chunk: int, frame: Frame) -> bool:
        header = frame.header
        fast = (MessageId.LOCATION, MessageId.LOCATION_BATCH, MessageId.HEARTBEAT)
        if header.sub_package or normal_phone(header.phone) != PHONE or header.message_id not in fast:
            return False
        message = decode_frame_body(frame)
        result = Result.OK
        if isinstance(message, FrameError):
            self.counters["bad_body"] += 1
            result = Result.BAD_MESSAGE
        elif isinstance(message.body, Location):
            self.add(message.body, ORIGIN_LIVE)
        elif isinstance(message.body, LocationBatch):
            for item in message.body.items:
                self.add(item, batch_origin(message.body.kind))
            self.counters["bad_items"] += message.body.bad_items
            if message.body.bad_items and not message.body.items:
                result = Result.BAD_MESSAGE
        self.acks.append((chunk, header.message_id, header.serial, result))
        return True

    def add(self, location: Location, origin: int) -> None:
        self.rows.add(location, Source(DEVICE, SYSTEM, RECEIVED_MS), origin)
        self.counters["positions"] += 1
        self.counters["alarms"] += len(location.extras.safety)
        self.counters["extras_truncated"] += location.extras.truncated
        self.counters["tyres_cut"] += sum(len(alarm.tyres) > MAX_TYRES for alarm in location.extras.safety)


def check_equal(chunks: list[bytes]) -> batch.Decoded:
    """Decode both ways, compare everything, and return what the compiled way found."""
    reference = Reference()
    for index, chunk in enumerate(chunks):
        reference.read(index, chunk)
    sessions = batch.Sessions(1)
    sessions.bind(0, phone=PHONE, version=-1, device=DEVICE, system=SYSTEM)
    slots = np.zeros(len(chunks), np.int32)
    found = batch.decode_chunks(chunks, slots, np.full(len(chunks), RECEIVED_MS, np.int64), sessions)
    for columns, wanted in (
        (found.positions, position_columns(reference.rows)),
        (found.alarms, alarm_columns(reference.rows)),
    ):
        assert columns.keys() == wanted.keys()
        for name, values in wanted.items():
            assert columns[name].dtype == values.dtype, name
            np.testing.assert_array_equal(columns[name], values, err_msg=name)
    assert found.acks.tolist() == reference.acks
    assert found.others == reference.others
    counted = dict(zip(kernel.COUNTERS, sessions.counters[0].tolist(), strict=True))
    assert counted == {name: reference.counters[name] for name in kernel.COUNTERS}
    check_labels(found, reference.rows.labels)
    return found


def check_labels(found: batch.Decoded, wanted: list[AlarmLabel]) -> None:
    got = [AlarmLabel.decode(raw[:size].tobytes()) for _, raw, size in found.labels]
    assert got == wanted


def wire(body: Body, edition: Edition = Edition.V2013, phone: str = PHONE) -> bytes:
    return b"".join(encode_message(body, phone=phone, serial=0x7D7E, edition=edition))


@st.composite
def noisy_chunks(draw: st.DrawFn) -> list[bytes]:
    """Whole-frame chunks of all kinds of messages, some of them damaged in the middle."""
    chunks = []
    for _ in range(draw(st.integers(1, 4))):
        edition = draw(st.sampled_from([Edition.V2013, Edition.V2019]))
        places = st.builds(LocationBatch, st.integers(0, 1), st.lists(locations, max_size=3).map(tuple))
        body = draw(st.one_of(locations, places, bodies(edition)))
        phone = draw(st.sampled_from([PHONE, PHONE, PHONE, "13800001235"]))
        data = bytearray(wire(body, edition, phone))
        for _ in range(draw(st.integers(0, 2))):
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
        chunks.append(bytes(data) + b"\x7e")
    return chunks


@settings(max_examples=80)
@given(noisy_chunks())
def test_compiled_and_reference_agree_on_messages_and_damaged_ones(chunks: list[bytes]) -> None:
    check_equal(chunks)


@settings(max_examples=80)
@given(st.binary(max_size=120), st.sampled_from([0x0200, 0x0704, 0x0002]), st.sampled_from([0, 0x40]))
@example(bytes(28) + bytes.fromhex("6629") + bytes(40) + b"\x01", 0x0200, 0)
@example(b"\x00\x00\x00", 0x0704, 0)
@example(b"\x00\x02\x00", 0x0704, 0)
def test_compiled_and_reference_agree_on_any_body(data: bytes, message_id: int, versioned: int) -> None:
    head = message_id.to_bytes(2, "big") + bytes([versioned | len(data) >> 8, len(data) & 255])
    head += (b"\x01" + bytes(4) if versioned else b"") + bytes.fromhex("013800001234") + b"\x00\x09"
    check_equal([wrap(head + data)])


@settings(max_examples=100)
@given(st.binary(max_size=400))
def test_compiled_and_reference_agree_on_noise(noise: bytes) -> None:
    check_equal([noise + b"\x7e"])


def test_a_location_with_all_four_alarms_becomes_rows_of_both_streams() -> None:
    label = AlarmLabel("T123456", 1_731_630_600_000, 5, 3)
    tyres = tuple(Tyre(k, 1, 800, 40, 90) for k in range(15))
    alarms = (
        SafetyAlarm(0x64, 1, 1, 2, 1, lead_speed_kmh=33, label=label),
        SafetyAlarm(0x65, 2, 1, 1, 2, fatigue=7, label=label),
        SafetyAlarm(0x66, 3, 2, tyres=tyres, label=label),
        SafetyAlarm(0x67, 4, 1, 3, label=label),
    )
    location = Location(
        latitude_e6=37_869_680,
        longitude_e6=112_551_024,
        event_ms=1_731_630_600_000,
        altitude_m=0xFFFE,
        extras=Extras(safety=alarms),
    )
    found = check_equal([wire(location)])
    assert found.positions["lon"].tolist() == [112.551024]
    assert found.positions["lat"].tolist() == [37.86968]
    assert found.positions["altitude_m"].tolist() == [-2]
    assert found.alarms["system"].tolist() == [0x64, 0x65, 0x66, 0x67]
    assert found.alarms["lead_speed_kmh"].tolist()[0] == 33.0
    assert np.isnan(found.alarms["lead_speed_kmh"][1:]).all()
    assert found.alarms["label_terminal"].tolist() == [b"T123456"] * 4
    # 13 of 15 tyres fit the column: nine bytes each, the last byte of each is 90.
    assert found.alarms["tyres"][2][:9] == bytes.fromhex("00 0001 0320 0028 005a")
    assert len(found.alarms["tyres"][2]) == 117
    Batch(VEHICLE_POSITION, found.positions)
    Batch(VEHICLE_SAFETY_ALARM, found.alarms)


def test_one_bad_frame_costs_only_itself() -> None:
    good = wire(Location(event_ms=1_731_630_600_000))
    broken = bytearray(good)
    broken[20] ^= 0x01
    found = check_equal([good + bytes(broken) + good, b"\x12\x34" + good])
    assert len(found.positions["lon"]) == 3
    assert found.acks["chunk"].tolist() == [0, 0, 1]


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from([0x0200, 0x0704, 2]), st.integers(0, 0xFFFF)), max_size=8),
    st.booleans(),
)
def test_replies_are_those_of_the_reference_encoder(wanted: list[tuple[int, int, int]], failed: bool) -> None:
    wanted.sort(key=lambda ack: ack[0])
    phones = ("13800001234", "12345678901234567890", "999999999999")
    editions = (Edition.V2013, Edition.V2019, Edition.V2013)
    sessions = batch.Sessions(3)
    for slot, (phone, edition) in enumerate(zip(phones, editions, strict=True)):
        sessions.bind(slot, phone=phone, version=1 if edition is Edition.V2019 else -1, device=slot, system=0)
    sessions.serial[:] = (0x7D, 0xFFFF, 0x7E00)
    serials = [0x7D, 0xFFFF, 0x7E00]
    expected = [b"", b"", b""]
    for chunk, message_id, serial in wanted:
        reply = GeneralReply(serial, message_id, Result.FAILURE if failed else Result.OK)
        phone, edition = phones[chunk], editions[chunk]
        expected[chunk] += encode_message(reply, phone=phone, serial=serials[chunk], edition=edition)[0]
        serials[chunk] = (serials[chunk] + 1) & 0xFFFF
    acks = np.array([(*ack, 0) for ack in wanted], kernel.ACK)
    out, bounds = batch.write_replies(acks, 3, np.arange(3, dtype=np.int32), sessions, failed)
    assert [bytes(out[bounds[k] : bounds[k + 1]]) for k in range(3)] == expected
    assert sessions.serial.tolist() == serials


def test_a_failed_store_never_hides_that_a_message_was_wrong() -> None:
    sessions = batch.Sessions(1)
    sessions.bind(0, phone=PHONE, version=-1, device=1, system=0)
    one = np.array([0], np.int32)
    acks = np.array([(0, 0x0200, 7, 2)], kernel.ACK)
    out, bounds = batch.write_replies(acks, 1, one, sessions, True)
    assert bytes(out[: bounds[1]]) == encode_message(GeneralReply(7, 0x0200, 2), phone=PHONE, serial=0)[0]


@pytest.mark.parametrize("phone", ["13800001235", "1138000012340", "138000012340"])
def test_the_frames_of_another_phone_are_left_alone(phone: str) -> None:
    edition = Edition.V2019 if len(phone) > 12 else Edition.V2013
    found = check_equal([wire(Location(), edition, phone) + wire(Heartbeat(), edition, phone)])
    assert len(found.positions["lon"]) == 0
    assert len(found.others) == 2


def test_decode_locations_for_tools() -> None:
    found = batch.decode_locations([wire(Location(longitude_e6=1_000_000))], phone=PHONE, device=9, received_ms=5)
    assert found.positions["device"].tolist() == [9]
    assert found.positions["lon"].tolist() == [1.0]
    assert found.positions["received_ms"].tolist() == [5]

"""From bytes on a socket to durable observations and back to an answer: the opposite of what servers get wrong."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.gateways.conftest import Gateway
from tests.gateways.terminal import WAIT_S, Terminal, until

from cityops.gateways.jt808 import (
    AlarmLabel,
    Authentication,
    Edition,
    Extras,
    GeneralReply,
    Heartbeat,
    LocationBatch,
    LocationReply,
    ResendRequest,
    Result,
    SafetyAlarm,
    Unsupported,
)
from cityops.gateways.jt808.framing import wrap
from cityops.kit import CoordinateSystem, from_wgs84
from cityops.observations import Log

PHONE = "13800001234"
Run = Callable[[Coroutine[Any, Any, None]], None]


def test_one_bad_frame_does_not_hurt_the_good_ones_around_it(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            first, second, third = (terminal.encode(gateway.location(k))[0] for k in range(3))
            broken = bytearray(second)
            broken[20] ^= 0xFF
            await terminal.send_raw(b"noise before" + first + bytes(broken) + b"\x7e\x7e" + third)
            replies = [await terminal.expect(GeneralReply) for _ in range(2)]
            assert [reply.result for reply in replies] == [0, 0]
            assert replies[1].serial - replies[0].serial == 2
            assert server.metrics()["bad_checksum"] >= 1

    run(story())
    assert gateway.stored()[0].columns["event_ms"].tolist() == [gateway.clock.now_ms(), gateway.clock.now_ms() + 2000]


def test_a_truncated_vendor_extra_keeps_the_location_and_the_connection(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            body = terminal.encode(gateway.location(extras=Extras(mileage_dkm=1234)))[0][13:-2] + b"\xeb\x20\x01\x02"
            plain = bytes.fromhex("0200") + len(body).to_bytes(2, "big") + bytes.fromhex("013800001234 0063") + body
            await terminal.send_raw(wrap(plain))
            reply = await terminal.expect(GeneralReply)
            assert (reply.serial, reply.result) == (0x63, Result.OK)
            assert server.metrics()["extras_truncated"] == 1
            assert await terminal.ask(Heartbeat()) == Result.OK

    run(story())
    positions, _ = gateway.stored()
    assert positions.columns["mileage_km"].tolist() == [123.4]


def test_blind_area_backfill_keeps_its_origin_and_a_bad_item_costs_only_itself(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE, Edition.V2019) as terminal:
            await terminal.log_in()
            assert await terminal.ask(gateway.location(0)) == Result.OK
            assert await terminal.ask(LocationBatch(0, (gateway.location(1),))) == Result.OK
            assert await terminal.ask(LocationBatch(1, (gateway.location(-3600), gateway.location(-3590)))) == Result.OK
            item = terminal.encode(gateway.location(2))[0]
            good = item[18:-2]
            assert len(good) == 28, "no escapes in this body"
            mixed = Unsupported(0x0704, b"\x00\x02\x00" + b"\x00\x03\x01\x02\x03" + b"\x00\x1c" + good)
            assert await terminal.ask(mixed) == Result.OK
            assert await terminal.ask(Unsupported(0x0704, b"\x00\x01\x00\x00\x01\xff")) == Result.BAD_MESSAGE
            assert server.metrics()["bad_items"] == 2

    run(story())
    positions, _ = gateway.stored()
    assert positions.columns["origin"].tolist() == [0, 1, 2, 2, 1]
    now_ms = gateway.clock.now_ms()
    offsets = [(at - now_ms) // 1000 for at in positions.columns["event_ms"].tolist()]
    assert offsets == [0, 1, -3600, -3590, 2]


def test_an_implausible_time_or_place_is_a_dead_letter_yet_answered(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            assert await terminal.ask(gateway.location(3600)) == Result.OK
            assert await terminal.ask(gateway.location(-40 * 86400)) == Result.OK
            assert await terminal.ask(gateway.location(latitude_e6=91_000_000)) == Result.OK
            assert await terminal.ask(gateway.location(1)) == Result.OK
            assert server.metrics()["refused_rows"] == 3
            assert server.metrics()["stored_rows"] == 1

    run(story())
    assert gateway.stored()[0].rows == 1
    assert sorted(letter.reason for letter in gateway.dead_letters.list()) == [
        "place.impossible", "time.future", "time.past",
    ]  # fmt: skip


@pytest.mark.parametrize("system", [CoordinateSystem.GCJ02, CoordinateSystem.BD09])
def test_positions_and_alarms_become_wgs84_and_keep_the_source_system(
    gateway: Gateway, run: Run, system: CoordinateSystem
) -> None:
    gateway.device(PHONE, system)
    lon, lat = from_wgs84(112.55, 37.87, system)
    at: dict[str, Any] = {"longitude_e6": round(lon * 1e6), "latitude_e6": round(lat * 1e6)}

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            alarm = SafetyAlarm(0x65, 7, 1, 1, 2, 5, event_ms=gateway.clock.now_ms(), **at)
            assert await terminal.ask(gateway.location(extras=Extras(safety=(alarm,)), **at)) == Result.OK
            answer = LocationReply(1, gateway.location(1, extras=Extras(safety=(alarm,)), **at))
            assert await terminal.ask(answer) == Result.OK

    run(story())
    for batch in gateway.stored():
        np.testing.assert_allclose(batch.columns["lon"], [112.55, 112.55], atol=2e-6)
        np.testing.assert_allclose(batch.columns["lat"], [37.87, 37.87], atol=2e-6)
    positions, alarms = gateway.stored()
    assert positions.columns["source_system"].tolist() == [int(system)] * 2
    assert alarms.columns["fatigue"].tolist() == [5, 5]


def test_a_batch_in_sub_packages_is_asked_for_again_and_answered_for_every_package(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving(package_wait_s=1.0) as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            batch = LocationBatch(1, tuple(gateway.location(-k) for k in range(60)))
            frames = terminal.encode(batch, package_bytes=500)
            assert len(frames) == 4
            first_serial = terminal.serial - 4
            await terminal.send_raw(frames[0] + frames[3])
            await until(lambda: server.metrics()["buffer_bytes"])
            gateway.clock.advance(2)
            request = await terminal.expect(ResendRequest)
            assert request == ResendRequest(first_serial, (2, 3))
            await terminal.send_raw(frames[1] + frames[2])
            replies = [await terminal.expect(GeneralReply) for _ in range(4)]
            assert [(r.serial, r.message_id, r.result) for r in replies] == [
                (first_serial + k, 0x0704, 0) for k in range(4)
            ]
            metrics = server.metrics()
            assert (metrics["messages_assembled"], metrics["resend_requests"]) == (1, 1)
            assert metrics["buffer_bytes"] == 0

    run(story())
    assert gateway.stored()[0].rows == 60


def test_a_full_disk_is_told_to_the_terminal_and_the_connection_stays(
    gateway: Gateway, run: Run, tmp_path: Path
) -> None:
    gateway.device(PHONE)
    whole = gateway.log
    with Log.open(tmp_path / "log", writer="full", min_free_bytes=1 << 60) as full:
        gateway.log = full

        async def refused() -> None:
            async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
                await terminal.log_in()
                assert await terminal.ask(gateway.location()) == Result.FAILURE
                assert await terminal.ask(LocationReply(1, gateway.location())) == Result.FAILURE
                assert await terminal.ask(Heartbeat()) == Result.OK
                assert server.metrics()["failed_batches"] == 2
                assert server.metrics()["stored_rows"] == 0

        run(refused())
    gateway.log = whole

    async def again() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            assert await terminal.ask(gateway.location()) == Result.OK

    run(again())
    assert gateway.stored()[0].rows == 1


def test_overfilled_the_gateway_stops_reading_counts_it_and_loses_nothing(gateway: Gateway, run: Run) -> None:
    phones = [str(13800000000 + k) for k in range(20)]
    for phone in phones:
        gateway.device(phone)
    frames_each, bound = 200, 8_000

    async def drive(port: int, phone: str) -> None:
        async with Terminal(port, phone) as terminal:
            await terminal.log_in()
            first = terminal.serial
            data = b"".join(terminal.encode(gateway.location(-k))[0] for k in range(frames_each))
            await terminal.send_raw(data)
            replies = [await terminal.expect(GeneralReply) for _ in range(frames_each)]
            assert [(r.serial, r.result) for r in replies] == [(first + k, 0) for k in range(frames_each)]

    async def story() -> None:
        async with gateway.serving(max_queue_bytes=bound) as server:
            await asyncio.gather(*(drive(server.port, phone) for phone in phones))
            metrics = server.metrics()
            assert metrics["pauses"] >= 1
            # Nothing is read once the bound is reached: at most one read (256 KiB) is above it.
            assert metrics["peak_queue_bytes"] <= bound + 256 * 1024
            assert metrics["queue_bytes"] == 0

    run(story())
    positions, _ = gateway.stored()
    assert positions.rows == len(phones) * frames_each
    counts = np.unique(positions.columns["device"], return_counts=True)[1]
    assert counts.tolist() == [frames_each] * len(phones)


def test_a_terminal_that_does_not_read_its_answers_is_disconnected(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving(slow_reader_bytes=2000) as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            raw: socket.socket = terminal.writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            terminal.reader._transport.pause_reading()  # type: ignore[attr-defined]
            beats = b"".join(terminal.encode(Heartbeat())[0] for _ in range(2000))
            due_s = time.monotonic() + WAIT_S
            while not server.metrics().get("closed_slow_reader") and time.monotonic() < due_s:
                if terminal.writer.transport.get_write_buffer_size() < 1 << 20:
                    terminal.writer.write(beats)
                await asyncio.sleep(0.02)
            assert server.metrics()["closed_slow_reader"] == 1

    run(story())


def test_a_frame_without_end_is_bounded_and_what_follows_is_heard(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.send_raw(b"\x55" * 300_000 + b"\x7e")
            await terminal.log_in()
            await terminal.send_raw(b"\x7e" + b"\x55" * 300_000)
            await asyncio.sleep(0.1)
            (connection,) = server.connections
            assert len(connection._rest) <= 2100
            await terminal.send_raw(b"\x7e")
            assert await terminal.ask(gateway.location()) == Result.OK
            assert server.metrics()["oversized"] == 2

    run(story())


def test_an_encrypted_body_is_refused_counted_and_kept(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            await terminal.send_raw(wrap(bytes.fromhex("0200 0402 013800001234 0055 abcd".replace(" ", ""))))
            reply = await terminal.expect(GeneralReply)
            assert (reply.serial, reply.message_id, reply.result) == (0x55, 0x0200, Result.UNSUPPORTED)
            assert server.metrics()["encrypted"] == 1

    run(story())
    (letter,) = gateway.dead_letters.list()
    assert letter.reason == "frame.encrypted"


def test_unknown_ids_are_answered_and_do_no_harm(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            assert await terminal.ask(Unsupported(0x0F00, b"\x01\x02")) == Result.UNSUPPORTED
            assert await terminal.ask(Unsupported(0x0200, b"\x01\x02")) == Result.BAD_MESSAGE
            assert await terminal.ask(Unsupported(0x0702, b"\x01")) == Result.BAD_MESSAGE
            assert server.metrics()["bad_body"] == 2
            assert await terminal.ask(gateway.location()) == Result.OK

    run(story())


def test_alarms_become_rows_of_their_own_stream(gateway: Gateway, run: Run) -> None:
    device = gateway.device(PHONE)
    now_ms = gateway.clock.now_ms()

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            label = AlarmLabel("T000001", now_ms, 3, 0)
            alarm = SafetyAlarm(
                0x65, 99, 1, 1, 2, 8, speed_kmh=71, latitude_e6=37_800_000, longitude_e6=112_500_000,
                event_ms=now_ms, label=label,
            )  # fmt: skip
            assert await terminal.ask(gateway.location(extras=Extras(safety=(alarm,)))) == Result.OK

    run(story())
    _, alarms = gateway.stored()
    row = {name: values.tolist()[0] for name, values in alarms.columns.items()}
    assert row["device"] == device.id
    assert (row["system"], row["alarm_id"], row["flag"], row["kind"], row["level"], row["fatigue"]) == (
        0x65, 99, 1, 1, 2, 8,
    )  # fmt: skip
    assert (row["lon"], row["lat"], row["speed_kmh"]) == (112.5, 37.8, 71.0)
    assert (row["label_terminal"], row["label_seq"], row["attachments"]) == (b"T000001", 3, 0)


def test_stopping_stores_and_answers_what_was_taken(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving(flush_s=90.0) as server, Terminal(server.port, PHONE) as terminal:
            registered = await terminal.register()
            assert await terminal.ask(Authentication(registered.code)) == 0
            for second in range(50):
                await terminal.send(gateway.location(-second))
            await until(lambda: server.metrics()["queue_bytes"] >= 50 * 42)
            await server.stop()
            replies = [await terminal.expect(GeneralReply) for _ in range(50)]
            assert {reply.result for reply in replies} == {0}
            assert await terminal.closed_by_platform()

    run(story())
    assert gateway.stored()[0].rows == 50

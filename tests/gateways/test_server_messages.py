"""Driver cards, multimedia, attachments and commands on a running gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.gateways.conftest import Gateway
from tests.gateways.terminal import Terminal, until

from cityops.gateways.jt808 import (
    AlarmLabel,
    AttachedFile,
    AttachmentInfo,
    AttachmentRequest,
    DriverCard,
    Edition,
    Extras,
    FileDone,
    FileInfo,
    FileReply,
    Jt808Server,
    Multimedia,
    MultimediaEvent,
    MultimediaReply,
    ResendRequest,
    Result,
    SafetyAlarm,
    TerminalReply,
    TextMessage,
)
from cityops.gateways.jt808.columns import DRIVER_CARD, DRIVER_CHANGE
from cityops.kit import BusyError, InvalidError, NotFoundError, UnavailableError

PHONE = "13800001234"
Run = Callable[[Coroutine[Any, Any, None]], None]


def content(gateway: Gateway, sha256: str) -> bytes:
    with gateway.files.open(sha256) as stream:
        return stream.read()


# -- driver cards ------------------------------------------------------------------------------------------


def test_another_drivers_card_is_a_driver_change_and_the_card_itself_is_not_kept(gateway: Gateway, run: Run) -> None:
    device = gateway.device(PHONE)
    now_ms = gateway.clock.now_ms()

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            assert await terminal.ask(gateway.location()) == Result.OK
            first = DriverCard(1, now_ms - 9000, 0, "张三", "CERT-A", "晋", "20301231")
            assert await terminal.ask(first) == Result.OK
            assert await terminal.ask(DriverCard(2, now_ms - 8000)) == Result.OK
            assert await terminal.ask(first) == Result.OK
            assert await terminal.ask(DriverCard(1, now_ms - 7000, 1)) == Result.OK  # card not readable: says nothing
            second = DriverCard(1, now_ms - 5000, 0, "李四", "CERT-B", "晋", "20301231")
            assert await terminal.ask(second) == Result.OK
            assert server.metrics()["driver_changes"] == 1
            assert b"CERT" not in repr(server.certificates).encode()

    run(story())
    _, alarms = gateway.stored()
    assert alarms.rows == 1
    row = {name: values.tolist()[0] for name, values in alarms.columns.items()}
    assert (row["device"], row["system"], row["kind"], row["flag"]) == (device.id, DRIVER_CARD, DRIVER_CHANGE, 1)
    assert (row["event_ms"], row["lon"], row["lat"]) == (now_ms - 5000, 112.551024, 37.86968)


def test_a_driver_change_without_a_known_place_is_not_acknowledged(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)
    now_ms = gateway.clock.now_ms()

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            second = DriverCard(1, now_ms, 0, "李四", "CERT-B", "晋", "20301231")
            assert await terminal.ask(DriverCard(1, now_ms, 0, "张三", "CERT-A", "晋", "20301231")) == Result.OK
            assert await terminal.ask(second) == Result.FAILURE
            assert await terminal.ask(gateway.location()) == Result.OK
            assert await terminal.ask(second) == Result.OK

    run(story())
    assert gateway.stored()[1].rows == 1


# -- multimedia --------------------------------------------------------------------------------------------


def test_multimedia_in_sub_packages_is_stored_then_confirmed(gateway: Gateway, run: Run) -> None:
    device = gateway.device(PHONE)
    picture = bytes(range(256)) * 20

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            assert await terminal.ask(MultimediaEvent(77, 0, 0, 1, 2)) == Result.OK
            place = gateway.location()
            await terminal.send_raw(b"".join(terminal.encode(Multimedia(77, 0, 0, 1, 2, place, picture))))
            assert await terminal.expect(MultimediaReply) == MultimediaReply(77)
            assert server.metrics()["multimedia_stored"] == 1

    run(story())
    ((media, sha256),) = gateway.kept
    assert (media.device, media.kind, media.name, media.media_type) == (device.id, "multimedia", "77-2", 0)
    assert (media.event_ms, media.size) == (gateway.clock.now_ms(), len(picture))
    assert content(gateway, sha256) == picture


@pytest.mark.parametrize("first_arrived", [True, False])
def test_missing_packages_of_multimedia_are_asked_for(gateway: Gateway, run: Run, first_arrived: bool) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving(package_wait_s=1.0) as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            first_serial = terminal.serial
            frames = terminal.encode(Multimedia(77, 0, 0, 1, 2, gateway.location(), b"\xff" * 3000))
            assert len(frames) == 3
            there, lost = (frames[0], frames[1:]) if first_arrived else (frames[2], frames[:2])
            await terminal.send_raw(there)
            await until(lambda: server.metrics()["buffer_bytes"])
            gateway.clock.advance(2)
            if first_arrived:
                assert await terminal.expect(MultimediaReply) == MultimediaReply(77, (2, 3))
            else:
                assert await terminal.expect(ResendRequest) == ResendRequest(first_serial, (1, 2))
            await terminal.send_raw(b"".join(lost))
            assert await terminal.expect(MultimediaReply) == MultimediaReply(77)

    run(story())
    assert gateway.kept[0][0].size == 3000


# -- attachments of active-safety alarms -------------------------------------------------------------------

FILES = {"00_65_6501_0_a.jpg": bytes(range(256)) * 10, "02_65_6501_1_a.mp4": b"\x7e\x30\x31\x63\x64\x7d" * 500}


async def raise_alarm(gateway: Gateway, terminal: Terminal) -> AttachmentRequest:
    """Send a driver-state alarm that announces two files; what the platform asks for."""
    label = AlarmLabel("T000001", gateway.clock.now_ms(), 3, len(FILES))
    alarm = SafetyAlarm(0x65, 99, 1, 1, 2, 8, event_ms=gateway.clock.now_ms(), label=label)
    assert await terminal.ask(gateway.location(extras=Extras(safety=(alarm,)))) == Result.OK
    request = await terminal.expect(AttachmentRequest)
    assert request.label == label
    assert len(request.alarm_number) == 32
    return request


def announce(request: AttachmentRequest) -> AttachmentInfo:
    files = tuple(AttachedFile(name, len(data)) for name, data in FILES.items())
    return AttachmentInfo(request.label.terminal_id, request.label, request.alarm_number, 0, files)


async def bring(terminal: Terminal, request: AttachmentRequest) -> None:
    """Bring the files; of each, one piece in the middle is lost the first time."""
    assert await terminal.ask(announce(request)) == Result.OK
    for name, data in FILES.items():
        info = FileInfo(name, int(name[:2]), len(data))
        assert await terminal.ask(info) == Result.OK
        await terminal.send_data(name, 0, data[:1000])
        await terminal.send_data(name, 2000, data[2000:])
        await terminal.send(FileDone(name, info.file_type, info.size))
        assert await terminal.expect(FileReply) == FileReply(name, info.file_type, ((1000, 1000),))
        await terminal.send_data(name, 1000, data[1000:2000])
        await terminal.send(FileDone(name, info.file_type, info.size))
        assert await terminal.expect(FileReply) == FileReply(name, info.file_type)


@pytest.mark.parametrize("edition", [Edition.V2013, Edition.V2019])
def test_the_files_of_an_alarm_are_asked_for_brought_completed_and_stored(
    gateway: Gateway, run: Run, edition: Edition
) -> None:
    device = gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE, edition) as terminal:
            await terminal.log_in()
            request = await raise_alarm(gateway, terminal)
            assert (request.host, request.tcp_port) == ("127.0.0.1", server.port)
            async with Terminal(server.port, PHONE, edition) as second:
                await bring(second, request)
            metrics = server.metrics()
            assert (metrics["attachments_stored"], metrics["attachment_alarms_complete"]) == (2, 1)
            assert (metrics["attachment_resends"], metrics["expected_alarms"]) == (2, 0)
            assert metrics["online"] == 1, "an attachment connection does not replace the login"
            # The same alarm once more (a duplicate): its files are there, they are not asked for again.
            alarm = SafetyAlarm(0x65, 99, 2, 1, 2, 8, event_ms=gateway.clock.now_ms(), label=request.label)
            assert await terminal.ask(gateway.location(1, extras=Extras(safety=(alarm,)))) == Result.OK
            assert server.metrics()["attachment_requests"] == 1

    run(story())
    assert [(m.name, m.kind, m.device, m.media_type) for m, _ in gateway.kept] == [
        (name, "attachment", device.id, int(name[:2])) for name in FILES
    ]
    assert [content(gateway, sha256) for _, sha256 in gateway.kept] == list(FILES.values())


def test_files_that_nobody_asked_for_are_refused(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            request = await raise_alarm(gateway, terminal)
            wrong_number = AttachmentRequest("", 0, 0, request.label, "0" * 32)
            async with Terminal(server.port, PHONE) as guessing:
                assert await guessing.ask(announce(wrong_number)) == Result.FAILURE
                name = next(iter(FILES))
                assert await guessing.ask(FileInfo(name, 0, 10)) == Result.FAILURE
            async with Terminal(server.port, "13999999999") as other_phone:
                assert await other_phone.ask(announce(request)) == Result.FAILURE
            assert server.metrics()["attachments_not_expected"] == 2

    run(story())
    assert gateway.kept == []


def test_a_file_longer_than_the_bound_is_refused(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving(file_bytes=1000) as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            request = await raise_alarm(gateway, terminal)
            async with Terminal(server.port, PHONE) as second:
                assert await second.ask(announce(request)) == Result.OK
                assert await second.ask(FileInfo("a", 0, 1001)) == Result.FAILURE
                await second.send_data("a", 0, b"x")
                assert await second.ask(FileInfo("b", 0, 1)) == Result.OK
                await second.send_data("b", 1, b"x")
                await second.send(FileDone("b", 0, 1))
                assert await second.expect(FileReply) == FileReply("b", 0, ((0, 1),))
            metrics = server.metrics()
            assert metrics["attachments_too_long"] == 1
            assert metrics["attachment_data_unknown_file"] == 1
            assert metrics["attachment_data_out_of_bounds"] == 1

    run(story())


# -- commands ----------------------------------------------------------------------------------------------


async def answer_text(terminal: Terminal, result: int) -> TextMessage:
    """Receive a text and answer it."""
    message = await terminal.receive()
    assert isinstance(message.body, TextMessage)
    await terminal.send(TerminalReply(message.header.serial, message.header.message_id, result))
    return message.body


@pytest.mark.parametrize("edition", [Edition.V2013, Edition.V2019])
def test_a_text_reaches_the_driver_and_its_answer_comes_back(gateway: Gateway, run: Run, edition: Edition) -> None:
    device = gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE, edition) as terminal:
            await terminal.log_in()
            warning = "您已连续驾驶4小时，请到前方服务区休息"
            _, shown = await asyncio.gather(server.send_text(device.id, warning), answer_text(terminal, 0))
            assert shown == TextMessage(warning, 0b1101)
            failed, _ = await asyncio.gather(
                server.send_text(device.id, "再见"), answer_text(terminal, 1), return_exceptions=True
            )
            assert isinstance(failed, UnavailableError)
            assert failed.code == "jt808.refused"

    run(story())


def test_a_text_that_cannot_be_sent_says_why(gateway: Gateway, run: Run) -> None:
    device = gateway.device(PHONE)

    async def code_of(server: Jt808Server, text: str, kind: type[Exception]) -> str:
        with pytest.raises(kind) as caught:
            await server.send_text(device.id, text)
        return str(getattr(caught.value, "code", ""))

    async def story() -> None:
        async with gateway.serving(command_s=0.2, max_commands=1) as server:
            assert await code_of(server, "你好", NotFoundError) == "jt808.offline"
            async with Terminal(server.port, PHONE) as terminal:
                await terminal.log_in()
                assert await code_of(server, "", InvalidError) == "jt808.text"
                assert await code_of(server, "字" * 600, InvalidError) == "jt808.text"
                assert await code_of(server, "😀", InvalidError) == "jt808.text"
                waiting = asyncio.create_task(server.send_text(device.id, "一"))
                await asyncio.sleep(0)
                assert await code_of(server, "二", BusyError) == "jt808.commands"
                with pytest.raises(UnavailableError, match="did not answer"):
                    await waiting
        async with gateway.serving(command_s=1000.0) as server:
            async with Terminal(server.port, PHONE) as terminal:
                await terminal.log_in()
                waiting = asyncio.create_task(server.send_text(device.id, "三"))
                await asyncio.sleep(0)
            with pytest.raises(NotFoundError):
                await waiting

    run(story())


def test_an_answer_nobody_waits_for_is_counted(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            await terminal.send(TerminalReply(999, 0x8300, 0))
            assert await terminal.ask(gateway.location()) == Result.OK
            assert server.metrics()["replies_late"] == 1

    run(story())

"""Who gets in, who does not, and what a closed door costs."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.gateways.conftest import Gateway
from tests.gateways.terminal import Terminal, until

from cityops.access import SYSTEM
from cityops.gateways.jt808 import (
    Authentication,
    Body,
    Deregistration,
    Edition,
    GeneralReply,
    Heartbeat,
    LocationBatch,
    RegisterReply,
    Result,
)
from cityops.gateways.jt808.server import SPARE_FILES, room_for
from cityops.observations import Device

PHONE = "13800001234"
Run = Callable[[Coroutine[Any, Any, None]], None]


def test_an_unregistered_terminal_is_refused_listed_and_nothing_of_it_is_stored(gateway: Gateway, run: Run) -> None:
    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            answer = await terminal.register("晋A88888")
            assert (answer.result, answer.code) == (4, "")
            assert await terminal.ask(gateway.location()) == Result.FAILURE
            assert await terminal.ask(LocationBatch(0, (gateway.location(),))) == Result.FAILURE
            assert await terminal.ask(Heartbeat()) == Result.FAILURE
            assert await terminal.ask(Authentication("guess")) == Result.FAILURE
            metrics = server.metrics()
            assert metrics["refused_unregistered"] == 2
            assert metrics["refused_not_authenticated"] == 3
            assert metrics["positions"] == 0
            assert metrics["online"] == 0

    run(story())
    assert [batch.rows for batch in gateway.stored()] == [0, 0]
    (pending,) = gateway.devices.list_pending(SYSTEM).items
    assert (pending.phone, pending.plate, pending.maker, pending.model, pending.terminal_id) == (
        PHONE, "晋A88888", "MAKER", "MODEL", "T000001",
    )  # fmt: skip


async def let_in(terminal: Terminal) -> RegisterReply:
    """Register again and again until the gateway has heard of the approval."""
    for _ in range(1000):
        registered = await terminal.register()
        if registered.result != 4:
            break
        await asyncio.sleep(0.05)
    return registered


@pytest.mark.parametrize("edition", [Edition.V2011, Edition.V2013, Edition.V2019])
def test_an_approved_terminal_gets_in_and_is_heard(gateway: Gateway, run: Run, edition: Edition) -> None:
    async def story() -> None:
        async with gateway.serving(max_refusals=10_000) as server, Terminal(server.port, PHONE, edition) as terminal:
            assert (await terminal.register()).result == 4
            pending = gateway.devices.list_pending(SYSTEM).items[0]
            approved = gateway.devices.approve(
                SYSTEM, pending.id, vehicle_id=None, unit_id=None, plate=None, vehicle_class=None
            )
            registered = await let_in(terminal)
            assert registered.code == gateway.devices.get(approved.id).auth_code
            assert await terminal.ask(Authentication(registered.code)) == Result.OK
            assert await terminal.ask(gateway.location(seconds=7)) == Result.OK
            positions, _ = gateway.stored()
            assert positions.columns["device"].tolist() == [approved.id]
            assert positions.columns["event_ms"].tolist() == [gateway.clock.now_ms() + 7000]
            assert positions.columns["lon"].tolist() == [112.551024]
            assert positions.columns["lat"].tolist() == [37.86968]

    run(story())


def test_login_and_locations_in_one_segment_keep_their_order(gateway: Gateway, run: Run) -> None:
    device = gateway.device(PHONE)
    code = gateway.devices.issue_auth_code(device.id)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            bodies: list[Body] = [Authentication(code), gateway.location(1), gateway.location(2), Heartbeat()]
            await terminal.send_raw(b"".join(frame for body in bodies for frame in terminal.encode(body)))
            replies = [await terminal.expect(GeneralReply) for _ in bodies]
            assert [(reply.serial, reply.result) for reply in replies] == [(0, 0), (1, 0), (2, 0), (3, 0)]

    run(story())
    assert gateway.stored()[0].rows == 2


def test_a_wrong_code_and_an_empty_one_are_refused_and_guessing_ends_the_connection(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)  # no code was issued yet: an empty one must not fit

    async def story() -> None:
        async with gateway.serving(max_refusals=3) as server, Terminal(server.port, PHONE) as terminal:
            for code in ("", "0", "1"):
                assert await terminal.ask(Authentication(code)) == Result.FAILURE
            assert await terminal.closed_by_platform()
            assert server.metrics()["refused_authentication"] == 3
            assert server.metrics()["closed_refused_too_often"] == 1

    run(story())


def test_another_terminal_with_a_registered_number_is_refused(gateway: Gateway, run: Run) -> None:
    async def story() -> None:
        async with gateway.serving(max_refusals=10_000) as server:
            async with Terminal(server.port, PHONE, terminal_id="GENUINE") as terminal:
                assert (await terminal.register()).result == 4
                pending = gateway.devices.list_pending(SYSTEM).items[0]
                gateway.devices.approve(
                    SYSTEM, pending.id, vehicle_id=None, unit_id=None, plate=None, vehicle_class=None
                )
                assert (await let_in(terminal)).result == 0
            async with Terminal(server.port, PHONE, terminal_id="OTHER") as impostor:
                assert (await impostor.register()).result == 4
                assert server.metrics()["refused_other_terminal"] == 1

    run(story())


def test_the_newest_login_of_a_terminal_wins(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as first:
            await first.log_in()
            async with Terminal(server.port, PHONE) as second:
                await second.log_in()
                assert await first.closed_by_platform()
                assert await second.ask(gateway.location()) == Result.OK
                assert server.metrics()["online"] == 1
                assert server.metrics()["replaced_logins"] == 1

    run(story())


def test_a_deactivated_terminal_is_disconnected_and_stays_out(gateway: Gateway, run: Run) -> None:
    device = gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server:
            async with Terminal(server.port, PHONE) as terminal:
                await terminal.log_in()
                gateway.devices.set_active(SYSTEM, device.id, False)
                assert await terminal.closed_by_platform()
            async with Terminal(server.port, PHONE) as terminal:
                assert (await terminal.register()).result == 2
                assert server.metrics()["refused_inactive"] == 1

    run(story())


def test_after_deregistration_nothing_is_taken_until_the_next_login(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            assert await terminal.ask(Deregistration()) == Result.OK
            assert await terminal.ask(gateway.location()) == Result.FAILURE
            assert server.metrics()["online"] == 0
            await terminal.log_in()
            assert await terminal.ask(gateway.location()) == Result.OK

    run(story())
    assert gateway.stored()[0].rows == 1


def test_one_connection_speaks_for_one_terminal(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)
    gateway.device("13900005678")

    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            terminal.phone = "13900005678"
            assert await terminal.ask(gateway.location()) == Result.FAILURE
            assert server.metrics()["foreign_phone"] == 1
            await terminal.log_in()  # it may log in as the other, and is then that one
            assert await terminal.ask(gateway.location()) == Result.OK

    run(story())
    other = gateway.devices.by_phone("jt808", "13900005678")
    assert other is not None
    assert gateway.stored()[0].columns["device"].tolist() == [other.id]


def test_logging_in_again_and_again_takes_no_more_than_one_place(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)
    gateway.device("13900005678")

    async def story() -> None:
        async with gateway.serving(max_connections=2) as server, Terminal(server.port, PHONE) as terminal:
            for number in range(8):
                terminal.phone = PHONE if number % 3 else "13900005678"
                await terminal.log_in()
                assert await terminal.ask(gateway.location(number)) == Result.OK
                assert server.metrics()["online"] == 1
            assert "refused_no_slot" not in server.metrics()
            assert server.metrics()["positions"] == 8

    run(story())


def test_connections_beyond_the_bound_are_closed_and_counted(gateway: Gateway, run: Run) -> None:
    async def story() -> None:
        async with (
            gateway.serving(max_connections=2) as server,
            Terminal(server.port, "1") as first,
            Terminal(server.port, "2") as second,
        ):
            assert (await first.register()).result == 4
            assert (await second.register()).result == 4
            async with Terminal(server.port, "3") as third:
                assert await third.closed_by_platform()
            assert server.metrics()["closed_too_many_connections"] == 1
            assert (await first.register()).result == 4

    run(story())


def test_silent_connections_are_closed(gateway: Gateway, run: Run) -> None:
    gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving(login_s=0.1) as server, Terminal(server.port, "999") as stranger:
            assert await stranger.closed_by_platform()
            assert server.metrics()["closed_no_login"] == 1
        async with gateway.serving(idle_s=2.0) as server, Terminal(server.port, PHONE) as online:
            await online.log_in()
            assert await online.closed_by_platform()
            metrics = server.metrics()
            assert metrics["closed_idle"] == 1
            assert metrics["connections"] == metrics["online"] == 0

    run(story())


async def registered_as(gateway: Gateway, device: Device, online: bool, **counters: int) -> None:
    """Wait until the register says so of the terminal."""

    def said() -> bool:
        status = gateway.devices.status(device.id)
        if status is None or status.online is not online or not counters.items() <= status.counters.items():
            return False
        assert status.last_seen_ms == gateway.clock.now_ms()
        assert (status.address or "").startswith("127.0.0.1:")
        return True

    await until(said)


def test_online_state_and_counters_reach_the_register(gateway: Gateway, run: Run) -> None:
    device = gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving() as server:
            async with Terminal(server.port, PHONE) as terminal:
                await terminal.log_in()
                for second in range(3):
                    assert await terminal.ask(gateway.location(second)) == Result.OK
                broken = bytearray(terminal.encode(Heartbeat())[0])
                broken[5] ^= 0x40
                await terminal.send_raw(bytes(broken))
                assert await terminal.ask(Heartbeat()) == Result.OK
                await registered_as(gateway, device, online=True, positions=3, bad_checksum=1, frames=4)
            await registered_as(gateway, device, online=False, positions=3)

    run(story())


def test_what_was_under_way_while_the_state_was_written_is_counted_in_the_next(gateway: Gateway, run: Run) -> None:
    device = gateway.device(PHONE)

    async def story() -> None:
        async with gateway.serving(flush_s=0.5) as server, Terminal(server.port, PHONE) as terminal:
            await terminal.log_in()
            assert await terminal.ask(gateway.location()) == Result.OK
            await registered_as(gateway, device, online=True, positions=1)  # and the terminal says nothing more

    run(story())


def test_the_directory_being_away_refuses_for_now_and_says_so(gateway: Gateway, run: Run) -> None:
    async def story() -> None:
        async with gateway.serving() as server, Terminal(server.port, "0000") as terminal:
            # A number of zeros is none: it is refused without asking anybody, and listing it fails loudly.
            assert await terminal.ask(Authentication("x")) == Result.FAILURE
            assert server.metrics()["directory_errors"] == 1

    run(story())


def test_the_bound_of_connections_stays_below_the_systems_limit_of_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert room_for(10) == 10
    if hard == resource.RLIM_INFINITY:
        pytest.skip("this system does not limit open files")
    assert room_for(hard + 1) == hard - SPARE_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

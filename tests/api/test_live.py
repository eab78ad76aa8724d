"""The live stream over real sockets: scope, order, catching up, slow clients, bounds, ending."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from tests.api.serving import PATIENCE_S, Listener, Serving, serving, wait_for
from tests.api.world import EAST, NOW_MS, WEST, World, positions

from cityops.access import SYSTEM
from cityops.api import Sample, create_app
from cityops.observations import NewDevice
from cityops.store import emit

ALPHA, BETA = "晋A11111", "晋A22222"


@pytest.fixture
def live(world: World) -> Iterator[Serving]:
    with serving(world.app) as running:
        yield running


def listen(world: World, live: Serving, who: str, last_event_id: str | None = None) -> Listener:
    return Listener(live.url, world.credentials(who)[0], last_event_id)


def test_a_client_gets_the_picture_then_the_changes(world: World, live: Serving) -> None:
    alpha, beta = world.devices[ALPHA], world.devices[BETA]
    world.move((alpha, NOW_MS - 1000, 112.52, 61.26), (beta, NOW_MS - 400_000, 112.57, 50))
    with listen(world, live, "dispatcher") as listener:
        assert listener.response.headers["content-type"].startswith("text/event-stream")
        assert listener.response.headers["cache-control"] == "no-store"
        assert listener.next() is not None  # ready
        picture = listener.until("positions").data
        assert picture["at"] == "2026-05-12T23:41:05+08:00"
        assert sorted(picture["rows"]) == [
            [alpha, 112.52, 37.7, 61.3, 90, NOW_MS - 1000, 0],
            [beta, 112.57, 37.7, 50.0, 90, NOW_MS - 400_000, 2],
        ]
        world.move((alpha, NOW_MS, 112.53, 1.0))
        assert listener.until("positions").data["rows"] == [[alpha, 112.53, 37.7, 1.0, 90, NOW_MS, 1]]
        alert_id = world.raise_alert(ALPHA)
        change = listener.until("change").data
        assert (change["topic"], change["key"], change["alert_id"]) == ("alert.raised", alert_id, alert_id)
        world.clock.advance(3)  # the alert shows on the truck without a new position
        assert listener.until("positions").data["rows"] == [[alpha, 112.53, 37.7, 1.0, 90, NOW_MS, 3]]


def test_a_silent_vehicle_becomes_offline_on_the_map(world: World, live: Serving) -> None:
    alpha = world.devices[ALPHA]
    world.move((alpha, NOW_MS, 112.52, 60))
    with listen(world, live, "dispatcher") as listener:
        assert listener.until("positions").data["rows"][0][6] == 0
        world.clock.advance(301)
        assert listener.until("positions").data["rows"] == [[alpha, 112.52, 37.7, 60.0, 90, NOW_MS, 2]]


def test_everybody_hears_only_what_is_theirs(world: World, live: Serving) -> None:
    """A fence at the end: a closure is for everybody with the map, so what comes before it is all there was."""
    alpha, beta = world.devices[ALPHA], world.devices[BETA]
    world.move((alpha, NOW_MS, 112.52, 60), (beta, NOW_MS, 112.57, 60))
    people = ["dispatcher", "enterprise", "enterprise2", "district", "district2", "crew", "analyst", "administrator"]
    listeners = {who: listen(world, live, who) for who in people}
    try:
        for listener in listeners.values():
            listener.until("ready")
        first, second = world.raise_alert(ALPHA, area=WEST), world.raise_alert(BETA, area=EAST)
        case = world.open_case(first)
        for evidence_id, case_id in (("E-FILED", case.case_id), ("E-NO-CASE-YET", None)):
            world.context.store.write(
                partial(emit, topic="evidence.added", key=evidence_id, payload={"case_id": case_id})
            )
        world.context.dispatch.closures.create(world.people["dispatcher"], 112.505, 37.70, "路灯更换")
        heard: dict[str, set[tuple[str, str]]] = {}
        seen: dict[str, set[int]] = {}
        for who, listener in listeners.items():
            heard[who], seen[who] = set(), set()
            while one := listener.next():
                if one.event == "positions":
                    seen[who] |= {row[0] for row in one.data["rows"]}
                elif one.event == "change" and one.data["topic"] == "closure.changed":
                    break
                elif one.event == "change":
                    heard[who].add((one.data["topic"].split(".")[0], one.data["key"]))
    finally:
        for listener in listeners.values():
            listener.__exit__()
    own = {("alert", first), ("case", case.case_id), ("notice", case.case_id), ("task", case.case_id)}
    hers = {key for key in heard["enterprise"] if key[0] in ("alert", "case")}
    assert hers == {key for key in own if key[0] in ("alert", "case")}
    for who in ("enterprise", "district"):
        assert ("alert", second) not in heard[who]
        assert ("alert", first) in heard[who]
    assert {("alert", first), ("alert", second), ("case", case.case_id)} <= heard["dispatcher"] & heard["analyst"]
    assert heard["enterprise2"] == heard["district2"] == {("alert", second)}
    assert {who for who, things in heard.items() if ("evidence", "E-FILED") in things} == {
        "dispatcher",
        "enterprise",
        "district",
        "analyst",
    }
    assert all(("evidence", "E-NO-CASE-YET") not in things for things in heard.values())
    assert heard["crew"] == heard["administrator"] == set()
    assert seen == {
        "dispatcher": {alpha, beta},
        "analyst": {alpha, beta},
        "administrator": {alpha, beta},
        "enterprise": {alpha},
        "district": {alpha},
        "enterprise2": {beta},
        "district2": {beta},
        "crew": set(),
    }


def test_a_returning_client_hears_exactly_what_it_missed(world: World, live: Serving) -> None:
    alpha, beta = world.devices[ALPHA], world.devices[BETA]
    world.move((alpha, NOW_MS, 112.52, 60), (beta, NOW_MS, 112.57, 60))
    with listen(world, live, "dispatcher") as listener:
        listener.until("positions")
        cursor = listener.last_id
    missed = [world.raise_alert(ALPHA), world.raise_alert(BETA)]
    world.move((alpha, NOW_MS + 1, 112.53, 61))
    with listen(world, live, "dispatcher", cursor) as listener:
        ready = listener.next()
        assert ready is not None
        assert (ready.event, ready.data) == ("ready", {"resync": False, "whole": False})
        assert [listener.until("change").data["key"] for _ in missed] == missed
        rows = listener.until("positions").data["rows"]
        assert [row[:2] for row in rows] == [[alpha, 112.53]]  # beta did not move meanwhile
        later = world.raise_alert(ALPHA, started_ms=NOW_MS - 50_000_000)
        assert listener.until("change").data["key"] == later  # nothing twice, nothing lost


def test_after_a_restart_the_picture_comes_whole_and_events_go_on(world: World) -> None:
    world.move((world.devices[ALPHA], NOW_MS, 112.52, 60))
    with serving(world.app) as live, listen(world, live, "dispatcher") as listener:
        listener.until("positions")
        cursor = listener.last_id
    alert_id = world.raise_alert(ALPHA)
    with serving(create_app(world.context)) as live, listen(world, live, "dispatcher", cursor) as listener:
        assert listener.until("ready").data == {"resync": False, "whole": True}
        assert listener.until("change").data["key"] == alert_id
        assert listener.until("positions").data["rows"][0][0] == world.devices[ALPHA]


def test_a_truck_that_leaves_the_district_leaves_its_map(world: World, live: Serving) -> None:
    alpha, beta = world.devices[ALPHA], world.devices[BETA]
    world.move((alpha, NOW_MS, 112.54, 60), (beta, NOW_MS, 112.57, 60))
    with listen(world, live, "district") as west, listen(world, live, "district2") as east:
        assert [row[0] for row in west.until("positions").data["rows"]] == [alpha]
        assert [row[0] for row in east.until("positions").data["rows"]] == [beta]
        cursor = west.last_id
        world.move((alpha, NOW_MS + 1, 112.56, 60))
        assert west.until("gone").data == {"devices": [alpha]}
        assert [row[0] for row in east.until("positions").data["rows"]] == [alpha]
        world.move((alpha, NOW_MS + 2, 112.561, 60))
        world.context.dispatch.closures.create(world.people["dispatcher"], 112.505, 37.70, "路灯更换")
        heard = west.next()
        assert heard is not None
        assert heard.event == "change"  # nothing more of the truck before it
    with listen(world, live, "district", cursor) as back:  # what shifts is never continued, always shown whole
        assert back.until("ready").data == {"resync": False, "whole": True}


@pytest.mark.parametrize("cursor", ["nonsense", "00000000.5.999999999", "x" * 64])
def test_a_cursor_of_another_store_is_told_to_load_again(world: World, live: Serving, cursor: str) -> None:
    with listen(world, live, "dispatcher", cursor) as listener:
        assert listener.until("ready").data == {"resync": cursor == "00000000.5.999999999", "whole": True}


def app_with(world: World, **limits: Any) -> FastAPI:
    """The same product with other bounds on the live stream."""
    live = replace(world.context.settings.live, **limits)
    return create_app(replace(world.context, settings=replace(world.context.settings, live=live)))


def parts_figure(app: FastAPI, name: str) -> float:
    samples: list[Sample] = app.state.parts.samples()
    return next(sample.value for sample in samples if sample.name == name)


def many_trucks(world: World, count: int = 2000) -> list[int]:
    """Registered trucks, enough to make a tick of some 100 kB."""
    phones = [f"1380000{number:05d}" for number in range(count)]
    news = [NewDevice("jt808", phone, None, "V" + phone, world.units["alpha"], "晋A00000") for phone in phones]
    return [device.id for device in world.context.devices.create_many(SYSTEM, news)]


def deaf_client(world: World, live: Serving) -> socket.socket:
    """A client that asks for the stream and then reads nothing."""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(("127.0.0.1", live.port))
    token = world.credentials("dispatcher")[0]
    deaf.sendall(f"GET /api/live HTTP/1.1\r\nHost: x\r\nCookie: cityops_session={token}\r\n\r\n".encode())
    return deaf


def all_move(world: World, devices: list[int]) -> int:
    """Every truck moves; returns the event time."""
    world.clock.advance(0.01)
    at_ms = world.clock.now_ms()
    world.context.latest.apply(positions(*((device, at_ms, 112.52, 60.0) for device in devices)))
    return at_ms


def test_a_slow_client_is_cut_off_and_the_others_go_on(world: World) -> None:
    devices = many_trucks(world)
    app = app_with(world, stall_s=60.0)
    with serving(app) as live, deaf_client(world, live) as deaf, listen(world, live, "dispatcher") as quick:
        quick.until("ready")
        wait_for(lambda: parts_figure(app, "cityops_live_clients") == 2, "both clients")
        for _ in range(1000):
            at_ms = all_move(world, devices)
            while quick.until("positions").data["rows"][0][5] != at_ms:
                pass
            if parts_figure(app, "cityops_live_cut_off_total") == 1:
                break
        deaf.settimeout(PATIENCE_S)
        tail = b""
        while not tail.endswith(b"0\r\n\r\n"):  # the end of a chunked answer
            chunk = deaf.recv(1 << 16)
            assert chunk
            tail = (tail + chunk)[-200:]
        assert b"event: lagging" in tail
        wait_for(lambda: parts_figure(app, "cityops_live_clients") == 1, "the hub to forget the slow one")
        with listen(world, live, "dispatcher") as again:
            assert len(again.until("positions").data["rows"]) == len(devices)
        assert parts_figure(app, "cityops_live_cut_off_total") == 1


def test_a_client_that_takes_no_byte_is_given_up(world: World) -> None:
    devices = many_trucks(world)
    app = app_with(world, stall_s=0.3, queued_messages=10_000)
    with serving(app) as live, deaf_client(world, live):
        wait_for(lambda: parts_figure(app, "cityops_live_clients") == 1, "the client")
        due_s = time.monotonic() + PATIENCE_S
        while parts_figure(app, "cityops_live_clients") == 1:
            assert time.monotonic() < due_s
            all_move(world, devices)
            time.sleep(0.02)
        assert parts_figure(app, "cityops_live_cut_off_total") == 1


def test_streams_beyond_the_bound_are_refused(world: World) -> None:
    app = app_with(world, clients=2)
    with serving(app) as live, listen(world, live, "dispatcher"), listen(world, live, "analyst") as second:
        headers = {"Cookie": f"cityops_session={world.credentials('dispatcher')[0]}"}
        refused = httpx.get(f"{live.url}/api/live", headers=headers, timeout=PATIENCE_S)
        assert (refused.status_code, refused.json()["code"]) == (429, "live.full")
        assert parts_figure(app, "cityops_live_refused_total") == 1
        second.response.close()
        wait_for(lambda: parts_figure(app, "cityops_live_clients") == 1, "room")
        with listen(world, live, "dispatcher") as third:
            assert third.until("ready")


def test_pings_keep_the_stream_alive(world: World, live: Serving) -> None:
    with listen(world, live, "auditor") as listener:
        assert [listener.until("ping").data for _ in range(3)] == [{}, {}, {}]


def test_signing_out_ends_the_stream(world: World, live: Serving) -> None:
    with listen(world, live, "analyst") as listener:
        listener.until("ready")
        world.context.sessions.sign_out(world.credentials("analyst")[0])
        assert listener.rest()[-1].event == "signed_out"


def test_a_session_that_runs_out_ends_the_stream(world: World, live: Serving) -> None:
    with listen(world, live, "analyst") as listener:
        listener.until("ready")
        world.clock.advance(25 * 3600)
        assert listener.rest()[-1].event == "signed_out"


def test_an_account_switched_off_loses_its_stream(world: World, live: Serving) -> None:
    with listen(world, live, "analyst") as listener:
        listener.until("ready")
        world.context.accounts.deactivate(SYSTEM, world.people["analyst"].account_id)
        assert listener.rest()[-1].event == "signed_out"


def test_a_stopping_server_tells_its_streams_and_does_not_wait_for_them(world: World) -> None:
    with serving(world.app) as live, listen(world, live, "dispatcher") as listener:
        listener.until("ready")
        live.server.config.timeout_graceful_shutdown = 600  # who waited for the stream would wait longer than this test
        live.stop()
        assert listener.rest()[-1].event == "closing"
    assert not world.app.state.parts.feed.running


def test_who_is_not_signed_in_gets_no_stream(live: Serving) -> None:
    answer = httpx.get(f"{live.url}/api/live", timeout=PATIENCE_S)
    assert (answer.status_code, answer.json()["code"]) == (401, "session.none")

"""``cityops run`` as its users meet it: start, a second start, stop, resume, backup and restore."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from tests.stories.conftest import Install
from tests.stories.outcome import (
    assert_alerts_are_those_of_one_pass,
    assert_the_doctor_is_content,
    history_of,
    is_quiet,
    open_store,
    stored_alerts,
)
from tests.stories.processes import PATIENCE_S, Installation, Process, children_of, is_running, wait_until

from cityops.detection.tables import alert as alert_table
from cityops.gateways.jt808 import (
    Authentication,
    Edition,
    Message,
    Multimedia,
    MultimediaReply,
    RegisterReply,
    Registration,
    decode_message,
    encode_message,
    split_frames,
)
from cityops.observations import VEHICLE_POSITION

pytestmark = [pytest.mark.xdist_group("stories"), pytest.mark.timeout(1800)]

PASSWORD = "cityops-demo"
SMALL = {"CITYOPS_DEMO_TRUCKS": "25", "CITYOPS_DEMO_INTERVAL_S": "1"}


@contextmanager
def dispatcher(city: Installation) -> Iterator[httpx.Client]:
    """A browser in which the dispatcher has signed in."""
    with httpx.Client(base_url=city.address, trust_env=False, timeout=PATIENCE_S) as client:
        answer = client.post("/api/session", json={"username": "dispatcher", "password": PASSWORD})
        answer.raise_for_status()
        yield client


def get(client: httpx.Client, path: str, **query: Any) -> Any:
    answer = client.get(path, params=query)
    answer.raise_for_status()
    return answer.json()


def started(city: Installation, *arguments: str) -> Process:
    """``cityops run``, up to the address it prints."""
    product = city.start("run", *arguments)
    wait_until(lambda: city.address in product.text() or product.process.poll() is not None, "the address")
    assert product.process.poll() is None
    return product


def stopped_by_ctrl_c(city: Installation, product: Process) -> None:
    """Ctrl-C; everything is gone, and the ports with it."""
    family = children_of(product.process.pid)
    assert len(family) >= 2
    assert product.stop(signal.SIGINT) == 0
    assert [pid for pid in family if is_running(pid)] == []
    assert "Stopped; everything is kept." in product.text()
    assert "Traceback" not in product.text()
    assert not city.takes_terminals()
    assert not city.serves()


def assert_refused_in_a_sentence(answer: tuple[int, str], sentence: str) -> None:
    code, text = answer
    assert code == 2
    lines = text.splitlines()
    assert sentence in lines[0]
    assert all(line.startswith("CityOps: ") for line in lines)
    assert len(lines) <= 3, "one sentence, what was kept, and what to do"


def test_a_city_starts_is_stopped_and_goes_on_where_it_was(install: Install) -> None:
    city = install(**SMALL)
    product = started(city)
    for word in ("演示账号 demo accounts", "dispatcher", "enterprise1", f"127.0.0.1:{city.jt808_port}"):
        assert word in product.text()

    # A second start in the same folder, and one elsewhere on the same ports.
    assert_refused_in_a_sentence(city.command("run"), f"CityOps already runs in this data folder: {city.data}")
    elsewhere = install("elsewhere", **SMALL, CITYOPS_HTTP_PORT=str(city.http_port))
    assert_refused_in_a_sentence(elsewhere.command("run"), f"cannot listen on 127.0.0.1:{city.http_port}")
    elsewhere = install("third", **SMALL, CITYOPS_JT808_PORT=str(city.jt808_port))
    assert_refused_in_a_sentence(elsewhere.command("run"), f"cannot listen on 127.0.0.1:{city.jt808_port}")

    with dispatcher(city) as client:
        wait_until(lambda: get(client, "/api/alerts")["page"]["total"] > 0, "the night haul's alert")
        before = {one["alert_id"] for one in get(client, "/api/alerts")["items"]}
        stopped_by_ctrl_c(city, product)

        product = started(city)
        # The same session, the same alerts; trucks move again, crews are back.
        assert get(client, "/api/session")["username"] == "dispatcher"
        assert before <= {one["alert_id"] for one in get(client, "/api/alerts")["items"]}
        resumed_ms = time.time() * 1000
        wait_until(lambda: newest_position_ms(client) > resumed_ms, "a position from after the second start")
        wait_until(lambda: crews_on_shift(client) == 8, "eight crews on shift")
        stopped_by_ctrl_c(city, product)


def newest_position_ms(client: httpx.Client) -> float:
    items = get(client, "/api/vehicles/live")["items"]
    return max((datetime.fromisoformat(one["at"]).timestamp() * 1000 for one in items), default=0)


def crews_on_shift(client: httpx.Client) -> int:
    """Crews that report from within their patrol (2.5 km around the base, and roads lead a little out of it)."""
    crews = get(client, "/api/crews")["items"]
    here = [one for one in crews if one["on_shift_since"] is not None and one["lon"] is not None]
    assert all(abs(one["lon"] - one["base_lon"]) < 0.1 and abs(one["lat"] - one["base_lat"]) < 0.1 for one in here)
    return len(here)


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(install: Install, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    city = install(CITYOPS_DATA_DIR=str(tmp_path / "file" / "data"))
    for command in ("run", "gateway", "serve"):
        assert_refused_in_a_sentence(city.command(command), "the data folder")


@pytest.mark.parametrize("command", ["gateway", "serve"])
def test_a_busy_port_is_said_in_a_sentence_by_each_process_too(install: Install, command: str) -> None:
    city = install(CITYOPS_DEMO="false")
    with closing(socket.socket()) as holder:
        port = city.http_port if command == "serve" else city.jt808_port
        holder.bind(("127.0.0.1", port))
        holder.listen()
        assert_refused_in_a_sentence(city.command(command), f"cannot listen on 127.0.0.1:{port}")


def test_what_a_run_cannot_do_without_the_demo_is_said(install: Install, tmp_path: Path) -> None:
    city = install(CITYOPS_DEMO="false")
    assert_refused_in_a_sentence(city.command("simulate"), "nothing to simulate while the demo is off")
    assert_refused_in_a_sentence(city.command("serve"), "no city is installed yet")
    track = tmp_path / "track.csv"
    track.write_text("X;Y;trajectory_id;t\n112.5;37.8;1;2026-11-20 08:00:00+08\n")
    assert_refused_in_a_sentence(city.command("replay", str(track)), "no gateway answers on 127.0.0.1")
    assert_refused_in_a_sentence(city.command("replay", str(tmp_path / "none.csv")), "there is no file")


async def send_photo(port: int, phone: str, photo: bytes) -> None:
    """As a terminal: sign in, bring a picture, wait until it is said to be kept."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    rest = b""
    registration = Registration(14, 100, "SYNTH", "DEMO", "D000005", 2, "晋AW0005", Edition.V2013)

    async def ask(body: Any, serial: int, wanted: type) -> Any:
        nonlocal rest
        writer.write(b"".join(encode_message(body, phone=phone, serial=serial)))
        while True:
            frames, rest, _ = split_frames(rest + await reader.read(65_536))
            for frame in frames:
                message = decode_message(frame)
                if isinstance(message, Message) and isinstance(message.body, wanted):
                    return message.body

    async with asyncio.timeout(PATIENCE_S):
        code = (await ask(registration, 0, RegisterReply)).code
        writer.write(encode_message(Authentication(code), phone=phone, serial=1)[0])
        reply = await ask(Multimedia(7, 0, 0, 1, 2, None, photo), 2, MultimediaReply)
        assert reply == MultimediaReply(7)
    writer.close()


def test_a_backup_taken_while_everything_runs_comes_back_whole(install: Install) -> None:
    city = install(**SMALL)
    product = started(city)
    with dispatcher(city) as client:
        wait_until(lambda: get(client, "/api/alerts")["page"]["total"] > 0, "the night haul's alert")
    asyncio.run(send_photo(city.jt808_port, "10100000005", b"a photo of the road" * 100))
    begun_ms = time.time() * 1000
    target = city.folder / "backup"
    code, text = city.command("backup", str(target))
    assert code == 0, text
    assert re.search(r"tables, \d+ rows, \d+ files, .* verified", text)
    assert_refused_in_a_sentence(city.command("backup", str(target)), "there already")
    stopped_by_ctrl_c(city, product)

    copy = install("copy", **SMALL)
    code, text = copy.command("restore", str(target))
    assert code == 0, text
    assert_refused_in_a_sentence(copy.command("restore", str(target)), "the target is not empty")
    assert_same_up_to(city, copy, begun_ms)

    # The copy is a city of its own: it goes on from there, and its alerts are those of its history.
    server = copy.start("serve")
    wait_until(copy.serves, "the restored city to answer")
    with dispatcher(copy) as client:
        assert get(client, "/api/alerts")["page"]["total"] > 0
    wait_until(lambda: is_quiet(copy), "detection and cases to come to their end")
    assert server.stop() == 0
    assert_alerts_are_those_of_one_pass(copy, stored_alerts(copy))
    assert_the_doctor_is_content(copy)


def assert_same_up_to(city: Installation, copy: Installation, begun_ms: float) -> None:
    """The copy holds nothing that the city does not, and everything the city held when the backup began."""
    rows, copied = positions(city), positions(copy)
    assert len(copied) > 400
    assert copied <= rows
    assert {row for row in rows if row[1] < begun_ms} <= copied
    with open_store(city) as store, store.read() as conn:
        original = {row.id: row for row in conn.execute(select(alert_table))}
    with open_store(copy) as store, store.read() as conn:
        found = {row.id: row for row in conn.execute(select(alert_table))}
    assert found
    assert {key for key, row in original.items() if row.raised_ms < begun_ms} <= set(found) <= set(original)
    assert [key for key, row in found.items() if row.version == original[key].version and row != original[key]] == []
    for name in ("files", "media", "places"):
        assert contents(copy.data / name) == contents(city.data / name)
    assert (
        sum(
            path.read_bytes() == b"a photo of the road" * 100
            for path in (copy.data / "files").rglob("*")
            if path.is_file()
        )
        == 1
    )


def positions(city: Installation) -> set[tuple[int, int, int, float, float]]:
    columns = history_of(city).read(VEHICLE_POSITION, keys=None, from_ms=0, to_ms=2**60).columns
    names = ("device", "received_ms", "event_ms", "lon", "lat")
    return set(zip(*(columns[name].tolist() for name in names), strict=True))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

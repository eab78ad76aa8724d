"""Signal to screen: from a frame on the gateway's TCP socket to its event in a browser's live stream.

Run: ``python bench/live_latency.py [--trucks 2000] [--interval 10] [--seconds 40]``. The product is the real one:
``cityops gateway`` and ``cityops serve`` as processes of their own over a fresh data folder with the demo city. One
process plays all terminals (register, authenticate, then one location every interval, spread evenly) and one
dispatcher's ``/api/live``, so that both ends share a clock. Each position carries its own longitude and latitude, by
which its event is found again. The baseline, in the same run under the same load: a bare server that on each frame
writes one event to the stream at once, without decoding, storing, detecting or scoping anything.
The result is printed and kept in ``bench/results/live_latency.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import numpy as np
import uvloop

from cityops.gateways.jt808 import (
    Authentication,
    Edition,
    FrameError,
    Location,
    RegisterReply,
    Registration,
    decode_message,
    encode_message,
    split_frames,
    unescape,
)
from cityops.kit import SystemClock
from cityops.scenes import DEMO_PASSWORD, DemoTruck
from cityops.scenes.key_vehicles import demo_fleet

RESULT = Path(__file__).parent / "results" / "live_latency.json"
STEP_E6 = 20  # a truck's positions are so many millionths of a degree apart, and so are its neighbours' latitudes
LONGITUDE_E6, LATITUDE_E6 = 112_480_000, 37_780_000
START_LIMIT_S = 180.0
WARM_ROUNDS = 2
LOCATION_ID = 0x0200


# -- the baseline ------------------------------------------------------------------------------------------


class Echo:
    """Frames in on one port, events out on another, nothing between."""

    def __init__(self) -> None:
        self.screens: list[asyncio.StreamWriter] = []

    async def screen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A browser asks for the stream."""
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        self.screens.append(writer)
        await asyncio.sleep(3600)


class EchoTerminal(asyncio.Protocol):
    """Cuts frames, reads longitude and latitude where they stand, writes the event."""

    def __init__(self, echo: Echo) -> None:
        self.echo = echo
        self.rest = b""

    def data_received(self, data: bytes) -> None:
        """Frames, or parts of them."""
        frames, self.rest, _ = split_frames(self.rest + data)
        for frame in frames:
            plain = unescape(frame)
            head = 17 if plain[2] & 0x40 else 12
            if int.from_bytes(plain[:2], "big") != LOCATION_ID:
                continue
            lat = int.from_bytes(plain[head + 8 : head + 12], "big") / 1e6
            lon = int.from_bytes(plain[head + 12 : head + 16], "big") / 1e6
            event = b'event: positions\ndata: {"rows":[[0,%.6f,%.6f,0,0,0,0]]}\n\n' % (lon, lat)
            for screen in self.echo.screens:
                screen.write(event)


async def serve_echo(frames_port: int, screen_port: int) -> None:
    echo = Echo()
    loop = asyncio.get_running_loop()
    await asyncio.start_server(echo.screen, "127.0.0.1", screen_port)
    await loop.create_server(lambda: EchoTerminal(echo), "127.0.0.1", frames_port, backlog=4096)
    await asyncio.sleep(3600)


# -- both ends ---------------------------------------------------------------------------------------------


class Stopwatch:
    """When each position was sent, and how long it took to be seen."""

    def __init__(self) -> None:
        self.sent: dict[tuple[int, int], float] = {}
        self.latencies_ms: list[float] = []
        self.measuring = False

    def send(self, longitude_e6: int, latitude_e6: int) -> None:
        """A position leaves."""
        if self.measuring:
            self.sent[longitude_e6, latitude_e6] = time.perf_counter()

    def see(self, lon: float, lat: float) -> None:
        """A position is on the screen."""
        began_s = self.sent.pop((round(lon * 1e6), round(lat * 1e6)), None)
        if began_s is not None:
            self.latencies_ms.append((time.perf_counter() - began_s) * 1000)


class Terminal(asyncio.Protocol):
    """One truck's terminal."""

    def __init__(self, number: int, truck: DemoTruck, watch: Stopwatch, ready: Callable[[], None]) -> None:
        self.number, self.truck, self.watch, self.ready = number, truck, watch, ready
        self.edition = Edition(truck.protocol_version)
        self.serial = 0
        self.step = 0
        self.rest = b""
        self.clock = SystemClock()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self.transport = cast(asyncio.Transport, transport)

    def say(self, body: Any) -> None:
        """Send a message."""
        frames = encode_message(body, phone=self.truck.phone, serial=self.serial, edition=self.edition)
        self.serial = (self.serial + len(frames)) & 0xFFFF
        self.transport.write(b"".join(frames))

    def register(self) -> None:
        """Ask to be let in."""
        truck = self.truck
        self.say(
            Registration(
                14, 100, truck.maker, truck.model, truck.terminal_id, truck.plate_color_code, truck.plate, self.edition
            )
        )

    def data_received(self, data: bytes) -> None:
        """The gateway's answers; once signed in they are of no interest."""
        frames, self.rest, _ = split_frames(self.rest + data)
        if self.serial > 2:
            return
        for frame in frames:
            message = decode_message(frame)
            if isinstance(message, FrameError):
                raise SystemExit(f"the gateway answered {message}")
            if isinstance(message.body, RegisterReply):
                self.say(Authentication(message.body.code))
            elif self.serial == 2:
                self.ready()

    def report(self) -> None:
        """Send the next position."""
        longitude_e6, latitude_e6 = LONGITUDE_E6 + self.step * STEP_E6, LATITUDE_E6 + self.number * STEP_E6
        self.step += 1
        self.watch.send(longitude_e6, latitude_e6)
        self.say(
            Location(
                latitude_e6=latitude_e6,
                longitude_e6=longitude_e6,
                speed_dkmh=305,
                course_deg=90,
                event_ms=self.clock.now_ms() // 1000 * 1000,
            )
        )


async def watch_screen(host: str, port: int, cookie: str, watch: Stopwatch) -> None:
    """Reads the live stream as a browser does and stops the watch for each row."""
    reader, writer = await asyncio.open_connection(host, port, limit=1 << 26)
    writer.write(f"GET /api/live HTTP/1.0\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n".encode())
    decode = msgspec.json.Decoder().decode
    event = b""
    while line := await reader.readline():
        if line.startswith(b"event: "):
            event = line[7:].strip()
        elif line.startswith(b"data: ") and event == b"positions":
            for row in decode(line[6:])["rows"]:
                watch.see(row[1], row[2])
    raise SystemExit("the live stream ended during the measurement")


async def measure(ports: tuple[int, int], cookie: str, arguments: argparse.Namespace, *, login: bool) -> dict[str, Any]:
    """All trucks against one server; percentiles of the latency."""
    frames_port, screen_port = ports
    watch = Stopwatch()
    screen = asyncio.create_task(watch_screen("127.0.0.1", screen_port, cookie, watch))
    terminals = await connect(frames_port, watch, arguments, login=login)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    rounds = WARM_ROUNDS + round(arguments.seconds / arguments.interval)
    for number in range(rounds):
        watch.measuring = number >= WARM_ROUNDS
        for at, terminal in enumerate(terminals):
            due_s = began_s + (number + at / len(terminals)) * arguments.interval
            if due_s > loop.time():
                await asyncio.sleep(due_s - loop.time())
            terminal.report()
    await asyncio.sleep(5)
    if screen.done():
        screen.result()
    screen.cancel()
    for terminal in terminals:
        terminal.transport.close()
    p50, p95, p99 = np.percentile(watch.latencies_ms, [50, 95, 99])
    return {
        "positions": len(watch.latencies_ms) + len(watch.sent),
        "never_seen": len(watch.sent),
        "p50_ms": round(float(p50), 1),
        "p95_ms": round(float(p95), 1),
        "p99_ms": round(float(p99), 1),
        "max_ms": round(max(watch.latencies_ms), 1),
    }


async def connect(port: int, watch: Stopwatch, arguments: argparse.Namespace, *, login: bool) -> list[Terminal]:
    """Every terminal online."""
    online = asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()
    terminals = []
    for number, truck in enumerate(demo_fleet(arguments.trucks)):
        terminal = Terminal(number, truck, watch, online.release)
        await loop.create_connection(lambda terminal=terminal: terminal, "127.0.0.1", port)  # type: ignore[misc]
        if login:
            terminal.register()
        else:
            terminal.serial = 3
        terminals.append(terminal)
    async with asyncio.timeout(START_LIMIT_S):
        for _ in range(arguments.trucks if login else 0):
            await online.acquire()
    return terminals


# -- the product -------------------------------------------------------------------------------------------


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int) -> None:
    due_s = time.monotonic() + START_LIMIT_S
    while time.monotonic() < due_s:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit(f"nothing answers on port {port}")


@contextmanager
def running(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, env=environment)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def sign_in(url: str) -> str:
    """Wait until the product answers; the dispatcher's session cookie."""
    due_s = time.monotonic() + START_LIMIT_S
    while True:
        try:
            if all(part["ok"] for part in httpx.get(f"{url}/api/health").json()["parts"]):
                break
        except httpx.TransportError:
            pass
        if time.monotonic() > due_s:
            raise SystemExit("the product did not come up")
        time.sleep(0.5)
    answer = httpx.post(f"{url}/api/session", json={"username": "dispatcher", "password": DEMO_PASSWORD})
    return f"cityops_session={answer.raise_for_status().cookies['cityops_session']}"


def measure_product(folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    http_port, frames_port = free_port(), free_port()
    environment = os.environ | {
        "CITYOPS_DATA_DIR": str(folder),
        "CITYOPS_HTTP_PORT": str(http_port),
        "CITYOPS_JT808_PORT": str(frames_port),
        "CITYOPS_DEMO_TRUCKS": str(arguments.trucks),
    }
    command = [sys.executable, "-m", "cityops"]
    with running([*command, "gateway"], environment), running([*command, "serve"], environment):
        cookie = sign_in(f"http://127.0.0.1:{http_port}")
        return uvloop.run(measure((frames_port, http_port), cookie, arguments, login=True))


def measure_echo(arguments: argparse.Namespace) -> dict[str, Any]:
    ports = free_port(), free_port()
    command = [sys.executable, __file__, "echo", "--ports", *map(str, ports)]
    with running(command, dict(os.environ)):
        wait_for_port(ports[0])
        return uvloop.run(measure(ports, "", arguments, login=False))


def main() -> None:
    """Measure and keep the result, or be the baseline's server."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", nargs="?", choices=("compare", "echo"), default="compare")
    parser.add_argument("--trucks", type=int, default=2000)
    parser.add_argument("--interval", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--ports", type=int, nargs=2)
    arguments = parser.parse_args()
    if arguments.role == "echo":
        uvloop.run(serve_echo(*arguments.ports))
        return
    with tempfile.TemporaryDirectory() as name:
        product = measure_product(Path(name), arguments)
    result = {
        "command": f"python bench/live_latency.py --trucks {arguments.trucks} --interval {arguments.interval:g}",
        "cores": os.cpu_count(),
        "load_average_at_end": round(os.getloadavg()[0], 1),
        "trucks": arguments.trucks,
        "interval_s": arguments.interval,
        "product": product,
        "bare_echo": measure_echo(arguments),
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()

"""The JT/T 808 gateway with durable acknowledgement against a bare uvloop server that frames and replies.

Run: ``python -m bench.gateway [--connections 2000] [--seconds 4] [--rounds 3] [--terminals 20000]``. Server and load
generator are processes of their own; the two servers take turns under the same generator, and the medians of the rounds
are compared. Every connection keeps ``window`` locations in the air and sends the next ones when all are answered.
The bare server cuts at the delimiters, unescapes, reads id and serial and answers a valid 0x8001; it verifies nothing
and stores nothing. Ours verifies, decodes, converts, judges, appends with fdatasync and then answers. The terminals'
directory is in memory on our side, as it is in the gateway's cache.
The result is printed and kept in ``bench/results/gateway.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Any, cast

import uvloop
from bench.gateway_servers import CODE, serve

from cityops.gateways.jt808 import Authentication, Extras, Location, encode_message
from cityops.kit import SystemClock

RESULT = Path(__file__).parent / "results" / "gateway.json"
WINDOWS = (1, 5)
MAX_FRAMES = 20_000_000
"""A generator that reaches this ends its measurement, whatever the clock says."""


# -- load --------------------------------------------------------------------------------------------------


class LoadConnection(asyncio.Protocol):
    """One terminal: authenticates, then ``window`` locations at a time."""

    def __init__(self, load: Load, number: int) -> None:
        self.load = load
        phone = str(13_800_000_000 + number)
        self.login = encode_message(Authentication(CODE), phone=phone, serial=0)[0]
        location = Location(
            latitude_e6=37_800_000 + number,
            longitude_e6=112_500_000 + number,
            altitude_m=800,
            speed_dkmh=605,
            course_deg=number % 360,
            event_ms=load.event_ms,
            extras=Extras(mileage_dkm=number, fuel_dl=400, recorder_speed_dkmh=600, vehicle_signals=0, satellites=12),
        )
        frames = [encode_message(location, phone=phone, serial=k + 1)[0] for k in range(load.window)]
        self.burst = b"".join(frames)
        self.online = False
        self.outstanding = 0
        self.delimiters = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Authenticate."""
        self.transport = cast(asyncio.Transport, transport)
        self.outstanding = 1
        self.transport.write(self.login)

    def data_received(self, data: bytes) -> None:
        """Count answers; when all came, say so."""
        self.delimiters += data.count(b"\x7e")
        answered = self.delimiters >> 1
        if answered < self.outstanding:
            return
        if not self.online:
            self.online = True
            self.load.came_online(self)
        elif self.load.answered(answered):
            self.send()

    def send(self) -> None:
        """The next locations."""
        self.delimiters = 0
        self.outstanding = self.load.window
        self.transport.write(self.burst)


class Load:
    """All connections of the generator and their counts."""

    def __init__(self, port: int, connections: int, window: int, interval_s: float) -> None:
        self.port, self.connections, self.window, self.interval_s = port, connections, window, interval_s
        self.event_ms = SystemClock().now_ms()
        self.total = 0
        self.running = True
        self.online: list[LoadConnection] = []
        self.all_online = asyncio.Event()

    def came_online(self, connection: LoadConnection) -> None:
        """A terminal was let in."""
        self.online.append(connection)
        if len(self.online) == self.connections:
            self.all_online.set()

    def answered(self, count: int) -> bool:
        """Count; whether to go on at once. With an interval, a timer goes on instead."""
        self.total += count
        return self.running and self.total < MAX_FRAMES and not self.interval_s

    def repeat(self, connection: LoadConnection) -> None:
        """Send at a fixed interval, whatever the answers do."""
        if self.running:
            connection.send()
            asyncio.get_running_loop().call_later(self.interval_s, self.repeat, connection)

    async def connect(self) -> None:
        """Open all connections and wait until every terminal is online."""
        loop = asyncio.get_running_loop()
        for number in range(self.connections):
            # Some 20,000 connections to one address: the ports of one source address would not do.
            source = f"127.0.1.{1 + number // 10_000}"
            await loop.create_connection(
                lambda number=number: LoadConnection(self, number),  # type: ignore[misc]
                "127.0.0.1",
                self.port,
                local_addr=(source, 0),
            )
        await self.all_online.wait()

    async def run(self, seconds: float, warm_s: float) -> dict[str, float]:
        """Send for ``warm_s``, then count for ``seconds``."""
        for position, connection in enumerate(self.online):
            if self.interval_s:
                delay_s = self.interval_s * position / len(self.online)
                asyncio.get_running_loop().call_later(delay_s, self.repeat, connection)
            else:
                connection.send()
        await asyncio.sleep(warm_s)
        before, start = self.total, time.perf_counter()
        await asyncio.sleep(seconds)
        frames, elapsed_s = self.total - before, time.perf_counter() - start
        self.running = False
        return {"frames": frames, "seconds": round(elapsed_s, 2), "frames_per_s": round(frames / elapsed_s)}


async def generate(arguments: argparse.Namespace) -> None:
    load = Load(arguments.port, arguments.connections, arguments.window, arguments.interval)
    await load.connect()
    print(json.dumps({"online": len(load.online)}), flush=True)
    print(json.dumps(await load.run(arguments.seconds, 1.0)), flush=True)


# -- comparison --------------------------------------------------------------------------------------------


def spawn(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.gateway", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def read(process: subprocess.Popen[str]) -> dict[str, Any]:
    line = cast(IO[str], process.stdout).readline()
    if not line:
        raise SystemExit(f"a benchmark process ended early: {process.args!r}")
    return cast(dict[str, Any], json.loads(line))


def rss_mb(process: subprocess.Popen[str]) -> float:
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def cpu_s(process: subprocess.Popen[str]) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(
    kind: str, folder: Path, connections: int, window: int, seconds: float, interval_s: float
) -> dict[str, Any]:
    """One run of one server under the generator."""
    server = spawn("serve", kind, "--folder", folder, "--connections", connections)
    port = read(server)["port"]
    idle_mb = rss_mb(server)
    load = spawn(
        "load", "--port", port, "--connections", connections, "--window", window, "--seconds", seconds,
        "--interval", interval_s,
    )  # fmt: skip
    read(load)
    online_mb, before_s = rss_mb(server), cpu_s(server)
    result = read(load)
    used_s = cpu_s(server) - before_s
    found = {**result, "rss_idle_mb": idle_mb, "rss_online_mb": online_mb, "rss_end_mb": rss_mb(server)}
    found["server_cpu_us_per_frame"] = round(used_s / max(result["frames"], 1) * 1e6, 1)
    load.wait(30)
    server.terminate()
    if kind == "ours":
        metrics = read(server)
        found["stored_rows"] = metrics["appended_rows"]
        found["batches"] = metrics["batches"]
        if metrics["appended_rows"] < result["frames"]:
            raise SystemExit("an answer left before its observation was durable")
    server.wait(30)
    return found


def compare(arguments: argparse.Namespace, folder: Path, window: int) -> dict[str, Any]:
    """The two servers in turns; medians."""
    rounds: dict[str, list[dict[str, Any]]] = {"bare": [], "ours": []}
    for number in range(arguments.rounds):
        for kind in ("bare", "ours"):
            at = folder / f"{kind}-{window}-{number}"
            at.mkdir()
            rounds[kind].append(measure(kind, at, arguments.connections, window, arguments.seconds, 0.0))
            print(kind, window, rounds[kind][-1], file=sys.stderr)
    medians = {kind: statistics.median(run["frames_per_s"] for run in runs) for kind, runs in rounds.items()}
    return {
        "window": window,
        "ours_frames_per_s": medians["ours"],
        "bare_frames_per_s": medians["bare"],
        "ratio": round(medians["ours"] / medians["bare"], 3),
        "runs": rounds,
    }


def raise_limits(files: int = 65_536) -> int:
    """As many open files as the system lets this user have; how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, max(files, hard)))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def main() -> None:
    """Measure and keep the result, or be one of the processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", nargs="?", choices=("compare", "serve", "load"), default="compare")
    parser.add_argument("kind", nargs="?", choices=("bare", "ours"), default="ours")
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--terminals", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--windows", type=int, nargs="*", default=list(WINDOWS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--window", type=int, default=1)
    parser.add_argument("--interval", type=float, default=0.0)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=None)
    arguments = parser.parse_args()
    files = raise_limits()
    if arguments.role == "serve":
        uvloop.run(serve(arguments.kind, arguments.folder, arguments.connections))
        return
    if arguments.role == "load":
        uvloop.run(generate(arguments))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = Path(name)
        result: dict[str, Any] = {
            "command": " ".join(["python -m bench.gateway", *sys.argv[1:]]),
            "cores": os.cpu_count(),
            "connections": arguments.connections,
        }
        result["throughput"] = [compare(arguments, folder, window) for window in arguments.windows]
        terminals = min(arguments.terminals, files - 400)
        if terminals > 0:
            at = folder / "memory"
            at.mkdir()
            memory = measure("ours", at, terminals, 1, 10.0, 10.0)
            extra_mb = memory["rss_end_mb"] - memory["rss_idle_mb"]
            memory["kb_per_terminal"] = round(extra_mb * 1000 / terminals, 1)
            result["memory"] = {"terminals": terminals, "open_files_allowed": files, "interval_s": 10.0, **memory}
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()

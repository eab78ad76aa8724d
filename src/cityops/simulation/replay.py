"""Recorded input sent over the real protocol: GPS tracks as terminals, recorded frames as they are."""

from __future__ import annotations

import asyncio
import csv
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cityops.gateways.jt808 import STATUS_ACC, STATUS_FIXED, Location, split_frames
from cityops.kit import Clock, InvalidError, Text, UnavailableError, to_ms
from cityops.simulation.journeys import course_deg, distance_m
from cityops.simulation.pace import Pace
from cityops.simulation.terminal import Identity, Terminal

_ANSWER_WAIT_S: Final = 1.0
_STILL_KMH: Final = 1.0


@dataclass(frozen=True)
class Track:
    """A recorded trip: WGS-84 degrees and UTC milliseconds, oldest first."""

    name: str
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    event_ms: NDArray[np.int64]


def read_tracks(path: Path) -> list[Track]:
    """Tracks of a semicolon-separated file with the columns X, Y, trajectory_id and t (ISO time with zone).

    Raises:
        InvalidError: a column is missing, a line cannot be read (names it), or there is no line.
    """
    rows: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter=";", strict=True)
        try:
            for row in reader:
                rows[row["trajectory_id"]].append(_fix(row))
        except KeyError as error:
            raise _unreadable(path, 1, f"没有列 {error}", f"there is no column {error}") from error
        except (ValueError, TypeError, csv.Error) as error:
            raise _unreadable(path, reader.line_num, str(error), str(error)) from error
    if not rows:
        raise _unreadable(path, 1, "没有数据行", "there are no fixes")
    return [_track(name, points) for name, points in rows.items()]


def _fix(row: dict[str, str]) -> tuple[int, float, float]:
    """Whole seconds as a terminal reports them (UTC ms), longitude, latitude."""
    lon, lat = float(row["X"]), float(row["Y"])
    if not row["trajectory_id"]:
        raise ValueError("trajectory_id is empty")
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValueError(f"X={row['X']}, Y={row['Y']}")
    return to_ms(datetime.fromisoformat(row["t"])) // 1000 * 1000, lon, lat


def _unreadable(path: Path, number: int, zh: str, en: str) -> InvalidError:
    return InvalidError(
        f"{path.name} 第 {number} 行无法读取：{zh}",
        f"{path.name} line {number} cannot be read: {en}",
        code="replay.unreadable",
        kept=Text("没有发送任何数据", "nothing was sent"),
        todo=Text(
            "需要列 X、Y、trajectory_id、t（WGS-84 度，带时区的时间），以分号分隔",
            "columns X, Y, trajectory_id and t are needed (WGS-84 degrees, time with zone), separated by semicolons",
        ),
    )


def _track(name: str, fixes: list[tuple[int, float, float]]) -> Track:
    """Oldest first; of several fixes in one second a terminal has one, the first."""
    first = {event_ms: (lon, lat) for event_ms, lon, lat in reversed(fixes)}
    event_ms = sorted(first)
    lon, lat = zip(*(first[moment] for moment in event_ms), strict=True)
    return Track(name, np.array(lon), np.array(lat), np.array(event_ms, dtype=np.int64))


def track_locations(track: Track, shift_ms: int) -> list[Location]:
    """The track as locations moved by ``shift_ms``; speed and course are those of the way to the next fix."""
    found = []
    last = len(track.lon) - 1
    for row in range(last + 1):
        start, end = (row, row + 1) if row < last else (max(0, row - 1), row)
        fix, ahead = (float(track.lon[start]), float(track.lat[start])), (float(track.lon[end]), float(track.lat[end]))
        elapsed_s = max(1.0, float(track.event_ms[end] - track.event_ms[start]) / 1000)
        speed_kmh = distance_m(*fix, *ahead) / elapsed_s * 3.6
        found.append(
            Location(
                status=STATUS_FIXED | (STATUS_ACC if speed_kmh >= _STILL_KMH else 0),
                longitude_e6=round(float(track.lon[row]) * 1e6),
                latitude_e6=round(float(track.lat[row]) * 1e6),
                speed_dkmh=min(2_200, round(speed_kmh * 10)),
                course_deg=round(course_deg(*fix, *ahead)) % 360,
                event_ms=int(track.event_ms[row]) + shift_ms,
            )
        )
    return found


async def replay_tracks(
    tracks: Sequence[Track], identities: Sequence[Identity], *, gateway: tuple[str, int], clock: Clock, speed_up: float
) -> int:
    """Send each track as one terminal, all ending now; returns how many positions were acknowledged.

    Raises:
        InvalidError: more tracks than identities.
        UnavailableError: nobody listens at ``gateway``.
    """
    if len(identities) < len(tracks):
        raise InvalidError(
            f"文件有 {len(tracks)} 条轨迹，演示车辆只有 {len(identities)} 辆",
            f"the file has {len(tracks)} tracks, there are only {len(identities)} demo trucks",
            kept=Text("没有发送任何数据", "nothing was sent"),
            todo=Text("增大 CITYOPS_DEMO_TRUCKS 后重试", "raise CITYOPS_DEMO_TRUCKS and try again"),
        )
    _, writer = await _connect(gateway)
    writer.close()
    now_ms = clock.now_ms()
    longest_ms = max(int(track.event_ms[-1] - track.event_ms[0]) for track in tracks)
    pace = Pace(clock, now_ms, now_ms - longest_ms, speed_up)
    terminals = [Terminal(identity, *gateway) for identity in identities[: len(tracks)]]

    async def drive(track: Track, terminal: Terminal) -> None:
        line = asyncio.create_task(terminal.run())
        for location in track_locations(track, now_ms - int(track.event_ms[-1])):
            await asyncio.sleep(pace.wait_s(location.event_ms))
            terminal.report([location])
        await terminal.acknowledged()
        line.cancel()

    async with asyncio.TaskGroup() as tasks:
        for track, terminal in zip(tracks, terminals, strict=True):
            tasks.create_task(drive(track, terminal))
    return sum(terminal.counters.acknowledged for terminal in terminals)


async def _connect(gateway: tuple[str, int]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    try:
        return await asyncio.open_connection(*gateway)
    except OSError as error:
        host, port = gateway
        raise UnavailableError(
            f"{host}:{port} 上没有网关应答",
            f"no gateway answers on {host}:{port}",
            code="replay.no_gateway",
            kept=Text("没有发送任何数据", "nothing was sent"),
            todo=Text("先运行 cityops run", "start the product first: cityops run"),
        ) from error


@dataclass(frozen=True)
class FramesSent:
    """How many recorded frames went out and how many frames came back."""

    sent: int
    answered: int


def read_frames(path: Path) -> list[bytes]:
    """The ``frame`` (hexadecimal) of each JSON line.

    Raises:
        InvalidError: a line that is not so; names it.
    """
    frames = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            frames.append(bytes.fromhex(json.loads(line)["frame"]))
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidError(
                f"{path.name} 第 {number} 行不是含 frame 的 JSON",
                f"{path.name} line {number} is not JSON with a frame",
                kept=Text("没有发送任何数据", "nothing was sent"),
            ) from error
    return frames


async def replay_frames(frames: Sequence[bytes], *, gateway: tuple[str, int]) -> FramesSent:
    """Send ``frames`` on one connection, as recorded, and count the answers until none comes for a second.

    Raises:
        UnavailableError: nobody listens at ``gateway``.
    """
    reader, writer = await _connect(gateway)
    sent = answered = 0

    async def send() -> None:
        nonlocal sent
        for frame in frames:
            writer.write(frame)
            try:
                await writer.drain()
            except OSError:
                return  # the platform cut the line: what went out is counted
            sent += 1

    sending = asyncio.create_task(send())
    rest = b""
    try:
        while data := await _read(reader, sending):
            pieces, rest, _ = split_frames(rest + data)
            answered += len(pieces)
    finally:
        writer.transport.abort()
        await sending
    return FramesSent(sent, answered)


async def _read(reader: asyncio.StreamReader, sending: asyncio.Task[None]) -> bytes:
    """The next bytes; empty when the line is cut, or quiet for a second after everything was sent."""
    while True:
        try:
            async with asyncio.timeout(_ANSWER_WAIT_S):
                return await reader.read(65_536)
        except TimeoutError:
            if sending.done():
                return b""
        except OSError:
            return b""

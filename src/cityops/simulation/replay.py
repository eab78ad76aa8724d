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
from cityops.kit import Clock, InvalidError, Text, to_ms
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
        InvalidError: a column is missing or a line cannot be read; names the line.
    """
    rows: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file, delimiter=";"), start=2):
            try:
                moment = datetime.fromisoformat(row["t"] if row["t"][-3] != "+" else row["t"] + ":00")
                rows[row["trajectory_id"]].append((to_ms(moment), float(row["X"]), float(row["Y"])))
            except (KeyError, ValueError, TypeError, IndexError) as error:
                raise InvalidError(
                    f"{path.name} 第 {number} 行无法读取：{error}",
                    f"{path.name} line {number} cannot be read: {error}",
                    kept=Text("没有发送任何数据", "nothing was sent"),
                    todo=Text(
                        "需要列 X、Y、trajectory_id、t，以分号分隔",
                        "columns X, Y, trajectory_id and t, separated by semicolons",
                    ),
                ) from error
    return [_track(name, sorted(set(points))) for name, points in rows.items()]


def _track(name: str, points: list[tuple[int, float, float]]) -> Track:
    event_ms, lon, lat = zip(*points, strict=True)
    return Track(name, np.array(lon), np.array(lat), np.array(event_ms, dtype=np.int64) // 1000 * 1000)


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

    A pair of fixes in the same second is one position for a terminal: the first counts.
    """
    now_ms = clock.now_ms()
    longest_ms = max(int(track.event_ms[-1] - track.event_ms[0]) for track in tracks)
    pace = Pace(clock, now_ms, now_ms - longest_ms, speed_up)
    terminals = [Terminal(identity, *gateway) for identity in identities[: len(tracks)]]
    if len(terminals) < len(tracks):
        raise InvalidError(
            f"文件有 {len(tracks)} 条轨迹，演示车辆只有 {len(terminals)} 辆",
            f"the file has {len(tracks)} tracks, there are only {len(terminals)} demo trucks",
            todo=Text("增大 CITYOPS_DEMO_TRUCKS 后重试", "raise CITYOPS_DEMO_TRUCKS and try again"),
        )

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
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
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
    """Send ``frames`` on one connection, as recorded."""
    reader, writer = await asyncio.open_connection(*gateway)
    answered, rest = 0, b""
    try:
        for frame in frames:
            writer.write(frame)
            await writer.drain()
        while True:
            async with asyncio.timeout(_ANSWER_WAIT_S):
                data = await reader.read(65_536)
            if not data:
                break
            pieces, rest, _ = split_frames(rest + data)
            answered += len(pieces)
    except TimeoutError:
        pass  # quiet for a second: the platform has said all it has to say
    finally:
        writer.close()
    return FramesSent(len(frames), answered)

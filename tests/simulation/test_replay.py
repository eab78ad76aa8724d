"""Recorded tracks and frames sent to a real gateway; files that cannot be read are refused with the line."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.simulation.conftest import Platform, identity

from cityops.gateways.jt808 import STATUS_ACC, Heartbeat, encode_message
from cityops.kit import InvalidError, UnavailableError
from cityops.observations import VEHICLE_POSITION, History
from cityops.simulation import (
    read_frames,
    read_tracks,
    replay_frames,
    replay_tracks,
    track_locations,
)

Run = Callable[[Coroutine[Any, Any, None]], None]
RECORDED = Path("/work/shared/data")
HEAD = "X;Y;fid;id;sequence;trajectory_id;tracker;t\n"
TRACKS = HEAD + (
    "112.50;37.80;1;1;1;a;9;2026-11-20 08:00:00+08\n"
    "112.51;37.80;2;2;2;a;9;2026-11-20 08:01:00+08\n"
    "112.52;37.81;3;3;3;b;9;2026-11-20 00:30:10+00\n"
    "112.51;37.80;4;4;4;a;9;2026-11-20 08:03:00+08:00\n"
    "112.99;37.99;5;5;5;a;9;2026-11-20 08:01:00.900+08\n"
)
PHONES = ["10100000001", "10100000002"]


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_tracks_by_name_oldest_first_one_fix_a_second(tmp_path: Path) -> None:
    first, second = read_tracks(written(tmp_path / "two.csv", TRACKS))
    assert (first.name, second.name) == ("a", "b")
    # 08:00 in Shanghai is 00:00 UTC of 2026-11-20: 1,795,132,800 s after 1970.
    assert (first.event_ms // 1000 - 1_795_132_800).tolist() == [0, 60, 180]
    assert first.lon.tolist() == [112.50, 112.51, 112.51]
    assert (second.event_ms // 1000 - 1_795_132_800).tolist() == [1810]


def test_speed_and_course_are_those_of_the_way_to_the_next_fix(tmp_path: Path) -> None:
    first, second = read_tracks(written(tmp_path / "two.csv", TRACKS))
    moving, standing, last = track_locations(first, 500)
    # 0.01 degrees of longitude at 37.8 N are 111,195.08 m x 0.01 x cos 37.8 = 878.61 m; in 60 s 52.72 km/h, due east.
    assert (moving.speed_dkmh, moving.course_deg, moving.status & STATUS_ACC) == (527, 90, STATUS_ACC)
    assert (standing.speed_dkmh, standing.status & STATUS_ACC) == (0, 0)
    assert (last.speed_dkmh, last.event_ms) == (0, int(first.event_ms[2]) + 500)
    (alone,) = track_locations(second, 0)
    assert (alone.longitude_e6, alone.latitude_e6, alone.speed_dkmh) == (112_520_000, 37_810_000, 0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (HEAD, "line 1 cannot be read: there are no fixes"),
        ("", "line 1 cannot be read: there are no fixes"),
        (TRACKS + "abc;37.8;6;6;6;a;9;2026-11-20 08:04:00+08\n", "line 7 cannot be read: could not convert"),
        (TRACKS + "nan;37.8;6;6;6;a;9;2026-11-20 08:04:00+08\n", "line 7 cannot be read: X=nan"),
        (TRACKS + "190;37.8;6;6;6;a;9;2026-11-20 08:04:00+08\n", "line 7 cannot be read: X=190"),
        (TRACKS + "112.5;37.8;6;6;6;a;9;2026-11-20 08:04:00\n", "line 7 cannot be read: a moment needs a time zone"),
        (TRACKS + "112.5;37.8;6;6;6;a;9;yesterday\n", "line 7 cannot be read: Invalid isoformat"),
        (TRACKS + "112.5;37.8\n", "line 7 cannot be read"),
        (TRACKS + "112.5;37.8;6;6;6;;9;2026-11-20 08:04:00+08\n", "line 7 cannot be read: trajectory_id is empty"),
        ("X,Y,t\n1,2,3\n", "line 1 cannot be read: there is no column"),
    ],
)
def test_an_unreadable_track_file_is_refused_with_its_line(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(InvalidError, match=words) as caught:
        read_tracks(written(tmp_path / "bad.csv", content))
    assert caught.value.kept is not None
    assert caught.value.todo is not None


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_bytes(b"X;Y;trajectory_id;t\n\xff\xfe\n")
    with pytest.raises(InvalidError, match="cannot be read"):
        read_tracks(tmp_path / "bad.csv")
    (tmp_path / "bad.jsonl").write_bytes(b"\xff\xfe\n")
    with pytest.raises(InvalidError, match="line 1 is not JSON"):
        read_frames(tmp_path / "bad.jsonl")


def test_a_replayed_track_ends_now_and_is_stored_fix_by_fix(platform: Platform, run: Run, tmp_path: Path) -> None:
    tracks = read_tracks(written(tmp_path / "two.csv", TRACKS))
    numbers = platform.register(*PHONES)
    begun_ms = platform.clock.now_ms()

    async def story() -> None:
        async with platform.serving() as server:
            identities = [identity(phone) for phone in PHONES]
            sent = await replay_tracks(
                tracks, identities, gateway=("127.0.0.1", server.port), clock=platform.clock, speed_up=600
            )
            assert sent == 4

    run(story())
    columns = platform.stored().columns
    of_first = columns["device"] == numbers[PHONES[0]]
    times = columns["event_ms"][of_first]
    assert (times - times[0]).tolist() == [0, 60_000, 180_000]
    assert begun_ms - 1000 <= times[-1] <= platform.clock.now_ms()
    assert columns["lon"][of_first].tolist() == pytest.approx([112.50, 112.51, 112.51], abs=1e-9)
    assert int((columns["device"] == numbers[PHONES[1]]).sum()) == 1


def test_too_few_trucks_or_no_gateway_are_said_before_anything_is_sent(run: Run, tmp_path: Path) -> None:
    tracks = read_tracks(written(tmp_path / "two.csv", TRACKS))

    async def story(clock: Any) -> None:
        with pytest.raises(InvalidError, match="2 tracks, there are only 1"):
            await replay_tracks(tracks, [identity()], gateway=("127.0.0.1", 1), clock=clock, speed_up=1)
        with pytest.raises(UnavailableError, match="no gateway answers"):
            await replay_tracks(tracks, [identity()] * 2, gateway=("127.0.0.1", 1), clock=clock, speed_up=1)
        with pytest.raises(UnavailableError, match="no gateway answers"):
            await replay_frames([b"\x7e\x7e"], gateway=("127.0.0.1", 1))

    run(story(None))


def frames_file(path: Path, count: int) -> Path:
    frames = [encode_message(Heartbeat(), phone="10100000001", serial=number)[0] for number in range(count)]
    return written(path, "".join(f'{{"frame": "{frame.hex()}", "decoded": {{}}}}\n' for frame in frames))


def test_recorded_frames_are_sent_as_they_are_and_answers_counted(platform: Platform, run: Run, tmp_path: Path) -> None:
    frames = read_frames(frames_file(tmp_path / "frames.jsonl", 5))

    async def story() -> None:
        async with platform.serving() as server:
            outcome = await replay_frames(frames, gateway=("127.0.0.1", server.port))
            # None of them signs in, so each is answered with a refusal.
            assert (outcome.sent, outcome.answered) == (5, 5)
            assert server.metrics()["refused_not_authenticated"] == 5

    run(story())


def test_frames_after_the_platform_has_cut_the_line_are_not_counted(
    platform: Platform, run: Run, tmp_path: Path
) -> None:
    frames = read_frames(frames_file(tmp_path / "frames.jsonl", 3000))

    async def story() -> None:
        async with platform.serving() as server:
            outcome = await replay_frames(frames, gateway=("127.0.0.1", server.port))
            assert outcome.answered == 20  # then the gateway has had enough
            assert outcome.sent >= 20

    run(story())


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"frame": "7g"}', '{"frame": 7}'])
def test_an_unreadable_frame_is_refused_with_its_line(tmp_path: Path, line: str) -> None:
    path = frames_file(tmp_path / "frames.jsonl", 2)
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(InvalidError, match="line 3 is not JSON with a frame"):
        read_frames(path)


needs_recordings = pytest.mark.skipif(not RECORDED.is_dir(), reason=f"the recordings in {RECORDED} are not here")


@needs_recordings
def test_the_recorded_trips_run_through_a_gateway(platform: Platform, run: Run) -> None:
    tracks = read_tracks(RECORDED / "trajectories_beijing_geolife.csv")
    assert len(tracks) == 5
    phones = [f"1010000{number:04d}" for number in range(len(tracks))]
    numbers = platform.register(*phones)

    async def story() -> None:
        async with platform.serving() as server:
            sent = await replay_tracks(
                tracks,
                [identity(phone) for phone in phones],
                gateway=("127.0.0.1", server.port),
                clock=platform.clock,
                speed_up=200_000,
            )
            assert sent == sum(len(track.event_ms) for track in tracks)

    run(story())
    history = History(platform.folder / "history")
    history.write(platform.stored(), token="all")
    for phone, track in zip(phones, tracks, strict=True):
        found = history.read(VEHICLE_POSITION, keys=[numbers[phone]], from_ms=0, to_ms=2**60)
        shift = int(found.columns["event_ms"][-1] - track.event_ms[-1])
        assert (found.columns["event_ms"] - shift).tolist() == track.event_ms.tolist()
        assert np.abs(found.columns["lon"] - track.lon).max() <= 0.5e-6 + 1e-12


@needs_recordings
def test_the_recorded_frames_do_not_upset_a_gateway(platform: Platform, run: Run) -> None:
    frames = read_frames(RECORDED / "jt808_frames.jsonl")
    platform.register("10100000001")

    async def story() -> None:
        async with platform.serving() as server:
            outcome = await replay_frames(frames, gateway=("127.0.0.1", server.port))
            assert outcome.answered > 0
            again = await replay_frames(frames[:1], gateway=("127.0.0.1", server.port))
            assert again.sent == 1

    run(story())

from __future__ import annotations

import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityops.kit import SHANGHAI, InvalidError, to_ms
from cityops.observations import (
    STREAMS,
    VEHICLE_POSITION,
    VEHICLE_SAFETY_ALARM,
    Batch,
    History,
    enforce_retention,
)

NINE = to_ms(datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI))
HOUR = 3_600_000
ALWAYS: dict[str, Any] = {"from_ms": 0, "to_ms": 2**62}


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.parquet"))


def pairs(batch: Batch) -> list[tuple[int, int]]:
    return list(zip(batch.columns["device"].tolist(), batch.columns["event_ms"].tolist(), strict=True))


def test_files_lie_by_stream_day_and_hour_in_shanghai(tmp_path: Path, positions: Any) -> None:
    history = History(tmp_path)
    midnight = to_ms(datetime(2026, 11, 23, 0, 0, tzinfo=SHANGHAI))
    written = history.write(positions(1, [midnight, NINE, midnight - 1, NINE + HOUR - 1]), token="t1")
    assert written == 3
    assert files(tmp_path) == [
        "vehicle.position/2026-11-22/09/t1.parquet",
        "vehicle.position/2026-11-22/23/t1.parquet",
        "vehicle.position/2026-11-23/00/t1.parquet",
    ]
    assert not list(tmp_path.rglob("*.tmp"))


def test_the_same_token_writes_once(tmp_path: Path, positions: Any) -> None:
    history = History(tmp_path)
    batch = positions([2, 1], [NINE, NINE + 1])
    assert history.write(batch, token="a") == 1
    assert history.write(batch, token="a") == 0
    assert pairs(history.read(VEHICLE_POSITION, keys=None, **ALWAYS)) == [(1, NINE + 1), (2, NINE)]


def test_reading_is_by_device_and_half_open_interval(tmp_path: Path, positions: Any) -> None:
    history = History(tmp_path)
    times = [NINE + step * HOUR // 2 for step in range(8)]
    for device in (1, 2, 3):
        history.write(positions(device, times), token=f"d{device}")
    found = history.read(VEHICLE_POSITION, keys=[3, 1], from_ms=times[2], to_ms=times[4])
    assert pairs(found) == [(1, times[2]), (1, times[3]), (3, times[2]), (3, times[3])]
    assert history.read(VEHICLE_POSITION, keys=[], **ALWAYS).rows == 0
    assert history.read(VEHICLE_POSITION, keys=[9], **ALWAYS).rows == 0
    assert history.read(VEHICLE_POSITION, keys=None, from_ms=0, to_ms=NINE).rows == 0
    assert found.columns["device"].flags.writeable


def test_of_duplicates_the_one_received_first_stays(tmp_path: Path, positions: Any) -> None:
    history = History(tmp_path)
    history.write(positions(1, [NINE, NINE + 1], received_ms=[NINE + 90, NINE + 91], origin=2), token="late")
    history.write(positions(1, [NINE], received_ms=NINE + 5, origin=0), token="live")
    found = history.read(VEHICLE_POSITION, keys=[1], **ALWAYS)
    assert pairs(found) == [(1, NINE), (1, NINE + 1)]
    assert found.columns["origin"].tolist() == [0, 2]


def test_two_alarms_of_one_second_are_no_duplicates(tmp_path: Path, random_batch: Any) -> None:
    columns = dict(random_batch(VEHICLE_SAFETY_ALARM, 3, 4).columns)
    columns["device"][:] = 1
    columns["event_ms"][:] = NINE
    columns["received_ms"][:] = NINE
    columns["alarm_id"][:] = [7, 7, 8]
    columns["system"][:] = 0x65
    columns["kind"][:] = 1
    columns["flag"][:] = 1
    batch = Batch(VEHICLE_SAFETY_ALARM, columns)
    history = History(tmp_path)
    history.write(batch, token="a")
    found = history.read(VEHICLE_SAFETY_ALARM, keys=[1], **ALWAYS)
    assert found.columns["alarm_id"].tolist() == [7, 8]
    assert found.to_struct().tobytes() == batch.take(np.array([0, 2])).to_struct().tobytes()


def test_fewer_columns(tmp_path: Path, positions: Any) -> None:
    history = History(tmp_path)
    history.write(positions(1, [NINE], speed_kmh=80.25), token="a")
    found = history.read(VEHICLE_POSITION, keys=[1], columns=["speed_kmh"], **ALWAYS)
    assert set(found.columns) == {"device", "event_ms", "received_ms", "speed_kmh"}
    assert found.columns["speed_kmh"].tolist() == [80.25]
    with pytest.raises(InvalidError, match="colour"):
        history.read(VEHICLE_POSITION, keys=[1], columns=["colour"], **ALWAYS)


def test_a_file_of_an_older_version_lacks_a_column(tmp_path: Path, positions: Any) -> None:
    history = History(tmp_path)
    history.write(positions(1, [NINE], fuel_l=40.0, origin=1), token="a")
    old = tmp_path / "vehicle.position" / "2026-11-22" / "09" / "old.parquet"
    frame = pl.read_parquet(old.with_name("a.parquet")).drop("fuel_l", "origin").with_columns(colour=pl.lit(3))
    frame.with_columns(event_ms=pl.col("event_ms") + 1).write_parquet(old)
    for _ in range(2):
        found = history.read(VEHICLE_POSITION, keys=[1], **ALWAYS)
        assert found.columns["origin"].tolist() == [1, 0]
        assert found.columns["fuel_l"][0] == 40.0
        assert np.isnan(found.columns["fuel_l"][1])
        history.compact(VEHICLE_POSITION, from_ms=NINE, to_ms=NINE + HOUR, max_files=1)


def test_a_nonsensical_time_is_kept_not_fatal(tmp_path: Path, positions: Any) -> None:
    history = History(tmp_path)
    history.write(positions(1, [-(2**62), 2**62, NINE]), token="a")
    found = history.read(VEHICLE_POSITION, keys=[1], from_ms=-(2**63), to_ms=2**63 - 1)
    assert pairs(found) == [(1, -(2**62)), (1, NINE), (1, 2**62)]


def test_small_files_are_merged_and_nothing_changes_for_readers(tmp_path: Path, positions: Any) -> None:
    history = History(tmp_path)
    for number in range(9):
        history.write(positions([1, 2], [NINE + number, NINE + 2 * number]), token=f"t{number}")
    before = history.read(VEHICLE_POSITION, keys=None, **ALWAYS)
    assert history.compact(VEHICLE_POSITION, from_ms=NINE + HOUR, to_ms=NINE + 2 * HOUR) == 0
    assert history.compact(VEHICLE_POSITION, from_ms=NINE, to_ms=NINE + 1) == 1
    assert len(files(tmp_path)) == 1
    assert history.compact(VEHICLE_POSITION, from_ms=NINE, to_ms=NINE + 1) == 0
    after = history.read(VEHICLE_POSITION, keys=None, **ALWAYS)
    assert after.to_struct().tobytes() == before.to_struct().tobytes()
    assert after.rows == 18


def test_a_merge_that_crashed_before_it_cleaned_up(tmp_path: Path, positions: Any) -> None:
    history = History(tmp_path)
    history.write(positions(1, [NINE]), token="t0")
    history.write(positions(1, [NINE + 1]), token="t1")
    hour = tmp_path / "vehicle.position" / "2026-11-22" / "09"
    kept = {path.name: path.read_bytes() for path in hour.iterdir()}
    history.compact(VEHICLE_POSITION, from_ms=NINE, to_ms=NINE + 1, max_files=1)
    for name, content in kept.items():
        (hour / name).write_bytes(content)
    (hour / "t9.parquet.tmp").write_bytes(b"half a file")
    assert history.read(VEHICLE_POSITION, keys=[1], **ALWAYS).rows == 2
    history.compact(VEHICLE_POSITION, from_ms=NINE, to_ms=NINE + 1, max_files=1)
    assert history.read(VEHICLE_POSITION, keys=[1], **ALWAYS).rows == 2
    assert len(files(tmp_path)) == 1


def test_reading_while_files_are_merged_and_written(tmp_path: Path, positions: Any) -> None:
    history = History(tmp_path)
    stop = threading.Event()
    written = [0]

    def work() -> None:
        for number in range(40):
            history.write(positions(1, [NINE + number]), token=f"t{number:03d}")
            written[0] = number + 1
            history.compact(VEHICLE_POSITION, from_ms=NINE, to_ms=NINE + HOUR, max_files=2)
        stop.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not stop.is_set():
        known = written[0]
        rows = history.read(VEHICLE_POSITION, keys=[1], **ALWAYS).rows
        assert known <= rows <= 40
    thread.join()
    assert history.read(VEHICLE_POSITION, keys=[1], **ALWAYS).rows == 40


def test_retention_deletes_whole_hours(tmp_path: Path, positions: Any) -> None:
    history = History(tmp_path)
    day = 24 * HOUR
    expired = NINE - VEHICLE_POSITION.retention_days * day
    history.write(positions(1, [expired - HOUR - 1, expired - 1, expired, NINE]), token="a")
    assert enforce_retention(history, STREAMS, NINE + HOUR - 1) == 2
    assert pairs(history.read(VEHICLE_POSITION, keys=None, **ALWAYS)) == [(1, expired), (1, NINE)]
    assert enforce_retention(history, STREAMS, NINE + HOUR - 1) == 0
    assert enforce_retention(history, STREAMS, NINE + HOUR) == 1
    assert files(tmp_path) == ["vehicle.position/2026-11-22/09/a.parquet"]
    assert enforce_retention(history, STREAMS, NINE + 400 * day) == 1
    assert list((tmp_path / "vehicle.position").iterdir()) == []


@settings(max_examples=25)
@given(
    rows=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 40), st.integers(0, 5)), max_size=25),
    parts=st.integers(1, 4),
    merge=st.booleans(),
    window=st.tuples(st.integers(0, 40), st.integers(0, 41)),
)
def test_any_split_reads_as_the_set_of_first_received(
    rows: list[tuple[int, int, int]],
    parts: int,
    merge: bool,
    window: tuple[int, int],
    positions: Any,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Whatever the order and the files: one row per device and time, the one received first."""
    tmp_path = tmp_path_factory.mktemp("history")
    history = History(tmp_path)
    step = 10 * 60_000
    for part in range(parts):
        mine = rows[part::parts]
        if mine:
            devices, times, delays = (list(values) for values in zip(*mine, strict=True))
            event_ms = [NINE + at * step for at in times]
            received_ms = [at + delay for at, delay in zip(event_ms, delays, strict=True)]
            history.write(positions(devices, event_ms, received_ms=received_ms), token=f"p{part}")
    if merge:
        history.compact(VEHICLE_POSITION, from_ms=NINE, to_ms=NINE + 8 * HOUR, max_files=1)
    start, end = window
    expected: dict[tuple[int, int], int] = {}
    for device, at, delay in rows:
        if start <= at < end and device != 3:
            key = (device, NINE + at * step)
            expected[key] = min(expected.get(key, 99), delay)
    found = history.read(VEHICLE_POSITION, keys=[1, 2], from_ms=NINE + start * step, to_ms=NINE + end * step)
    delays_found = (found.columns["received_ms"] - found.columns["event_ms"]).tolist()
    assert list(zip(pairs(found), delays_found, strict=True)) == sorted(expected.items())

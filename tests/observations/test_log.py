from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cityops.kit import ConfigError, InvalidError, UnavailableError
from cityops.observations import (
    VEHICLE_POSITION,
    VEHICLE_SAFETY_ALARM,
    Batch,
    Log,
    LogReader,
    Stream,
    release_segments,
)


def open_log(folder: Path, **settings: Any) -> Log:
    return Log.open(folder, writer="w", **{"min_free_bytes": 0, **settings})


def read_all(reader: LogReader, max_rows: int = 200_000) -> list[int]:
    """Event times of all positions up to the end, in the order read."""
    times: list[int] = []
    while batches := reader.read(max_rows):
        for batch in batches:
            if batch.stream == VEHICLE_POSITION:
                times += batch.columns["event_ms"].tolist()
    return times


@contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of this process may grow beyond ``size``: the kernel then refuses writes as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_what_is_appended_is_read_per_stream_in_order(tmp_path: Path, positions: Any, random_batch: Any) -> None:
    alarms = random_batch(VEHICLE_SAFETY_ALARM, 3, 1)
    with open_log(tmp_path) as log:
        first = log.append([positions(1, [10, 20]), alarms])
        second = log.append([positions(2, [30])])
        assert 0 < first < second == log.position
        assert log.appended_rows == 6
        reader = LogReader(tmp_path / "w")
        found = {batch.stream.name: batch for batch in reader.read()}
        assert found["vehicle.position"].columns["event_ms"].tolist() == [10, 20, 30]
        assert found["vehicle.position"].columns["device"].tolist() == [1, 1, 2]
        assert found["vehicle.safety_alarm"].to_struct().tobytes() == alarms.to_struct().tobytes()
        assert reader.position == second
        assert reader.read() == []
        reader.close()


def test_a_reader_goes_on_from_a_position(tmp_path: Path, positions: Any) -> None:
    with open_log(tmp_path) as log:
        after_first = log.append([positions(1, [10])])
        log.append([positions(1, [20])])
        assert read_all(LogReader(tmp_path / "w", position=after_first)) == [20]


def test_reading_is_bounded_and_stops_at_until(tmp_path: Path, positions: Any) -> None:
    with open_log(tmp_path) as log:
        for at_ms in range(10):
            log.append([positions(1, [at_ms])])
        reader = LogReader(tmp_path / "w")
        [batch] = reader.read(max_rows=4)
        assert batch.columns["event_ms"].tolist() == [0, 1, 2, 3]
        middle = reader.position
        again = LogReader(tmp_path / "w")
        [batch] = again.read(until=middle)
        assert batch.columns["event_ms"].tolist() == [0, 1, 2, 3]
        assert again.position == middle
        assert read_all(reader, max_rows=1) == [4, 5, 6, 7, 8, 9]


def test_empty_batches_change_nothing_and_large_ones_are_split(tmp_path: Path, random_batch: Any) -> None:
    large = random_batch(VEHICLE_POSITION, 150_000, 5)
    with open_log(tmp_path) as log:
        assert log.append([]) == 0
        assert log.append([Batch.empty(VEHICLE_POSITION)]) == 0
        log.append([large])
        reader = LogReader(tmp_path / "w")
        read = list(iter(reader.read, []))
        assert sum(len(part) for part in read) <= 2
        assert Batch.concat([batch for part in read for batch in part]).to_struct().tobytes() == (
            large.to_struct().tobytes()
        )


def test_a_stream_the_log_does_not_know_is_refused(tmp_path: Path, positions: Any) -> None:
    with (
        Log.open(tmp_path, writer="w", streams=[VEHICLE_SAFETY_ALARM], min_free_bytes=0) as log,
        pytest.raises(InvalidError, match=r"vehicle\.position"),
    ):
        log.append([positions(1, [1])])


def test_one_writer_at_a_time(tmp_path: Path, positions: Any) -> None:
    with open_log(tmp_path) as log:
        with pytest.raises(ConfigError) as caught:
            open_log(tmp_path)
        assert f"pid {os.getpid()}" in caught.value.text.zh
        assert caught.value.todo is not None
        log.append([positions(1, [1])])
        with Log.open(tmp_path, writer="other", min_free_bytes=0) as other:
            assert other.position == 0
    with open_log(tmp_path) as log:
        assert log.recovered.cut_bytes == 0
        assert log.position > 0


def test_a_closed_log_takes_nothing(tmp_path: Path, positions: Any) -> None:
    log = open_log(tmp_path)
    log.close()
    log.close()
    with pytest.raises(UnavailableError):
        log.append([positions(1, [1])])


def test_a_reader_may_come_before_the_writer(tmp_path: Path, positions: Any) -> None:
    reader = LogReader(tmp_path / "w")
    assert reader.end == 0
    assert reader.read() == []
    assert reader.wait(0.02) is False
    with open_log(tmp_path) as log:
        assert reader.wait(0.02) is False
        log.append([positions(1, [5])])
        assert reader.wait(0.02) is True
        assert read_all(reader) == [5]


def test_wait_returns_when_another_thread_appends(tmp_path: Path, positions: Any) -> None:
    with open_log(tmp_path) as log:
        reader = LogReader(tmp_path / "w")
        later = threading.Timer(0.05, log.append, args=([positions(1, [5])],))
        later.start()
        assert reader.wait(20.0) is True
        later.join()
        assert read_all(reader) == [5]


def test_threads_may_append_at_once(tmp_path: Path, positions: Any) -> None:
    with open_log(tmp_path, segment_bytes=2_000) as log:

        def work(device: int) -> None:
            for at_ms in range(20):
                log.append([positions(device, [at_ms])])

        threads = [threading.Thread(target=work, args=(device,)) for device in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        batch = Batch.concat([b for part in iter(LogReader(tmp_path / "w").read, []) for b in part])
        for device in range(4):
            assert batch.columns["event_ms"][batch.columns["device"] == device].tolist() == list(range(20))


def test_segments_roll_and_are_released_only_when_passed(tmp_path: Path, positions: Any) -> None:
    folder = tmp_path / "w"
    with open_log(tmp_path, segment_bytes=3_000) as log:
        ahead, behind = LogReader(folder), LogReader(folder)
        ends = [log.append([positions(1, [at_ms])]) for at_ms in range(60)]
        files = sorted(folder.glob("*.seg"))
        assert len(files) > 2
        assert int(files[0].stem) == 0
        assert int(files[1].stem) == files[0].stat().st_size
        assert read_all(ahead) == list(range(60))
        assert behind.read(max_rows=1)[0].columns["event_ms"].tolist() == [0]
        assert release_segments(folder, int(files[1].stem) - 1) == 0
        assert release_segments(folder, ends[-1]) == len(files) - 1
        assert [path.name for path in folder.glob("*.seg")] == [files[-1].name]
        log.append([positions(1, [60])])
        assert read_all(ahead) == [60]
        assert ahead.skipped_bytes == 0
        rest = read_all(behind)  # the open file is read to its end; what was removed unread is counted
        assert rest[0] == 1
        assert rest[-1] == 60
        assert behind.skipped_bytes == int(files[-1].stem) - int(files[1].stem)
    with open_log(tmp_path, segment_bytes=3_000) as log:
        assert log.position > ends[-1]
        fresh = LogReader(folder)
        assert read_all(fresh)[-1] == 60
        assert fresh.skipped_bytes == 0


def test_too_little_free_space_refuses_loudly(tmp_path: Path, positions: Any) -> None:
    with open_log(tmp_path, min_free_bytes=2**60) as log:
        with pytest.raises(UnavailableError) as caught:
            log.append([positions(1, [1, 2, 3])])
        assert caught.value.code == "log.unavailable"
        assert "3" in caught.value.text.zh
        assert caught.value.kept is not None
        assert caught.value.todo is not None
        assert (log.position, log.appended_rows, log.rejected_rows) == (0, 0, 3)


def test_a_full_disk_keeps_nothing_by_halves_and_recovers(tmp_path: Path, positions: Any, random_batch: Any) -> None:
    folder = tmp_path / "w"
    with open_log(tmp_path) as log:
        before = log.append([positions(1, [1])])
        with file_size_limit(20_000):
            for _ in range(2):
                with pytest.raises(UnavailableError):
                    log.append([random_batch(VEHICLE_POSITION, 1_000, 3)])
            assert next(folder.glob("*.seg")).stat().st_size == before
            assert log.position == before
        assert LogReader(folder, position=before).read() == []
        log.append([positions(1, [2])])
        assert log.rejected_rows == 2_000
        assert read_all(LogReader(folder)) == [1, 2]
    with open_log(tmp_path) as log:
        assert log.recovered.cut_bytes == 0


def test_a_full_disk_at_the_first_append_of_a_segment(tmp_path: Path, positions: Any, random_batch: Any) -> None:
    with open_log(tmp_path) as log:
        with file_size_limit(20_000), pytest.raises(UnavailableError):
            log.append([random_batch(VEHICLE_POSITION, 1_000, 3)])
        log.append([positions(1, [9])])
        assert read_all(LogReader(tmp_path / "w")) == [9]


def test_columns_added_or_removed_between_versions(tmp_path: Path, positions: Any) -> None:
    dropped = {"fuel_l", "origin", "recorder_speed_kmh"}
    old = Stream(
        VEHICLE_POSITION.name,
        "device",
        tuple(column for column in VEHICLE_POSITION.columns if column.name not in dropped),
        180,
        VEHICLE_POSITION.sensitivity,
    )
    full = positions(1, [1, 2], speed_kmh=60.5)
    with Log.open(tmp_path, writer="w", streams=[old], min_free_bytes=0) as log:
        log.append([Batch(old, {name: full.columns[name] for name in old.names})])
    with open_log(tmp_path) as log:
        log.append([positions(1, [3], origin=2, fuel_l=50.0)])
    assert len(list((tmp_path / "w").glob("*.seg"))) == 2
    [batch] = LogReader(tmp_path / "w").read()
    assert batch.columns["event_ms"].tolist() == [1, 2, 3]
    assert batch.columns["speed_kmh"].tolist() == [60.5, 60.5, 0.0]
    assert batch.columns["origin"].tolist() == [0, 0, 2]
    assert np.isnan(batch.columns["fuel_l"]).tolist() == [True, True, False]
    reader = LogReader(tmp_path / "w", streams=[VEHICLE_SAFETY_ALARM])
    with pytest.raises(UnavailableError, match=r"vehicle\.position"):
        reader.read()
    assert reader.position < log.position

from __future__ import annotations

import random
import resource
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from cityops.kit import SHANGHAI, ConfigError, ManualClock, UnavailableError, to_ms
from cityops.observations import (
    VEHICLE_POSITION,
    VEHICLE_SAFETY_ALARM,
    Historian,
    History,
    HistoryView,
    Log,
    LogReader,
    PositionFile,
    release_passed,
)

NINE = to_ms(datetime(2026, 11, 22, 9, 0, tzinfo=SHANGHAI))
HOUR = 3_600_000
ALWAYS: dict[str, Any] = {"from_ms": 0, "to_ms": 2**62}


class Rooms:
    """A log, its historian and the view, in one folder."""

    def __init__(self, folder: Path, clock: ManualClock, **settings: Any) -> None:
        self.log_folder = folder / "log" / "w"
        self.state = folder / "state"
        self.history = History(folder / "history")
        self.progress = PositionFile(self.state, "history")
        self.historian = Historian(
            LogReader(self.log_folder), self.history, self.progress, clock, source="w", **settings
        )
        self.view = HistoryView(self.history, self.log_folder, self.progress)

    def stored_rows(self, folder: Path) -> int:
        """Rows in all Parquet files as they are, duplicates included."""
        return sum(pl.read_parquet(path).height for path in (folder / "history").rglob("*.parquet"))


def open_log(folder: Path, **settings: Any) -> Log:
    return Log.open(folder / "log", writer="w", min_free_bytes=0, **settings)


def test_it_writes_when_the_time_has_come(tmp_path: Path, clock: ManualClock, positions: Any) -> None:
    rooms = Rooms(tmp_path, clock, every_s=60)
    assert rooms.historian.step() == 0
    with open_log(tmp_path) as log:
        log.append([positions([1, 2], [NINE, NINE])])
        assert rooms.historian.step() == 0
        clock.advance(60)
        assert rooms.historian.step() == 2
        assert rooms.historian.step() == 0
        assert rooms.progress.load().position == log.position
        log.append([positions(1, [NINE + 1])])
        assert rooms.historian.step() == 0
        clock.advance(60)
        assert rooms.historian.step() == 1
    assert rooms.history.read(VEHICLE_POSITION, keys=None, **ALWAYS).rows == 3


def test_it_writes_when_much_waits_and_in_bounded_parts(
    tmp_path: Path, clock: ManualClock, positions: Any, random_batch: Any
) -> None:
    rooms = Rooms(tmp_path, clock, every_s=1e9, max_bytes=10_000, max_rows=100)
    alarms = random_batch(VEHICLE_SAFETY_ALARM, 5, 1)
    alarms.columns["event_ms"][:] = NINE + 1
    with open_log(tmp_path) as log:
        for number in range(20):
            log.append([positions(1, [NINE + 100 * number + row for row in range(50)])])
        log.append([alarms])
        moved = []
        while rows := rooms.historian.step():
            moved.append(rows)
        assert moved[:3] == [100, 100, 100]
        while rooms.historian.flush():
            pass
    assert rooms.history.read(VEHICLE_POSITION, keys=None, **ALWAYS).rows == 1_000
    assert rooms.history.read(VEHICLE_SAFETY_ALARM, keys=None, **ALWAYS).rows == 5
    assert rooms.stored_rows(tmp_path) == 1_005


def test_the_view_joins_history_and_the_end_of_the_log(tmp_path: Path, clock: ManualClock, positions: Any) -> None:
    rooms = Rooms(tmp_path, clock)
    assert rooms.view.read(VEHICLE_POSITION, keys=None, **ALWAYS).rows == 0
    with open_log(tmp_path) as log:
        log.append([positions([1, 2], [NINE, NINE], speed_kmh=50)])
        rooms.historian.flush()
        log.append([positions([1, 2, 1], [NINE + HOUR, NINE + 5, NINE], speed_kmh=70)])
        found = rooms.view.read(VEHICLE_POSITION, keys=[1], **ALWAYS)
        assert found.columns["event_ms"].tolist() == [NINE, NINE + HOUR]
        assert found.columns["speed_kmh"].tolist() == [50, 70]
        narrow = rooms.view.read(VEHICLE_POSITION, keys=None, from_ms=NINE, to_ms=NINE + 6, columns=["lon"])
        assert narrow.columns["device"].tolist() == [1, 2, 2]
        assert set(narrow.columns) == {"device", "event_ms", "received_ms", "lon"}


def test_many_flushes_do_not_leave_many_files(tmp_path: Path, clock: ManualClock, positions: Any) -> None:
    rooms = Rooms(tmp_path, clock, every_s=0)
    start = clock.now_ms() // HOUR * HOUR
    with open_log(tmp_path) as log:
        for number in range(240):
            log.append([positions(1, [start + 60_000 * number])])
            clock.advance(60)
            rooms.historian.flush()
            assert max(len(list(hour.iterdir())) for hour in (tmp_path / "history").glob("*/*/*")) <= 8
    hours = sorted((tmp_path / "history").glob("*/*/*"))
    assert [len(list(hour.iterdir())) for hour in hours[:-2]] == [1] * (len(hours) - 2)
    assert rooms.history.read(VEHICLE_POSITION, keys=None, **ALWAYS).rows == 240
    assert rooms.stored_rows(tmp_path) == 240


def test_a_crash_between_files_and_position_neither_doubles_nor_loses(
    tmp_path: Path, clock: ManualClock, positions: Any
) -> None:
    """The files are there and the position says the work has only begun, while the log has grown since."""
    rooms = Rooms(tmp_path, clock)
    with open_log(tmp_path) as log:
        end = log.append([positions([1, 2], [NINE, NINE + HOUR])])
        rooms.historian.flush()
        rooms.progress.save(0, pending=end)
        log.append([positions(1, [NINE + 9])])
        one_file = next((tmp_path / "history" / "vehicle.position" / "2026-11-22" / "10").iterdir())
        one_file.unlink()
        again = Rooms(tmp_path, clock)
        assert again.historian.step() == 2
        assert again.historian.step() == 0
        assert again.progress.load().position == end
        assert again.historian.flush() == 1
    assert again.stored_rows(tmp_path) == 3
    assert again.history.read(VEHICLE_POSITION, keys=None, **ALWAYS).rows == 3


def test_a_full_disk_is_retried_without_loss(tmp_path: Path, clock: ManualClock, positions: Any) -> None:
    rooms = Rooms(tmp_path, clock)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_log(tmp_path) as log:
        log.append([positions(1, [NINE + row for row in range(1_000)])])
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
        try:
            for _ in range(2):
                with pytest.raises(UnavailableError, match="could not be written"):
                    rooms.historian.flush()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not list(tmp_path.rglob("*.tmp"))
        assert rooms.view.read(VEHICLE_POSITION, keys=[1], **ALWAYS).rows == 1_000
        log.append([positions(1, [NINE + HOUR])])
        assert rooms.historian.step() == 1_000
        assert rooms.historian.flush() == 1
    assert rooms.stored_rows(tmp_path) == 1_001


_HISTORIAN = """
import sys
from pathlib import Path
from cityops.kit import SystemClock
from cityops.observations import Historian, History, LogReader, PositionFile

folder = Path(sys.argv[1])
progress = PositionFile(folder / "state", "history")
reader = LogReader(folder / "log" / "w")
historian = Historian(reader, History(folder / "history"), progress, SystemClock(), source="w", max_rows=20)
print("ready", flush=True)
while sys.stdin.readline():
    print(historian.flush(), flush=True)
"""


def test_kill_9_of_the_historian_neither_doubles_nor_loses(tmp_path: Path, clock: ManualClock, positions: Any) -> None:
    with open_log(tmp_path) as log:
        for number in range(100):
            log.append([positions([1, 2, 3], [NINE + number, NINE + HOUR + number, NINE + 2 * HOUR + number])])
    chance = random.Random(9)
    for round_number in range(3):
        arguments = [sys.executable, "-c", _HISTORIAN, str(tmp_path)]
        with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            # It goes no further than it is told: however late the kill comes, it hits an unfinished history.
            process.stdin.write("on\n" * (2 + round_number))
            process.stdin.flush()
            assert process.stdout.readline() == "ready\n"
            for _ in range(1 + round_number):
                assert int(process.stdout.readline()) > 0
            time.sleep(chance.uniform(0.0, 0.02))
            process.send_signal(signal.SIGKILL)
    rooms = Rooms(tmp_path, clock)
    while rooms.historian.flush():
        pass
    assert rooms.history.read(VEHICLE_POSITION, keys=None, **ALWAYS).rows == 300
    assert rooms.progress.load().position == LogReader(tmp_path / "log" / "w").end


def test_segments_go_when_all_named_consumers_have_passed(tmp_path: Path, clock: ManualClock, positions: Any) -> None:
    rooms = Rooms(tmp_path, clock)
    detection = PositionFile(rooms.state, "detection")
    with open_log(tmp_path, segment_bytes=3_000) as log:
        for number in range(40):
            log.append([positions(1, [NINE + number])])
        rooms.historian.flush()
        count = len(list(rooms.log_folder.glob("*.seg")))
        assert release_passed(rooms.log_folder, rooms.state, ["history", "detection"]) == 0
        assert release_passed(rooms.log_folder, rooms.state, []) == 0
        detection.save(log.position)
        assert release_passed(rooms.log_folder, rooms.state, ["history", "detection"]) == count - 1 > 0
        assert rooms.view.read(VEHICLE_POSITION, keys=[1], **ALWAYS).rows == 40


def test_a_damaged_position_file_is_a_clear_error(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "history.position").write_text("{")
    with pytest.raises(ConfigError) as caught:
        Rooms(tmp_path, clock)
    assert "history.position" in caught.value.text.zh

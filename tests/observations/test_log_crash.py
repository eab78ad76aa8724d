"""What is left of a log after a crash: truncation at any byte, damage, kill -9 of a real writer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityops.kit import UnavailableError
from cityops.observations import (
    VEHICLE_POSITION,
    VEHICLE_SAFETY_ALARM,
    Batch,
    DamagedLogError,
    Log,
    LogReader,
    PositionFile,
)


def open_log(folder: Path, segment_bytes: int = 64 * 1024 * 1024) -> Log:
    return Log.open(folder, writer="w", min_free_bytes=0, segment_bytes=segment_bytes)


def event_times(folder: Path, position: int = 0) -> list[int]:
    reader = LogReader(folder, position=position)
    parts = [batch for part in iter(reader.read, []) for batch in part]
    reader.close()
    return Batch.concat(parts).columns["event_ms"].tolist() if parts else []


def last_segment(folder: Path) -> Path:
    return max(folder.glob("*.seg"))


@settings(max_examples=40)
@given(data=st.data())
def test_cut_at_any_byte_a_prefix_of_whole_batches_remains(data: st.DataObject, random_batch: Any) -> None:
    """Every byte that an append added may be missing after a power cut; what was acknowledged before is whole."""
    appends = data.draw(
        st.lists(
            st.lists(st.tuples(st.sampled_from([0, 1]), st.integers(1, 5)), min_size=1, max_size=3),
            min_size=1,
            max_size=5,
        )
    )
    segment_bytes = data.draw(st.sampled_from([1_000, 10**6]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "w"
        batches: list[Batch] = []
        acknowledged: list[tuple[int, int]] = []
        with open_log(Path(name), segment_bytes) as log:
            for number, append in enumerate(appends):
                made = [
                    random_batch((VEHICLE_POSITION, VEHICLE_SAFETY_ALARM)[kind], rows, 100 * number + index)
                    for index, (kind, rows) in enumerate(append)
                ]
                batches += made
                acknowledged.append((log.append(made), len(batches)))
        last = last_segment(folder)
        base, size = int(last.stem), last.stat().st_size
        cut = data.draw(st.integers(0, size))
        os.truncate(last, cut)
        with open_log(Path(name), segment_bytes) as log:
            assert base <= log.recovered.end <= base + cut
            assert log.recovered.lost_bytes == acknowledged[-1][0] - log.recovered.end
            left = _rows_per_stream(folder)
            whole = max((count for end, count in acknowledged if end <= base + cut), default=0)
            candidates = [_joined(batches[:count]) for count in range(whole, len(batches) + 1)]
            assert left in candidates
            assert cut < size or left == candidates[-1]
            log.append([batches[0]])
        again = _rows_per_stream(folder)
        stream = batches[0].stream.name
        assert again[stream] == left.get(stream, b"") + batches[0].to_struct().tobytes()


def _joined(batches: list[Batch]) -> dict[str, bytes]:
    joined: dict[str, bytes] = {}
    for batch in batches:
        joined[batch.stream.name] = joined.get(batch.stream.name, b"") + batch.to_struct().tobytes()
    return joined


def _rows_per_stream(folder: Path) -> dict[str, bytes]:
    reader = LogReader(folder)
    return _joined([batch for part in iter(reader.read, []) for batch in part])


def test_an_append_that_was_never_acknowledged_is_cut_off_and_reported(
    tmp_path: Path, positions: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with open_log(tmp_path) as log:
        end = log.append([positions(1, [1])])
    with last_segment(tmp_path / "w").open("ab") as stream:
        stream.write(b"COb1 the power went")
    with open_log(tmp_path) as log:
        assert (log.position, log.recovered.cut_bytes, log.recovered.lost_bytes) == (end, 19, 0)
        assert "19" in log.recovered.text.zh
        assert "cut 19 bytes" in caplog.text
    assert last_segment(tmp_path / "w").stat().st_size == end


def test_pages_of_one_torn_append_prove_nothing(tmp_path: Path, positions: Any) -> None:
    """Of one append's two records the second reached the disk and the first did not: none was acknowledged."""
    with open_log(tmp_path) as log:
        first = log.append([positions(1, [1])])
        log.append([positions(1, [2]), positions(1, [3])])
    _set_commit(tmp_path / "w", first)
    _flip(last_segment(tmp_path / "w"), first + 40)
    with open_log(tmp_path) as log:
        assert log.recovered.end == first
        assert log.recovered.damaged == ()
    assert event_times(tmp_path / "w") == [1]


def test_damage_in_the_middle_is_never_cut_off_and_never_silent(
    tmp_path: Path, positions: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with open_log(tmp_path) as log:
        ends = [log.append([positions(1, [at_ms])]) for at_ms in range(4)]
    _flip(last_segment(tmp_path / "w"), ends[0] + 40)
    _set_commit(tmp_path / "w", 0)  # as after a power cut: the mark may be old
    with open_log(tmp_path) as log:
        assert log.recovered.damaged == (ends[0],)
        assert (log.recovered.end, log.recovered.lost_bytes, log.recovered.cut_bytes) == (ends[3], 0, 0)
        reader = LogReader(tmp_path / "w")
        assert reader.read()[0].columns["event_ms"].tolist() == [0]
        for _ in range(2):
            with pytest.raises(DamagedLogError) as caught:
                reader.read()
            assert caught.value.position == ends[0] == reader.position
        assert reader.skip_damage() == ends[1] - ends[0]
        assert reader.read()[0].columns["event_ms"].tolist() == [2, 3]
        assert reader.skipped_bytes == ends[1] - ends[0]
        assert f"position {ends[0]} damaged" in caplog.text


def test_damage_at_the_end_of_a_segment_is_skipped_to_the_next(tmp_path: Path, positions: Any) -> None:
    folder = tmp_path / "w"
    with open_log(tmp_path, 3_000) as log:
        for at_ms in range(30):
            log.append([positions(1, [at_ms])])
        first = min(folder.glob("*.seg"))
        _flip(first, first.stat().st_size - 1)
        reader = LogReader(folder)
        before = reader.read()[0].columns["event_ms"].tolist()
        assert before == list(range(len(before)))
        with pytest.raises(DamagedLogError):
            reader.read()
        reader.skip_damage()
        assert reader.read()[0].columns["event_ms"].tolist() == list(range(len(before) + 1, 30))


def test_a_lost_end_is_reported_and_its_positions_are_not_used_again(tmp_path: Path, positions: Any) -> None:
    with open_log(tmp_path) as log:
        first = log.append([positions(1, [1])])
        second = log.append([positions(1, [2])])
    os.truncate(last_segment(tmp_path / "w"), first)
    with open_log(tmp_path) as log:
        assert (log.recovered.end, log.recovered.lost_bytes) == (first, second - first)
        assert log.position > second
        log.append([positions(1, [3])])
        assert event_times(tmp_path / "w", position=second) == [3]
        reader = LogReader(tmp_path / "w")
        assert [b.columns["event_ms"].tolist() for part in iter(reader.read, []) for b in part] == [[1, 3]]
        assert reader.skipped_bytes == second - first


def test_a_position_beyond_the_log_is_an_error_while_a_writer_lives(tmp_path: Path, positions: Any) -> None:
    with open_log(tmp_path) as log:
        log.append([positions(1, [1])])
        reader = LogReader(tmp_path / "w", position=10**6)
        with pytest.raises(UnavailableError, match="beyond the end"):
            reader.read()
    assert reader.read() == []


_APPENDER = """
import sys
from pathlib import Path
import numpy as np
from cityops.observations import VEHICLE_POSITION, Batch, Log

log = Log.open(Path(sys.argv[1]), writer="w", min_free_bytes=0, segment_bytes=20_000)
number = int(sys.argv[2])
while True:
    rows = np.zeros(1 + number % 7, dtype=VEHICLE_POSITION.struct_dtype)
    rows["event_ms"] = number
    position = log.append([Batch.from_struct(VEHICLE_POSITION, rows)])
    print(number, position, flush=True)
    number += 1
"""


def test_kill_9_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """Five real writers are killed at work while a reader in this process follows."""
    acknowledged: list[int] = []
    live: list[int] = []
    reader = LogReader(tmp_path / "w")
    for round_number in range(5):
        arguments = [sys.executable, "-c", _APPENDER, str(tmp_path), str(1_000 * round_number)]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(10 + 37 * round_number):
                number, position = map(int, process.stdout.readline().split())
                acknowledged.append(number)
                assert reader.end >= position
                live += [at_ms for batch in reader.read() for at_ms in batch.columns["event_ms"].tolist()]
                assert number in live
            process.send_signal(signal.SIGKILL)
            acknowledged += [int(line.split()[0]) for line in process.stdout.read().splitlines() if line.count(" ")]
        with open_log(tmp_path) as log:
            assert log.position >= position
            assert log.recovered.lost_bytes == 0
            assert log.recovered.damaged == ()
    live += [at_ms for part in iter(reader.read, []) for batch in part for at_ms in batch.columns["event_ms"].tolist()]
    times = event_times(tmp_path / "w")
    assert live == times
    assert list(dict.fromkeys(times)) == sorted(set(times))
    assert set(acknowledged) <= set(times)
    assert len(set(times) - set(acknowledged)) <= 5  # at most the one append that was under way at each kill
    assert all(times.count(number) == 1 + number % 7 for number in acknowledged)
    assert len(list((tmp_path / "w").glob("*.seg"))) > 1


def test_position_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    file = PositionFile(tmp_path / "state", "history")
    assert file.load().position == 0
    file.save(5, pending=9)
    assert (file.load().position, file.load().pending) == (5, 9)
    (tmp_path / "state" / "history.position.tmp").write_bytes(b"half")
    file.save(9)
    assert (file.load().position, file.load().pending) == (9, None)


def _flip(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x55
    path.write_bytes(content)


def _set_commit(folder: Path, position: int) -> None:
    content = bytearray((folder / "commit").read_bytes())
    content[:8] = position.to_bytes(8, "little")
    (folder / "commit").write_bytes(content)

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from cityops.kit import ConfigError, UnavailableError
from cityops.observations import DeadLetters, read_dead_letters


def test_letters_are_kept_counted_and_listed_newest_first(tmp_path: Path) -> None:
    with DeadLetters(tmp_path / "dead") as letters:
        letters.append("frame.checksum", "13800138000", b"\x7e\x00\xff\x7e", 5)
        letters.append("time.future", "设备 7", b"", 6)
        letters.sync()
        assert letters.counts == {"frame.checksum": 1, "time.future": 1}
        newest, oldest = letters.list()
        assert (newest.reason, newest.source, newest.raw, newest.at_ms) == ("time.future", "设备 7", b"", 6)
        assert (oldest.raw, oldest.size) == (b"\x7e\x00\xff\x7e", 4)
        assert [letter.at_ms for letter in letters.list(reason="frame.checksum")] == [5]
        assert len(letters.list(limit=1)) == 1
    with DeadLetters(tmp_path / "dead") as letters:
        assert [letter.at_ms for letter in letters.list()] == [6, 5]


def test_the_bound_holds_and_overflow_is_loud(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with DeadLetters(tmp_path, max_bytes=4_000) as letters:
        for at_ms in range(100):
            letters.append("frame.length", "t", bytes(50), at_ms)
        assert sum(path.stat().st_size for path in tmp_path.glob("*.jsonl")) <= 4_000
        kept = letters.list(limit=1_000)
        assert kept[0].at_ms == 99
        assert [letter.at_ms for letter in kept] == list(range(99, 99 - len(kept), -1))
        assert letters.dropped == 100 - len(kept) > 0
        assert letters.counts["frame.length"] == 100
        assert "gave way" in caplog.text


def test_a_long_letter_is_shortened_and_says_so(tmp_path: Path) -> None:
    with DeadLetters(tmp_path) as letters:
        letters.append("body.unknown", "t", bytes(100_000), 1)
        [letter] = letters.list()
        assert (len(letter.raw), letter.size) == (65_536, 100_000)


def test_half_a_line_after_a_crash_is_cut_off(tmp_path: Path) -> None:
    with DeadLetters(tmp_path) as letters:
        letters.append("a", "t", b"1", 1)
    with (tmp_path / "current.jsonl").open("ab") as stream:
        stream.write(b'{"at_ms": 2, "rea')
    assert [letter.at_ms for letter in read_dead_letters(tmp_path)] == [1]
    with DeadLetters(tmp_path) as letters:
        letters.append("a", "t", b"3", 3)
        assert [letter.at_ms for letter in letters.list()] == [3, 1]


def test_old_letters_are_deleted_when_their_time_has_come(tmp_path: Path) -> None:
    with DeadLetters(tmp_path, max_bytes=2_000) as letters:
        for at_ms in range(20):
            letters.append("a", "t", b"1", at_ms)
        assert (tmp_path / "previous.jsonl").exists()
        before = len(letters.list())
        assert letters.delete_before(18) == before - 2
        assert letters.delete_before(18) == 0
        letters.append("a", "t", b"1", 20)
        assert [letter.at_ms for letter in letters.list()] == [20, 19, 18]


def test_one_process_writes_a_folder(tmp_path: Path) -> None:
    with DeadLetters(tmp_path), pytest.raises(ConfigError):
        DeadLetters(tmp_path)


def test_a_full_disk_is_an_error_and_counted(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with DeadLetters(tmp_path) as letters:
        letters.append("a", "t", b"1", 1)
        resource.setrlimit(resource.RLIMIT_FSIZE, (300, hard))
        try:
            with pytest.raises(UnavailableError):
                letters.append("a", "t", bytes(1_000), 2)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        letters.append("a", "t", b"3", 3)
        assert [letter.at_ms for letter in letters.list()] == [3, 1]
        assert letters.counts["a"] == 3
    assert read_dead_letters(tmp_path / "nothing") == []

"""Copying folders that are being written: a log's mark before its segments, and what takes a vanished file's place."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from cityops.kit import UnavailableError
from cityops.observations import VEHICLE_POSITION, Batch, Log, LogReader
from cityops.store.copytree import copy_folder, folder_files


def positions(device: int) -> Batch:
    """Three rows of one device."""
    rows = np.zeros(3, VEHICLE_POSITION.struct_dtype)
    rows["device"] = device
    return Batch.from_struct(VEHICLE_POSITION, rows)


def test_the_mark_of_a_log_comes_before_its_segments_are_even_listed(tmp_path: Path) -> None:
    with Log.open(tmp_path / "log", writer="jt808", segment_bytes=1, min_free_bytes=0) as log:
        log.append([positions(1)])
        files = folder_files(tmp_path / "log")
        assert next(files).name == "commit"
        log.append([positions(2)])  # makes a new segment, which an earlier listing would not have had
        names = [path.name for path in files]
    assert sum(name.endswith(".seg") for name in names) == 2
    assert "commit" not in names


def test_a_log_copied_while_it_grows_reads_to_its_mark(tmp_path: Path) -> None:
    stop = threading.Event()
    with Log.open(tmp_path / "log", writer="jt808", segment_bytes=4096, min_free_bytes=0) as log:
        log.append([positions(0)])

        def write() -> None:
            device = 1
            while not stop.is_set():
                log.append([positions(device)])
                device += 1

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for copy in range(10):
                copy_folder(tmp_path, "log", tmp_path / f"copy{copy}")
        finally:
            stop.set()
            writer.join()
    for copy in range(10):
        reader = LogReader(tmp_path / f"copy{copy}" / "log" / "jt808")
        devices = [int(device) for batch in reader.read() for device in batch.columns["device"]]
        assert devices == sorted(list(range(len(devices) // 3)) * 3)
        assert reader.position == reader.end > 0
        reader.close()


def swap_while_copying(folder: Path, swap: dict[str, str]) -> threading.Thread:
    """``a`` is a pipe: its writer comes to turn exactly when ``a`` is being copied, and swaps files behind it."""
    os.mkfifo(folder / "a")

    def replace() -> None:
        with (folder / "a").open("wb") as pipe:
            for old, new in swap.items():
                (folder / new).write_bytes((folder / old).read_bytes())
                (folder / old).unlink()
            pipe.write(b"a")

    thread = threading.Thread(target=replace)
    thread.start()
    return thread


def test_what_takes_a_vanished_files_place_is_copied(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    (folder / "small-1").write_bytes(b"one")
    (folder / "z").write_bytes(b"z")
    thread = swap_while_copying(folder, {"small-1": "merged"})
    copied, vanished = copy_folder(tmp_path, "history", tmp_path / "copy")
    thread.join()
    assert vanished == 1
    assert sorted(file.path for file in copied) == ["history/a", "history/merged", "history/z"]
    assert (tmp_path / "copy/history/merged").read_bytes() == b"one"


def test_a_folder_that_never_comes_to_rest_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    (folder / "a").symlink_to("nowhere")  # listed, and gone whenever it is opened
    with pytest.raises(UnavailableError, match="changes too fast"):
        copy_folder(tmp_path, "history", tmp_path / "copy")

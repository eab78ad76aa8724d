"""When a part fails: nothing is lost, the counters say it, and it goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cityops.detection import OBSERVATION, Detector, Runner
from cityops.detection.snapshot import Snapshot, load_snapshot, save_snapshot
from cityops.kit import BusyError
from cityops.store import Store

Fast = Callable[..., Detector]


def test_a_store_that_takes_nothing_stops_the_reading_and_loses_nothing(
    world: Any, fast: Fast, fact: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("busy")
    with Store.open(f"sqlite:///{folder}/cityops.db", clock=world.clock, queue_limit=1) as store:
        store.create_all()
        small = type(world)(folder, store, world.clock)
        pipeline = small.pipeline([fast()])
        small.append([fact(small.devices[0], second, 60) for second in (0, 10)])
        hold, held = threading.Event(), threading.Event()

        def occupy(conn: Any) -> None:
            held.set()
            assert hold.wait(120)

        works: list[Callable[[Any], None]] = [occupy, lambda conn: None]  # one runs, one fills the queue of one
        threads = [threading.Thread(target=store.write, args=(work,)) for work in works]
        threads[0].start()
        assert held.wait(120)
        threads[1].start()
        while store.counters()["queue_waiting"] < 1:
            threading.Event().wait(0.01)
        with pytest.raises(BusyError):
            pipeline.step()
        small.append([fact(small.devices[0], 20, 30)])
        with pytest.raises(BusyError):
            pipeline.step()
        assert pipeline.metrics()["unsent_changes"] == 1
        assert pipeline.metrics()["rows"] == 2  # nothing more was read
        hold.set()
        for thread in threads:
            thread.join()
        small.settle(pipeline)
        assert [alert.state for alert in small.alerts()] == ["ended"]
        small.log.close()


def test_a_state_folder_that_cannot_be_written_is_counted(world: Any, fast: Fast, fact: Any) -> None:
    pipeline = world.pipeline([fast()])
    world.append([fact(world.devices[0], 0, 60)])
    world.settle(pipeline)
    (world.folder / "state").write_text("a file in the way")
    pipeline.snapshot()
    assert pipeline.metrics()["snapshot_failures"] == 1


def test_a_snapshot_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "state" / "detection.npz"
    save_snapshot(path, Snapshot({"a": np.arange(3)}, {"positions": {"w": 7}}))
    found = load_snapshot(path)
    assert found is not None
    assert found.arrays["a"].tolist() == [0, 1, 2]
    assert found.header["positions"] == {"w": 7}
    assert not list(path.parent.glob("*.tmp"))


@pytest.mark.parametrize("damage", ["empty", "cut", "other"])
def test_a_damaged_snapshot_is_refused_as_a_whole(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "detection.npz"
    save_snapshot(path, Snapshot({"a": np.arange(10_000)}, {}))
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "other": b"PK\x03\x04" + bytes(100)}[damage])
    assert load_snapshot(path) is None
    assert load_snapshot(tmp_path / "none.npz") is None


@pytest.mark.parametrize("compiled", [False, True])
def test_more_transitions_than_the_buffer_holds(fast: Fast, compiled: bool) -> None:
    """5,000 transitions pass through a buffer of 4,096; none is lost."""
    rows = np.zeros(10_000, OBSERVATION)
    rows["event_ms"] = np.arange(10_000) * 1000 + 1_795_312_800_000
    rows["speed_kmh"] = np.where(np.arange(10_000) % 4 < 2, 60.0, 30.0)  # two fast, two slow
    transitions, states = Runner(fast(), compiled=compiled).run(rows)
    assert len(transitions) == len(states) == 5_000
    assert transitions["kind"].tolist() == [0, 2] * 2_500

"""The process that ``test_kill.py`` kills: a pipeline on the log and store of a folder."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import numpy as np

from cityops.detection import AlertBook, Pipeline, Settings, Source, SpeedLimits
from cityops.kit import IdMaker, SystemClock
from cityops.observations import DeviceRegister, History, HistoryView, LogReader, PositionFile
from cityops.scenes.key_vehicles.detectors import continuous_driving, day_driving_total, overspeed, terminal_alarm
from cityops.store import Store


def main(folder: Path) -> None:
    clock = SystemClock()
    with Store.open(f"sqlite:///{folder}/cityops.db", clock=clock) as store:
        log = folder / "log" / "test"
        view = HistoryView(History(folder / "history"), log, PositionFile(folder / "state", "history"))
        pipeline = Pipeline(
            [Source("test", LogReader(log), view)],
            [continuous_driving(), day_driving_total(), overspeed(), terminal_alarm()],
            city=None,
            limits=SpeedLimits(np.zeros((3, 8)), np.full(3, 80.0), np.ones(3)),
            register=DeviceRegister(store, clock),
            book=AlertBook(store, clock, IdMaker(clock)),
            clock=clock,
            state_folder=folder / "state",
            settings=Settings(compiled=False, max_rows=40, snapshot_every_s=0.3, reevaluate_every_s=0.1),
        )
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        pipeline.run(threading.Event())


if __name__ == "__main__":
    main(Path(sys.argv[1]))

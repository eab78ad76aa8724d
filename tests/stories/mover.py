"""Moves a log into history without a pause, until killed; run as a script while the server, who does that, is down."""

import sys
import time
from pathlib import Path

from cityops.bootstrap.product import LOG_WRITER
from cityops.bootstrap.rooms import HISTORIAN
from cityops.kit import SystemClock
from cityops.observations import Historian, History, LogReader, PositionFile


def move(data: Path) -> None:
    """A thousand rows at a time, so that there are many moments at which it can be killed."""
    historian = Historian(
        LogReader(data / "log" / LOG_WRITER),
        History(data / "history"),
        PositionFile(data / "state", HISTORIAN),
        SystemClock(),
        source=LOG_WRITER,
        max_rows=1_000,
    )
    sys.stdout.write("moving\n")
    sys.stdout.flush()
    while True:
        if historian.flush() == 0:
            time.sleep(0.05)


if __name__ == "__main__":
    move(Path(sys.argv[1]))

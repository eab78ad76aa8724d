"""Durable appends to the observation log against a bare write + fdatasync of the same bytes, in the same run.

Run: ``python bench/log_append.py [--folder FOLDER] [--seconds 3]``; FOLDER should lie on the disk of the data folder.
The result is printed and kept in ``bench/results/log_append.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cityops.observations import VEHICLE_POSITION, Batch, Log

RESULT = Path(__file__).parent / "results" / "log_append.json"
BATCH_ROWS = (1, 100, 2_000)
ROUNDS = 6


def make_batch(rows: int, seed: int = 2026) -> Batch:
    """Positions with random content, so that nothing compresses."""
    content = np.random.default_rng(seed).integers(
        0, 256, rows * VEHICLE_POSITION.struct_dtype.itemsize, dtype=np.uint8
    )
    return Batch.from_struct(VEHICLE_POSITION, np.frombuffer(content.tobytes(), dtype=VEHICLE_POSITION.struct_dtype))


def run_for(seconds: float, work: Callable[[], object]) -> list[float]:
    """Call ``work`` for ``seconds``; the duration of every call in seconds."""
    durations = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        work()
        durations.append(time.perf_counter() - start)
    return durations


def measure(folder: Path, rows: int, seconds: float) -> dict[str, Any]:
    """Log and bare file in turns, ``seconds`` each in all."""
    batch = make_batch(rows)
    with Log.open(folder, writer=f"log{rows}") as log:
        before = log.append([batch])
        size = log.append([batch]) - before
        segment = next((folder / f"log{rows}").glob("*.seg"))
        content = segment.read_bytes()[before : before + size]
        bare = os.open(folder / f"bare{rows}", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

        def append_bare() -> None:
            os.write(bare, content)
            os.fdatasync(bare)

        ours: list[float] = []
        theirs: list[float] = []
        for _ in range(ROUNDS):
            ours += run_for(seconds / ROUNDS, lambda: log.append([batch]))
            theirs += run_for(seconds / ROUNDS, append_bare)
        os.close(bare)
    return {
        "batch_rows": rows,
        "batch_bytes": size,
        "log": figures(ours, rows),
        "bare_write_fdatasync": figures(theirs, rows),
        "ratio": round(len(ours) / sum(ours) / (len(theirs) / sum(theirs)), 3),
    }


def figures(durations: list[float], rows: int) -> dict[str, float]:
    p50, p99 = np.percentile(durations, [50, 99])
    return {
        "appends": len(durations),
        "rows_per_s": round(rows * len(durations) / sum(durations)),
        "p50_ms": round(p50 * 1000, 3),
        "p99_ms": round(p99 * 1000, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=None, help="where to write (default: a temporary folder)")
    parser.add_argument("--seconds", type=float, default=3.0, help="time for each of log and bare file, per batch size")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        measured = [measure(Path(name), rows, arguments.seconds) for rows in BATCH_ROWS]
    result = {
        "what": "durable appends of vehicle.position: log against bare write + fdatasync of the same bytes",
        "command": f"python bench/log_append.py --seconds {arguments.seconds:g}",
        "cores": os.cpu_count(),
        "results": measured,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    for one in measured:
        log, bare = one["log"], one["bare_write_fdatasync"]
        print(
            f"{one['batch_rows']:>5} rows a batch: log {log['rows_per_s']:>9,} rows/s (p50 {log['p50_ms']} ms, "
            f"p99 {log['p99_ms']} ms) · bare {bare['rows_per_s']:>9,} rows/s · ratio {one['ratio']}"
        )


if __name__ == "__main__":
    main()

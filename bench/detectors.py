"""The detector runner against the bare kernel: what transitions and their evidence cost.

Run: ``python bench/detectors.py [--vehicles 2000] [--points 500] [--rounds 15]``. The same observations, sorted by
vehicle and time, go through the bare compiled kernel (a loop that steps and adds the severities up) and through the
runner (the same kernel; transitions out, each with the state it reports), by turns; medians of processor time are
compared. The observations are made with a fixed seed: drives at varying speed with rests, every 30 s. Log, enrichment
and alert book are not part of it.
The result is printed and kept in ``bench/results/detectors.json``.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cityops.detection import OBSERVATION, Detector, Runner, compile_plain
from cityops.scenes.key_vehicles.detectors import detectors

RESULT = Path(__file__).parent / "results" / "detectors.json"
SEED = 2026
EVERY_MS = 30_000
T0 = 1_795_312_800_000


def make_observations(vehicles: int, points: int) -> Any:
    """Sorted rows: legs of 5 to 120 reports, driving (3 of 4) or standing, one in ten too fast."""
    random = np.random.default_rng(SEED)
    rows = np.zeros(vehicles * points, OBSERVATION)
    rows["entity"] = np.repeat(np.arange(vehicles), points)
    rows["event_ms"] = T0 + np.tile(np.arange(points) * EVERY_MS, vehicles)
    speed = np.zeros(len(rows))
    at = 0
    while at < len(rows):
        length = int(random.integers(5, 120))
        fast, drives = random.random() < 0.1, random.random() < 0.75
        speed[at : at + length] = (100.0 if fast else random.uniform(40, 80)) if drives else 0.0
        at += length
    rows["speed_kmh"] = speed
    rows["lon"] = 112.5
    rows["lat"] = 37.8 + np.cumsum(speed / 3.6 * 30) % 50_000 / 111_195
    rows["limit_kmh"] = 80.0
    rows["alarm"] = np.where(random.random(len(rows)) < 0.01, 4, 0)
    rows["acc"] = 1
    rows["fixed"] = 1
    return rows


def make_bare(detector: Detector) -> Callable[..., int]:
    """The bare loop around the compiled kernel."""
    step: Any = compile_plain(detector.step)

    def loop(observations: Any, states: Any, params: Any, profile: Any) -> int:
        total = 0
        for number in range(observations.shape[0]):
            seen = observations[number]
            entity = seen.entity
            total += step(states[entity], seen, params[profile[entity]])
        return total

    return compile_plain(loop)


def measure(detector: Detector, rows: Any, vehicles: int, rounds: int) -> dict[str, float]:
    """Rows per second of both, and how many transitions came out."""
    bare = make_bare(detector)
    profile = np.full(vehicles, 2, np.int64)
    begin = time.perf_counter()
    Runner(detector).run(rows[:1000])
    compile_s = time.perf_counter() - begin
    bare(rows[:1000], np.zeros(vehicles, detector.state_dtype), detector.params, profile)
    bare_s, runner_s, found = [], [], 0
    for _ in range(rounds):
        states = np.zeros(vehicles, detector.state_dtype)
        begin = time.thread_time()
        bare(rows, states, detector.params, profile)
        bare_s.append(time.thread_time() - begin)
        runner = Runner(detector)
        runner.reserve(vehicles)
        runner.profile[:vehicles] = profile
        begin = time.thread_time()
        found = len(runner.run(rows)[0])
        runner_s.append(time.thread_time() - begin)
    bare_rate, runner_rate = len(rows) / statistics.median(bare_s), len(rows) / statistics.median(runner_s)
    return {
        "bare_rows_per_s": round(bare_rate),
        "runner_rows_per_s": round(runner_rate),
        "ratio": round(runner_rate / bare_rate, 3),
        "transitions": found,
        "compile_s": round(compile_s, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vehicles", type=int, default=2000)
    parser.add_argument("--points", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    rows = make_observations(asked.vehicles, asked.points)
    result: dict[str, Any] = {"rows": len(rows), "vehicles": asked.vehicles, "seed": SEED, "detectors": {}}
    for detector in detectors():
        if isinstance(detector, Detector):
            figures = measure(detector, rows, asked.vehicles, asked.rounds)
            result["detectors"][detector.id] = figures
            print(
                f"{detector.id:20s} bare {figures['bare_rows_per_s'] / 1e6:6.1f} M/s"
                f"  runner {figures['runner_rows_per_s'] / 1e6:6.1f} M/s  ratio {figures['ratio']:.2f}"
                f"  transitions {figures['transitions']}"
            )
    result["worst_ratio"] = min(figures["ratio"] for figures in result["detectors"].values())
    print(f"worst ratio {result['worst_ratio']:.2f} (aim 0.5)")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()

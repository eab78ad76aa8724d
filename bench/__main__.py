"""Every benchmark, one after the other, each in a process of its own: ``python -m bench`` (``make bench``).

Each measures its subject beside a baseline in the same run and keeps its figures in ``bench/results``. This prints
what was aimed at and what was measured; it fails only when a benchmark itself fails, for a figure is no test.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent


def _gateway(result: dict[str, Any]) -> Iterator[str]:
    for row in result["throughput"]:
        yield (
            f"gateway, {result['connections']} connections, window {row['window']}: "
            f"{row['ours_frames_per_s']:,.0f} frames/s durable, bare {row['bare_frames_per_s']:,.0f}, "
            f"ratio {row['ratio']:.2f} (aim 0.5)"
        )
    if result.get("memory"):
        yield f"gateway memory: {json.dumps(result['memory'])}"


def _detectors(result: dict[str, Any]) -> Iterator[str]:
    for name, row in result["detectors"].items():
        million = row["runner_rows_per_s"] / 1e6
        yield f"detector {name}: {million:.0f} M rows/s, ratio to the bare kernel {row['ratio']:.2f} (aim 0.5)"


def _latency(result: dict[str, Any]) -> Iterator[str]:
    for name in ("product", "bare_echo"):
        row = result[name]
        yield (
            f"signal to screen at {result['trucks']} trucks, {name}: p50 {row['p50_ms']:.0f} ms, "
            f"p95 {row['p95_ms']:.0f} ms, p99 {row['p99_ms']:.0f} ms, "
            f"never seen {row['never_seen']} (aim p95 < 1,000 ms)"
        )


def _deadlines(result: dict[str, Any]) -> Iterator[str]:
    yield (
        f"deadlines: {result['ours_per_s']:,}/s, day by day {result['plain_per_s']:,}/s, "
        f"with their explanation {result['explained_per_s']:,}/s (aim 100,000)"
    )


def _case_list(result: dict[str, Any]) -> Iterator[str]:
    for database, row in result["databases"].items():
        worst = max(row["questions"], key=lambda name: row["questions"][name]["p95_ms"])
        yield (
            f"list of {result['cases']:,} cases on {database}: p95 {row['p95_ms']:.0f} ms over all questions, worst "
            f"{row['worst_question_p95_ms']:.0f} ms ({worst}); bare index p50 {row['baseline_p50_ms']:.1f} ms "
            f"(aim p95 < 200 ms)"
        )


def _suggest(result: dict[str, Any]) -> Iterator[str]:
    row, bare = result["suggest"], result["search_alone"]
    yield (
        f"suggestions over {result['matters']} matters, {result['open_cases']:,} open cases: "
        f"p50 {row['p50_ms']:.0f} ms, p95 {row['p95_ms']:.0f} ms; "
        f"the search alone p95 {bare['p95_ms']:.0f} ms (load {result['load']})"
    )


def _case_steps(result: dict[str, Any]) -> Iterator[str]:
    for database, row in result["databases"].items():
        yield (
            f"case steps by {result['users']} users on {database}: {row['steps_per_s']:.0f}/s by HTTP, "
            f"raw {row['raw_transactions_per_s']:.0f}/s, ratio {row['ratio']:.2f} (aim 0.3)"
        )


def _registers(result: dict[str, Any]) -> Iterator[str]:
    bare = result["baseline"]
    for database, row in result["databases"].items():
        yield (
            f"sheet of {result['objects']:,} objects on {database}: import {row['import_s']} s, "
            f"export {row['export_s']} s, import unchanged {row['import_unchanged_s']} s; openpyxl and executemany "
            f"{bare['import_s']} s and {bare['export_s']} s (aim import < {result['aim_import_s']:.0f} s)"
        )


def _inspections(result: dict[str, Any]) -> Iterator[str]:
    for database, row in result["databases"].items():
        yield (
            f"due of {result['objects']:,} objects with {result['plans']} plans on {database}: "
            f"{row['due_of_all_ms']:.0f} ms, one object {row['one_object_ms']:.0f} ms, coverage "
            f"{row['coverage_of_a_month_ms']:.0f} ms; reading all objects {row['reading_all_objects_ms']:.0f} ms "
            f"(load {result['load']})"
        )


def _plain(result: dict[str, Any]) -> Iterator[str]:
    yield json.dumps(result)


BENCHMARKS: Final[dict[str, Callable[[dict[str, Any]], Iterator[str]]]] = {
    "gateway": _gateway,
    "detectors": _detectors,
    "live_latency": _latency,
    "case_list": _case_list,
    "case_steps": _case_steps,
    "suggest": _suggest,
    "registers": _registers,
    "inspections": _inspections,
    "log_append": _plain,
    "store_claims": _plain,
    "deadlines": _deadlines,
}


def main() -> int:
    """Run all, print the summary; 1 when one failed."""
    failed = [name for name in BENCHMARKS if subprocess.run([sys.executable, "-m", f"bench.{name}"]).returncode]
    print()
    for name, words in BENCHMARKS.items():
        if name in failed:
            print(f"{name}: FAILED, see above")
            continue
        for line in words(json.loads((FOLDER / "results" / f"{name}.json").read_text())):
            print(line)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())

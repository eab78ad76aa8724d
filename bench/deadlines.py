"""Deadlines per second, against a plain day-by-day count of the same limits in the same run; both give the same due.

Run: ``python -m bench.deadlines [--count 200000]``. The starts are seeded moments of 2026, the limits all four units.
The aim is 100,000 a second. The result is kept in ``bench/results/deadlines.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import time
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any

from cityops.kit import SHANGHAI, Limit, LimitUnit, WorkingCalendar, compute_deadline

RESULT = Path(__file__).parent / "results" / "deadlines.json"
SESSIONS = ((clock_time(8), clock_time(12)), (clock_time(14), clock_time(18)))
"""The working hours that the product begins with (``kit.DEFAULT_HOURS``)."""
PLAIN_COUNT = 2_000


def asked(count: int, seed: int = 2026) -> list[tuple[datetime, Limit]]:
    """Moments of the year with limits of 1 to 20 units."""
    rng = random.Random(seed)
    first = datetime(2026, 1, 1, tzinfo=SHANGHAI)
    units = list(LimitUnit)
    return [
        (first + timedelta(minutes=rng.randrange(330 * 24 * 60)), Limit(rng.randint(1, 20), rng.choice(units)))
        for _ in range(count)
    ]


def plain_due(start: datetime, limit: Limit, calendar: WorkingCalendar) -> datetime:
    """The same by walking from day to day and session to session."""
    if limit.unit is LimitUnit.URGENT_HOUR:
        return start + timedelta(hours=limit.amount)
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    if limit.unit is LimitUnit.CALENDAR_DAY:
        return midnight + timedelta(days=limit.amount + 1)
    if limit.unit is LimitUnit.WORKING_DAY:
        left, day = limit.amount, midnight
        while left:
            day += timedelta(days=1)
            left -= calendar.is_working_day(day.date())
        return datetime.combine(day.date(), SESSIONS[-1][1], SHANGHAI)
    remaining, day = timedelta(hours=limit.amount), midnight
    while True:
        if calendar.is_working_day(day.date()):
            for begins, ends in SESSIONS:
                here = max(start, datetime.combine(day.date(), begins, SHANGHAI))
                worked = datetime.combine(day.date(), ends, SHANGHAI) - here
                if worked >= remaining:
                    return here + remaining
                remaining -= max(worked, timedelta())
        day += timedelta(days=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200_000)
    count = parser.parse_args().count
    calendar = WorkingCalendar.official()
    work = asked(count)
    for start, limit in work[:PLAIN_COUNT]:
        assert compute_deadline(start, limit, calendar).due == plain_due(start, limit, calendar), (start, limit)
    result: dict[str, Any] = {
        "command": f"python -m bench.deadlines --count {count}",
        "cores": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "ours_per_s": rate(lambda: [compute_deadline(start, limit, calendar) for start, limit in work], count),
        "explained_per_s": rate(
            lambda: [compute_deadline(start, limit, calendar).explanation for start, limit in work[: count // 10]],
            count // 10,
        ),
        "plain_per_s": rate(
            lambda: [plain_due(start, limit, calendar) for start, limit in work[: count // 10]], count // 10
        ),
        "aim_per_s": 100_000,
    }
    result["ratio"] = round(result["ours_per_s"] / result["plain_per_s"], 2)
    print(json.dumps(result, indent=1))
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def rate(work: Any, count: int) -> int:
    """Best of three, per second."""
    best = float("inf")
    for _ in range(3):
        begun = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begun)
    return round(count / best)


if __name__ == "__main__":
    main()

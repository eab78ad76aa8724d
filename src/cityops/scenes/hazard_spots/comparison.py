"""Before and after a treatment (治理前后对比): the same number of full days on both sides, and what chance could do.

The test is the conditional one for two Poisson counts over equal times (Przyborowski and Wilenski, Biometrika 31,
1940): if nothing had changed, each of the ``n`` events would lie on either side with probability 1/2, so that the
smaller count ``m`` follows a binomial law. Two-sided, by symmetry: p = min(1, 2 · sum of C(n, i) for i <= m / 2^n).
A small p is no proof: places are chosen when they are at their worst, and grow better by themselves too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import comb
from typing import Final, Literal

from sqlalchemy import Connection

from cityops.registers import RegisterObject
from cityops.scenes.hazard_spots.events import Counting, Source

LONGEST_DAYS: Final = 90
UNLIKELY: Final = 0.05
"""Below this p a difference is called unlikely to be chance."""

Verdict = Literal["not_yet", "no_history", "too_few", "unlikely", "may_be_chance"]
"""``not_yet``: no full day since the treatment; ``no_history``: no full day before it is kept."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Events of a source on as many full days before and after; the day of the treatment itself is on neither side.

    Attributes:
        days: on each side; 0: nothing can be compared yet.
        percent: the difference of what was before; ``None`` where it is not judged, or nothing was before.
        p: the chance of such a difference or a greater one, had nothing changed; ``None`` where it is not judged.
    """

    source: Source
    days: int
    before: int
    after: int
    percent: float | None
    p: float | None
    verdict: Verdict

    @property
    def difference(self) -> int:
        """How many more there are after; negative: fewer."""
        return self.after - self.before


def compare(
    source: Source, by_day: Mapping[date, int], treated: date, today: date, first: date, judge_from: float
) -> Comparison:
    """Compare the days before and after ``treated``.

    Args:
        source: what is counted.
        by_day: events by Shanghai day.
        treated: the day the treatment was done.
        today: not over yet, so never counted.
        first: the day of the first event of this source in the whole city; before it, and on it, nothing is known.
        judge_from: with fewer events on both sides together nothing is judged.
    """
    since, known = (today - treated).days - 1, (treated - first).days - 1
    days = max(0, min(LONGEST_DAYS, since, known))
    if days == 0:
        return Comparison(source, 0, 0, 0, None, None, "not_yet" if since <= 0 else "no_history")
    sides = range(1, days + 1)
    before = sum(by_day.get(treated - timedelta(days=number), 0) for number in sides)
    after = sum(by_day.get(treated + timedelta(days=number), 0) for number in sides)
    if before + after < judge_from:
        return Comparison(source, days, before, after, None, None, "too_few")
    p = p_value(before, after)
    percent = None if before == 0 else (after - before) * 100 / before
    return Comparison(source, days, before, after, percent, p, "unlikely" if p < UNLIKELY else "may_be_chance")


def comparisons(
    conn: Connection, counting: Counting, spot: RegisterObject, treated: date, today: date
) -> list[Comparison]:
    """Before and after at a spot, for each source that has any events in the city at all."""
    longest = timedelta(days=LONGEST_DAYS)
    by_day = counting.by_day(conn, spot, treated - longest, min(today, treated + longest))
    judge_from = counting.points["judge_from"]
    return [
        compare(source, by_day[source], treated, today, first, judge_from)
        for source, first in counting.first_days(conn).items()
    ]


def p_value(before: int, after: int) -> float:
    """The two-sided p of two counts over equal times; see the module. Exact: 12 and 3 give 2 · 576 / 32,768."""
    both, fewer = before + after, min(before, after)
    return float(min(1.0, 2 * sum(comb(both, number) for number in range(fewer + 1)) / 2**both))

"""Yearly fatigue and speeding rates (疲劳、超速发生率): pure sums and quotients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from cityops.analysis.views import YearFigures, YearRateView

PER_KM: Final = 10_000
"""Rates are events per 10,000 vehicle-kilometres (万车公里)."""


def rate(events: int, vehicle_km: float) -> float | None:
    """Events per 10,000 vehicle-km; ``None`` when nothing was driven, or nobody knows how much."""
    return events * PER_KM / vehicle_km if vehicle_km > 0 else None


def change(now: float | None, before: float | None) -> float | None:
    """Relative change, −0.25 for a quarter less; ``None`` where there is nothing to compare with."""
    return None if now is None or before is None or before == 0 else now / before - 1


def mean_yearly_change(first: float | None, last: float | None, years: int) -> float | None:
    """The yearly change that, applied ``years`` times, leads from ``first`` to ``last``: (last/first)^(1/years) − 1.

    This is the geometric mean (年均变化率): the arithmetic mean of yearly changes would overstate a rise and
    understate a fall. ``None`` where the first is missing or zero, or no year lies between.
    """
    if first is None or last is None or first <= 0 or years < 1:
        return None
    return float((last / first) ** (1 / years) - 1)


def year_rates(figures: Sequence[YearFigures]) -> list[YearRateView]:
    """Rates by year, oldest first. The change is on the calendar year before; a gap has none."""
    views: list[YearRateView] = []
    for entry in sorted(figures, key=lambda entry: entry.year):
        fatigue = rate(entry.fatigue_events, entry.vehicle_km)
        speeding = rate(entry.speeding_events, entry.vehicle_km)
        before = views[-1] if views and views[-1].year == entry.year - 1 else None
        views.append(
            YearRateView(
                year=entry.year,
                vehicle_km=entry.vehicle_km,
                fatigue_events=entry.fatigue_events,
                speeding_events=entry.speeding_events,
                fatigue_rate=fatigue,
                speeding_rate=speeding,
                fatigue_change=change(fatigue, before.fatigue_rate if before else None),
                speeding_change=change(speeding, before.speeding_rate if before else None),
            )
        )
    return views


def summed(figures: Iterable[YearFigures]) -> list[YearFigures]:
    """The figures of many units added up by year, oldest first."""
    totals: dict[int, YearFigures] = {}
    for entry in figures:
        so_far = totals.get(entry.year, YearFigures(entry.year, 0.0, 0, 0))
        totals[entry.year] = YearFigures(
            entry.year,
            so_far.vehicle_km + entry.vehicle_km,
            so_far.fatigue_events + entry.fatigue_events,
            so_far.speeding_events + entry.speeding_events,
            so_far.synthetic or entry.synthetic,
        )
    return [totals[year] for year in sorted(totals)]


def overall_change(figures: Sequence[YearFigures], running_year: int) -> float | None:
    """The mean yearly change of fatigue and speeding together, over the complete years that have a rate."""
    complete = [entry for entry in figures if entry.year < running_year and entry.vehicle_km > 0]
    if len(complete) < 2:
        return None
    first, last = complete[0], complete[-1]
    return mean_yearly_change(_both(first), _both(last), last.year - first.year)


def _both(entry: YearFigures) -> float | None:
    return rate(entry.fatigue_events + entry.speeding_events, entry.vehicle_km)

"""Learning from what happened (研判): the day, response times, yearly rates."""

from cityops.analysis.learning import Analysis, response_times
from cityops.analysis.mileage import MileageKeeper, driven_km
from cityops.analysis.rates import mean_yearly_change, rate, year_rates
from cityops.analysis.views import (
    LearnRatesView,
    LearnTodayView,
    Measure,
    RateDetectors,
    ResponseTimesView,
    ShareView,
    UnitRatesView,
    YearFigures,
    YearRateView,
)

__all__ = [
    "Analysis",
    "LearnRatesView",
    "LearnTodayView",
    "Measure",
    "MileageKeeper",
    "RateDetectors",
    "ResponseTimesView",
    "ShareView",
    "UnitRatesView",
    "YearFigures",
    "YearRateView",
    "driven_km",
    "mean_yearly_change",
    "rate",
    "response_times",
    "year_rates",
]

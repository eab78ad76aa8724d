"""What the analysis room says: frozen views with the field names of the HTTP contract."""

from __future__ import annotations

from dataclasses import dataclass

from cityops.kit import Text


@dataclass(frozen=True, slots=True)
class Measure:
    """A time between two steps of a case; ``alert`` and ``open`` stand for the alert raised and the case opened."""

    name: str
    title: Text
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class RateDetectors:
    """Which detectors' alerts count as fatigue and as speeding."""

    fatigue: frozenset[str]
    speeding: frozenset[str]


@dataclass(frozen=True, slots=True)
class ShareView:
    """A count with its name."""

    key: str
    title: Text
    count: int


@dataclass(frozen=True, slots=True)
class ResponseTimesView:
    """Seconds between two steps: median and 90th percentile; ``None`` where no case got there."""

    step: str
    title: Text
    count: int
    p50_s: float | None
    p90_s: float | None


@dataclass(frozen=True, slots=True)
class LearnTodayView:
    """A day in Asia/Shanghai (今日研判). ``by_hour`` has 24 counts."""

    date: str
    alerts_total: int
    alerts_active: int
    cases_open: int
    cases_closed: int
    on_time_share: float | None
    by_detector: list[ShareView]
    by_hour: list[int]
    by_unit: list[ShareView]
    response_times: list[ResponseTimesView]


@dataclass(frozen=True, slots=True)
class YearFigures:
    """What is known of one year of one unit, before any division."""

    year: int
    vehicle_km: float
    fatigue_events: int
    speeding_events: int
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class YearRateView:
    """A year: events per 10,000 vehicle-km, and the change on the year before (−0.2761 is 27.61 % less)."""

    year: int
    vehicle_km: float
    fatigue_events: int
    speeding_events: int
    fatigue_rate: float | None
    speeding_rate: float | None
    fatigue_change: float | None
    speeding_change: float | None


@dataclass(frozen=True, slots=True)
class UnitRatesView:
    """The yearly rates of one enterprise (企业年度疲劳、超速发生率)."""

    unit_id: str
    unit_name: str
    years: list[YearRateView]


@dataclass(frozen=True, slots=True)
class LearnRatesView:
    """All enterprises this person may see, and the whole; the mean change leaves the running year out."""

    items: list[UnitRatesView]
    overall: list[YearRateView]
    mean_yearly_change: float | None
    synthetic: bool

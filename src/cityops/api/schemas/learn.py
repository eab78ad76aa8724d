"""Today and the yearly rates (研判)."""

from __future__ import annotations

from cityops.api.schemas.base import Bilingual, Model


class Share(Model):
    """A count with its name."""

    key: str
    title: Bilingual
    count: int


class ResponseTimes(Model):
    """Seconds between the steps of today's cases; ``None`` where no case got there."""

    step: str
    title: Bilingual
    count: int
    p50_s: float | None
    p90_s: float | None


class LearnToday(Model):
    """Today in Asia/Shanghai (今日研判)."""

    date: str
    alerts_total: int
    alerts_active: int
    cases_open: int
    cases_closed: int
    on_time_share: float | None
    by_detector: list[Share]
    by_hour: list[int]
    by_unit: list[Share]
    response_times: list[ResponseTimes]


class YearRate(Model):
    """A year of one enterprise: events per 10,000 vehicle-km, and the change on the year before."""

    year: int
    vehicle_km: float
    fatigue_events: int
    speeding_events: int
    fatigue_rate: float | None
    speeding_rate: float | None
    fatigue_change: float | None
    speeding_change: float | None


class UnitRates(Model):
    """The yearly fatigue and speeding rate of an enterprise (企业年度疲劳、超速发生率)."""

    unit_id: str
    unit_name: str
    years: list[YearRate]


class LearnRates(Model):
    """All enterprises this person may see, and the whole."""

    items: list[UnitRates]
    overall: list[YearRate]
    mean_yearly_change: float | None
    synthetic: bool

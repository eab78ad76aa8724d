"""Yearly rates against figures worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.analysis import (
    Measure,
    YearFigures,
    driven_km,
    mean_yearly_change,
    rate,
    response_times,
    year_rates,
)
from cityops.kit import Text
from cityops.observations import VEHICLE_POSITION, Batch


def test_a_rate_is_events_per_ten_thousand_vehicle_km() -> None:
    assert rate(30, 100_000) == 3.0
    assert rate(0, 100_000) == 0.0
    assert rate(30, 0) is None


def test_five_years_at_27_61_percent_less_each() -> None:
    # The source's figure (S0): fatigue and speeding fell 27.61 % a year over five years: 0.7239^5 = 0.198788...
    factor = 0.7239 * 0.7239 * 0.7239 * 0.7239 * 0.7239
    assert factor == pytest.approx(0.19879, abs=1e-5)
    assert mean_yearly_change(10.0, 10.0 * factor, 5) == pytest.approx(-0.2761, abs=1e-12)


def test_the_mean_is_geometric() -> None:
    # Halved, then doubled: nothing changed; the arithmetic mean of -50 % and +100 % would say +25 %.
    assert mean_yearly_change(4.0, 4.0, 2) == 0.0
    assert mean_yearly_change(100.0, 144.0, 2) == pytest.approx(0.2)
    assert mean_yearly_change(5.0, 0.0, 3) == -1.0
    for nothing in ((None, 1.0, 1), (1.0, None, 1), (0.0, 1.0, 1), (1.0, 1.0, 0)):
        assert mean_yearly_change(*nothing) is None


@given(st.floats(0.01, 1e4), st.floats(-0.9, 3.0), st.integers(1, 30))
def test_applying_the_mean_leads_from_first_to_last(first: float, yearly: float, years: int) -> None:
    last = first * (1 + yearly) ** years
    found = mean_yearly_change(first, last, years)
    assert found == pytest.approx(yearly, abs=1e-9)


def test_changes_are_on_the_year_before_and_not_over_a_gap() -> None:
    rows = year_rates(
        [
            YearFigures(2023, 100_000, 24, 10),
            YearFigures(2022, 100_000, 30, 0),
            YearFigures(2025, 200_000, 24, 30),
            YearFigures(2026, 0, 3, 3),
        ]
    )
    assert [row.year for row in rows] == [2022, 2023, 2025, 2026]
    assert [row.fatigue_rate for row in rows] == pytest.approx([3.0, 2.4, 1.2, None])
    assert [row.fatigue_change for row in rows] == pytest.approx([None, -0.2, None, None])
    assert [row.speeding_change for row in rows] == [None, None, None, None]  # from zero there is no change


def test_response_times_by_hand() -> None:
    measure = Measure("m", Text("派遣到到达", "dispatch to arrival"), "dispatch", "arrive")
    cases = [
        [("open", 0), ("dispatch", 1_000), ("arrive", 61_000)],
        [("dispatch", 0), ("decline", 5_000), ("dispatch", 10_000), ("arrive", 130_000)],
        [("dispatch", 0)],
        [("arrive", 5_000), ("dispatch", 6_000)],
    ]
    found = response_times(measure, cases)
    # 60 s and 130 s: the median lies half way, the 90th percentile nine tenths of the way.
    assert (found.count, found.p50_s) == (2, 95.0)
    assert found.p90_s == pytest.approx(123.0)
    none = response_times(measure, [])
    assert (none.count, none.p50_s, none.p90_s) == (0, None, None)


def positions(rows: list[tuple[int, int, float, float, float]]) -> Batch:
    table = np.zeros(len(rows), VEHICLE_POSITION.struct_dtype)
    for place, (device, second, lon, lat, mileage_km) in enumerate(rows):
        table[place]["device"], table[place]["event_ms"] = device, second * 1000
        table[place]["lon"], table[place]["lat"], table[place]["mileage_km"] = lon, lat, mileage_km
    return Batch.from_struct(VEHICLE_POSITION, table)


def test_driven_km_trusts_the_odometer_where_it_can_be_true() -> None:
    nan = float("nan")
    batch = positions(
        [
            (1, 0, 112.5, 37.8, 1000.0),
            (1, 60, 112.5, 37.8, 1001.2),  # 1.2 km by the odometer
            (1, 120, 112.5, 37.8, 9000.0),  # it jumped: impossible in a minute, and the position stood
            (1, 180, 112.5, 37.8, 9000.5),  # 0.5 km
            (2, 0, 112.5, 37.8, nan),
            (2, 60, 112.5, 37.809, nan),  # 0.009 degrees north: 1.0008 km
            (2, 7200, 112.5, 38.8, nan),  # two hours later, far away: nobody knows the way
            (3, 0, 112.5, 37.8, nan),
            (3, 10, 112.5, 39.8, nan),  # 222 km in ten seconds: no
        ]
    )
    assert driven_km(batch) == pytest.approx({1: 1.7, 2: 1.0008, 3: 0.0}, abs=1e-3)


def test_driven_km_of_nothing_and_of_one_position() -> None:
    assert driven_km(Batch.empty(VEHICLE_POSITION)) == {}
    assert driven_km(positions([(7, 0, 112.5, 37.8, 5.0)])) == {7: 0.0}

"""Coordinate conversions against published pairs and by their properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.kit import CoordinateSystem, from_wgs84, to_wgs84

WGS84, GCJ02, BD09 = CoordinateSystem
LONS = st.floats(73.0, 134.0)
LATS = st.floats(3.0, 54.0)


def test_published_gcj02_pair() -> None:
    """Pair printed in the documentation of several open-source converters, to their own 1e-8 degrees."""
    assert from_wgs84(116.404, 39.915, GCJ02) == pytest.approx((116.41024449916938, 39.91640428150164), abs=1e-8)


def test_published_bd09_pair() -> None:
    """GCJ-02 116.404, 39.915 is BD-09 116.41036949, 39.92133699 in the same documentation."""
    lon, lat = to_wgs84(116.404, 39.915, GCJ02)
    assert from_wgs84(lon, lat, BD09) == pytest.approx((116.41036949371029, 39.92133699351022), abs=1e-8)


def test_the_offset_in_taiyuan_is_some_hundreds_of_metres() -> None:
    lon, lat = from_wgs84(112.55, 37.87, GCJ02)
    offset_m = np.hypot((lon - 112.55) * 111_320 * np.cos(np.radians(37.87)), (lat - 37.87) * 110_990)
    assert 300 < offset_m < 900


@pytest.mark.parametrize("point", [(-0.1276, 51.5072), (139.69, 35.69), (151.2, -33.9), (0.0, 0.0)])
@pytest.mark.parametrize("system", list(CoordinateSystem))
def test_points_outside_china_are_untouched(point: tuple[float, float], system: CoordinateSystem) -> None:
    assert from_wgs84(*point, system) == point
    assert to_wgs84(*point, system) == point


@given(LONS, LATS, st.sampled_from([GCJ02, BD09]))
def test_the_inverse_undoes_the_offset(lon: float, lat: float, system: CoordinateSystem) -> None:
    assert to_wgs84(*from_wgs84(lon, lat, system), system) == pytest.approx((lon, lat), abs=1e-7)
    assert from_wgs84(*to_wgs84(lon, lat, system), system) == pytest.approx((lon, lat), abs=1e-7)


@given(
    st.lists(st.tuples(st.floats(-180, 180), st.floats(-90, 90)), min_size=1, max_size=20),
    st.sampled_from(list(CoordinateSystem)),
)
def test_an_array_gives_what_its_points_give(points: list[tuple[float, float]], system: CoordinateSystem) -> None:
    lon, lat = np.array(points).T
    east, north = to_wgs84(lon, lat, system)
    assert [*zip(east, north, strict=True)] == [to_wgs84(x, y, system) for x, y in points]


def test_input_arrays_are_not_changed_and_nan_stays() -> None:
    lon, lat = np.array([112.55, np.nan]), np.array([37.87, 37.87])
    east, _ = to_wgs84(lon, lat, GCJ02)
    assert lon[0] == 112.55
    assert east[0] != 112.55
    assert np.isnan(east[1])


def test_shapes_must_match_and_the_system_must_exist() -> None:
    with pytest.raises(ValueError, match="same shape"):
        to_wgs84(np.zeros(2), np.zeros(3), GCJ02)
    with pytest.raises(ValueError, match="9 is not a valid"):
        to_wgs84(112.55, 37.87, 9)

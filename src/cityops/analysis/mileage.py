"""What the fleets drove (行驶里程): from the terminals' odometers, or from positions where those say nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from cityops.analysis.learning import Analysis
from cityops.kit import SHANGHAI, to_ms
from cityops.observations import VEHICLE_POSITION, Batch, Device, Stream

MAX_SPEED_KMH: Final = 200.0
"""Faster than this nothing was driven: an odometer that jumped, or a position that did."""
MAX_GAP_S: Final = 600.0
"""Between positions farther apart in time nobody knows the way; such a gap counts only by the odometer."""
SLACK_KM: Final = 0.2
"""Odometers count in tenths of a kilometre."""
DEVICES_AT_ONCE: Final = 200
_EARTH_RADIUS_KM: Final = 6371.0088
_COLUMNS: Final = ("device", "event_ms", "lon", "lat", "mileage_km")

Floats = npt.NDArray[np.float64]


class PositionHistory(Protocol):
    """What is needed of the history: ``observations.HistoryView`` and ``History`` have it."""

    def read(self, stream: Stream, *, keys: Any, from_ms: int, to_ms: int, columns: Any = None) -> Batch:
        """Observations sorted by key and event time, without duplicates."""
        ...


def driven_km(batch: Batch) -> dict[int, float]:
    """Kilometres driven by device.

    Between two positions of a device the odometer counts where both have one and its step is possible; else the great
    circle, if it is possible and the gap is at most ten minutes; else nothing.

    Args:
        batch: ``vehicle.position`` with device, event_ms, lon, lat, mileage_km, sorted by device and event_ms.
    """
    columns = batch.columns
    device = columns["device"]
    totals = {int(key): 0.0 for key in np.unique(device)}
    if len(device) < 2:
        return totals
    same = device[1:] == device[:-1]
    hours = np.diff(columns["event_ms"]).astype(np.float64) / 3_600_000
    possible_km = hours * MAX_SPEED_KMH + SLACK_KM
    by_odometer = np.diff(columns["mileage_km"].astype(np.float64))
    straight = _great_circle_km(columns["lon"].astype(np.float64), columns["lat"].astype(np.float64))
    odometer_says = np.isfinite(by_odometer) & (by_odometer >= 0) & (by_odometer <= possible_km)
    straight_says = (straight <= possible_km) & (hours * 3600 <= MAX_GAP_S)
    step_km = np.where(odometer_says, by_odometer, np.where(straight_says, straight, 0.0)) * same
    keys, place = np.unique(device[1:], return_inverse=True)
    for key, km in zip(keys, np.bincount(place, weights=step_km), strict=True):
        totals[int(key)] = float(km)
    return totals


def _great_circle_km(lon: Floats, lat: Floats) -> Floats:
    east, north = np.radians(lon), np.radians(lat)
    half = np.sin(np.diff(north) / 2) ** 2 + np.cos(north[1:]) * np.cos(north[:-1]) * np.sin(np.diff(east) / 2) ** 2
    found: Floats = 2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    return found


class MileageKeeper:
    """Writes each day's mileage of each unit; a day can be done again, also when late data came.

    Args:
        history: the positions.
        devices: all devices, with their units (``DeviceRegister.all``).
        analysis: where the figures go.
    """

    def __init__(self, history: PositionHistory, devices: Callable[[], Sequence[Device]], analysis: Analysis) -> None:
        self._history = history
        self._devices = devices
        self._analysis = analysis

    def update(self, day: date) -> dict[str, float]:
        """Sum up a day in Asia/Shanghai and store it; returns kilometres by unit id."""
        begin = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)
        from_ms, until_ms = to_ms(begin), to_ms(begin + timedelta(days=1))
        unit_of = {device.id: device.unit_id for device in self._devices() if device.unit_id is not None}
        keys = sorted(unit_of)
        totals: dict[str, float] = {}
        for start in range(0, len(keys), DEVICES_AT_ONCE):
            part = keys[start : start + DEVICES_AT_ONCE]
            batch = self._history.read(VEHICLE_POSITION, keys=part, from_ms=from_ms, to_ms=until_ms, columns=_COLUMNS)
            for device, km in driven_km(batch).items():
                totals[unit_of[device]] = totals.get(unit_of[device], 0.0) + km
        self._analysis.record_mileage(day, totals)
        return totals

"""The positions behind one alert or case, never a free search."""

from __future__ import annotations

from typing import Final

import numpy as np

from cityops.access import SYSTEM
from cityops.api import schemas
from cityops.api.context import ApiContext
from cityops.cases import CaseDetailView
from cityops.detection import AlertDetailView
from cityops.kit import NotFoundError, from_ms, to_ms
from cityops.observations import VEHICLE_POSITION

LEAD_MS: Final = 600_000  # ten minutes before the alert began
MAX_SPAN_MS: Final = 24 * 3_600_000
MAX_POINTS: Final = 2_000
_COLUMNS: Final = ("event_ms", "lon", "lat", "speed_kmh")


def alert_track(services: ApiContext, alert: AlertDetailView) -> schemas.Track:
    """Positions from ten minutes before the alert began to its end (or now), at most the last 24 h and 2,000 points."""
    to_at_ms = services.clock.now_ms() if alert.ended_at is None else to_ms(alert.ended_at)
    from_at_ms = max(to_ms(alert.started_at) - LEAD_MS, to_at_ms - MAX_SPAN_MS)
    batch = services.history.read(
        VEHICLE_POSITION, keys=[alert.device], from_ms=from_at_ms, to_ms=to_at_ms + 1, columns=_COLUMNS
    )
    columns = {name: batch.columns[name] for name in _COLUMNS}
    kept = np.unique(np.linspace(0, batch.rows - 1, min(batch.rows, MAX_POINTS)).astype(np.int64))
    points = zip(*(columns[name][kept].tolist() for name in _COLUMNS), strict=True)
    return schemas.Track(
        items=[
            schemas.TrackPoint(lon=lon, lat=lat, speed_kmh=round(speed_kmh, 1), at=from_ms(event_ms))
            for event_ms, lon, lat, speed_kmh in points
        ]
    )


def case_track(services: ApiContext, case: CaseDetailView) -> schemas.Track:
    """The track of the alert that led to the case.

    Raises:
        NotFoundError: the case did not come from an alert.
    """
    if case.alert_id is None:
        raise NotFoundError(
            "这个案件没有关联的预警轨迹。", "This case has no track: no alert led to it.", code="case.no_track"
        )
    # Who may see the case may see the positions it rests on: a crew has no alerts of its own.
    return alert_track(services, services.alerts.get(SYSTEM, case.alert_id))

"""Alerts with their evidence (预警)."""

from __future__ import annotations

from typing import Any

from cityops.api.schemas.base import AlertState, Bilingual, Model, Moment, Page, Place, Severity, TimelineStep


class Alert(Model):
    """A finding of a detector (预警). ``identity`` is unique for the same facts, whatever order they came in."""

    alert_id: str
    identity: str
    scene: str
    detector: str
    detector_version: int
    title: Bilingual
    summary: Bilingual
    severity: Severity
    state: AlertState
    vehicle_id: str | None
    plate: str | None
    unit_id: str | None
    unit_name: str | None
    started_at: Moment
    last_at: Moment
    ended_at: Moment | None
    raised_at: Moment
    place: Place | None
    case_id: str | None
    case_number: str | None
    version: int


class AlertDetail(Alert):
    """An alert with its evidence."""

    evidence: dict[str, Any]
    rule: Bilingual  # the law or standard it rests on
    history: list[TimelineStep]


class AlertList(Model):
    """A page of alerts, newest first."""

    items: list[Alert]
    page: Page


class TrackPoint(Model):
    """One position of an alert's evidence."""

    lon: float
    lat: float
    speed_kmh: float
    at: Moment


class Track(Model):
    """The positions behind one alert or case, never a free search."""

    items: list[TrackPoint]

"""Views of the rooms that need more than equal field names to become answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from sqlalchemy import select

from cityops.api import schemas
from cityops.api.context import ApiContext
from cityops.cases import case_table
from cityops.detection import AlertDetailView, AlertView
from cityops.kit import Text
from cityops.places import PlaceInfo

_PLACE_FIELDS: Final = tuple(name for name in schemas.Place.model_fields if name not in ("lon", "lat"))
_HAPPENED: Final[Mapping[str, Text]] = {
    "raised": Text("发出预警", "Raised"),
    "severity": Text("等级变化", "Severity changed"),
    "reopened": Text("再次发生", "Goes on again"),
    "corrected": Text("按补传数据更正", "Corrected by late data"),
    "ended": Text("结束", "Ended"),
    "withdrawn": Text("撤回", "Withdrawn"),
    "case": Text("立案", "Case opened"),
}
_CHUNK: Final = 500
_MACHINE: Final = "系统"


def place_at(lon: float, lat: float, info: PlaceInfo) -> schemas.Place:
    """A point with the names around it; a level that is not known is ``None``."""
    return schemas.Place(lon=lon, lat=lat, **{name: getattr(info, name) or None for name in _PLACE_FIELDS})


def stored_place(place: Mapping[str, Any] | None) -> schemas.Place | None:
    """A place as a room stored it."""
    if not place or place.get("lon") is None or place.get("lat") is None:
        return None
    names = {name: place.get(name) or None for name in _PLACE_FIELDS}
    return schemas.Place(lon=place["lon"], lat=place["lat"], **names)


def case_numbers(services: ApiContext, alerts: Collection[AlertView]) -> dict[str, str]:
    """The numbers of the cases that these alerts led to, by case id."""
    wanted = sorted({alert.case_id for alert in alerts if alert.case_id is not None})
    numbers: dict[str, str] = {}
    with services.store.read() as conn:
        for start in range(0, len(wanted), _CHUNK):
            chosen = case_table.c.id.in_(wanted[start : start + _CHUNK])
            rows = conn.execute(select(case_table.c.id, case_table.c.number).where(chosen))
            numbers.update((row.id, row.number) for row in rows)
    return numbers


def _alert_fields(alert: AlertView, numbers: Mapping[str, str]) -> dict[str, Any]:
    same = (name for name in schemas.Alert.model_fields if name not in ("title", "summary", "place", "case_number"))
    return {name: getattr(alert, name) for name in same} | {
        "title": schemas.Bilingual(zh=alert.title.zh, en=alert.title.en),
        "summary": schemas.Bilingual(zh=alert.summary.zh, en=alert.summary.en),
        "place": stored_place(alert.place),
        "case_number": numbers.get(alert.case_id or ""),
    }


def alert_answer(alert: AlertView, numbers: Mapping[str, str]) -> schemas.Alert:
    """An alert in a list."""
    return schemas.Alert(**_alert_fields(alert, numbers))


def alert_detail(alert: AlertDetailView, numbers: Mapping[str, str]) -> schemas.AlertDetail:
    """An alert with its evidence and what happened to it."""
    history = [
        schemas.TimelineStep(
            at=event.at,
            action=event.action,
            title=_bilingual(_HAPPENED.get(event.action, Text(event.action, event.action))),
            actor=_MACHINE,
            actor_role=None,
            unit_name=None,
            comment=None,
            data={**event.data, "severity": event.severity},
        )
        for event in alert.history
    ]
    fields = _alert_fields(alert, numbers)
    return schemas.AlertDetail(**fields, evidence=dict(alert.evidence), rule=alert.rule, history=history)


def _bilingual(text: Text) -> schemas.Bilingual:
    return schemas.Bilingual(zh=text.zh, en=text.en)

"""Reading the alert book: permission first, then scope, filters, pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, column, func, or_, select, table

from cityops.access import Permission, Principal, mask_plate, scope_clause
from cityops.detection.detector import Severity
from cityops.detection.tables import alert, alert_history
from cityops.kit import InvalidError, NotFoundError, Text, from_ms

PAGE_SIZE_MAX: Final = 500
EXPORT_MAX: Final = 100_000
_unit: Final = table("unit", column("id"), column("name"))


@dataclass(frozen=True)
class AlertFilter:
    """Which alerts. ``from_ms``/``to_ms`` (excluded) bound the beginning; ``q`` looks into titles and summaries.

    ``q`` does not look at plates: a plate look-up names a case and a purpose and is audited elsewhere.
    """

    state: str | None = None
    scene: str | None = None
    detector: str | None = None
    severity: str | None = None
    min_severity: int | None = None
    unit_id: str | None = None
    vehicle_id: str | None = None
    device: int | None = None
    q: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None


@dataclass(frozen=True)
class AlertView:
    """An alert as a person sees it; fields as in the HTTP contract, times aware in Asia/Shanghai."""

    alert_id: str
    identity: str
    scene: str
    detector: str
    detector_version: int
    title: Text
    summary: Text
    severity: str
    state: str
    device: int
    vehicle_id: str | None
    plate: str | None
    unit_id: str | None
    unit_name: str | None
    area_code: str | None
    started_at: datetime
    last_at: datetime
    ended_at: datetime | None
    raised_at: datetime
    place: Mapping[str, Any] | None
    case_id: str | None
    version: int


@dataclass(frozen=True)
class AlertEvent:
    """Something that happened to an alert: raised, severity, reopened, corrected, ended, withdrawn, case."""

    at: datetime
    action: str
    severity: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class AlertDetailView(AlertView):
    """An alert with what it rests on."""

    evidence: Mapping[str, Any]
    rule: Text
    history: tuple[AlertEvent, ...]


@dataclass(frozen=True)
class AlertPage:
    """A page of alerts, newest first; pages count from 1."""

    items: tuple[AlertView, ...]
    total: int
    page: int
    page_size: int


CountBy = Literal["detector", "severity", "state", "unit_id", "area_code", "hour", "year"]


def list_alerts(conn: Connection, principal: Principal, which: AlertFilter, page: int, page_size: int) -> AlertPage:
    """A page of the alerts this person may see.

    Raises:
        ForbiddenError: no permission ``alerts.read``.
        InvalidError: an impossible page or filter.
    """
    principal.require(Permission.ALERTS_READ)
    if page < 1 or not 1 <= page_size <= PAGE_SIZE_MAX:
        raise InvalidError(
            f"每页 1 至 {PAGE_SIZE_MAX} 条，页码从 1 起", f"pages count from 1 and hold 1 to {PAGE_SIZE_MAX}"
        )
    where = and_(_scope(principal), _condition(which))
    total = conn.execute(select(func.count()).select_from(alert).where(where)).scalar_one()
    rows = conn.execute(_newest_first(where).limit(page_size).offset((page - 1) * page_size))
    return AlertPage(tuple(_view(row, principal) for row in rows), int(total), page, page_size)


def export_alerts(conn: Connection, principal: Principal, which: AlertFilter) -> tuple[AlertView, ...]:
    """All alerts under a filter, newest first, for a table to take away.

    Raises:
        ForbiddenError: no permission ``alerts.read``.
        InvalidError: more than ``EXPORT_MAX``; narrow the filter.
    """
    principal.require(Permission.ALERTS_READ)
    rows = conn.execute(_newest_first(and_(_scope(principal), _condition(which))).limit(EXPORT_MAX + 1)).all()
    if len(rows) > EXPORT_MAX:
        raise InvalidError(
            f"超过 {EXPORT_MAX} 条，未导出",
            f"more than {EXPORT_MAX} alerts; nothing was exported",
            code="alert.too_many",
            todo=Text("请缩小筛选范围", "narrow the filter"),
        )
    return tuple(_view(row, principal) for row in rows)


def get_alert(conn: Connection, principal: Principal, alert_id: str) -> AlertDetailView:
    """One alert with evidence and history.

    Raises:
        ForbiddenError: no permission ``alerts.read``.
        NotFoundError: no such alert, or not for this person.
    """
    principal.require(Permission.ALERTS_READ)
    row = conn.execute(_newest_first(and_(_scope(principal), alert.c.id == alert_id))).one_or_none()
    if row is None:
        raise NotFoundError("没有这条预警，或您无权查看", "no such alert, or not for you")
    events = conn.execute(
        select(alert_history).where(alert_history.c.alert_id == alert_id).order_by(alert_history.c.id)
    )
    history = tuple(AlertEvent(from_ms(e.at_ms), e.action, Severity(e.severity).word, e.data) for e in events)
    return AlertDetailView(**vars(_view(row, principal)), evidence=row.evidence, rule=_rule(row), history=history)


def count_alerts(conn: Connection, principal: Principal, which: AlertFilter, by: CountBy) -> dict[str, int]:
    """How many alerts this person may see, by one property. ``hour`` and ``year`` are of the beginning, Asia/Shanghai.

    Withdrawn alerts count only under ``by="state"`` or when the filter asks for them.
    """
    principal.require(Permission.ALERTS_READ)
    where = and_(_scope(principal), _condition(which))
    if by != "state" and which.state is None:
        where = and_(where, alert.c.state != "withdrawn")
    if by in ("hour", "year"):
        counts: dict[str, int] = {}
        for (started_ms,) in conn.execute(select(alert.c.started_ms).where(where)):
            at = from_ms(started_ms)
            key = str(at.hour if by == "hour" else at.year)
            counts[key] = counts.get(key, 0) + 1
        return counts
    group = alert.c[by]
    rows = conn.execute(select(group, func.count()).where(where).group_by(group))
    return {(Severity(key).word if by == "severity" else str(key or "")): int(count) for key, count in rows}


def _scope(principal: Principal) -> ColumnElement[bool]:
    return scope_clause(principal, unit_column=alert.c.unit_id, area_column=alert.c.area_code)


def _newest_first(where: ColumnElement[bool]) -> Select[Any]:
    joined = alert.outerjoin(_unit, _unit.c.id == alert.c.unit_id)
    query = select(alert, _unit.c.name.label("unit_name")).select_from(joined).where(where)
    return query.order_by(alert.c.started_ms.desc(), alert.c.id.desc())


def _condition(which: AlertFilter) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [alert.c.started_ms >= (which.from_ms if which.from_ms is not None else 0)]
    for name in ("state", "scene", "detector", "unit_id", "vehicle_id", "device"):
        value = getattr(which, name)
        if value is not None:
            parts.append(alert.c[name] == value)
    if which.severity is not None:
        parts.append(alert.c.severity == _severity(which.severity))
    if which.min_severity is not None:
        parts.append(alert.c.severity >= which.min_severity)
    if which.to_ms is not None:
        parts.append(alert.c.started_ms < which.to_ms)
    if which.q:
        texts = (alert.c.title_zh, alert.c.title_en, alert.c.summary_zh, alert.c.summary_en)
        parts.append(or_(*(text.contains(which.q, autoescape=True) for text in texts)))
    return and_(*parts)


def _severity(word: str) -> int:
    for severity in Severity:
        if severity.word == word:
            return int(severity)
    raise InvalidError(f"没有这个等级：{word}", f"no such severity: {word}")


def _rule(row: Row[Any]) -> Text:
    """The rule in two languages; what was raised before the evidence held both has the Chinese words only."""
    both = row.evidence.get("rule")
    return Text(both["zh"], both["en"]) if isinstance(both, Mapping) else Text(row.rule, row.rule)


def _view(row: Row[Any], principal: Principal) -> AlertView:
    return AlertView(
        alert_id=row.id,
        identity=row.identity,
        scene=row.scene,
        detector=row.detector,
        detector_version=row.detector_version,
        title=Text(row.title_zh, row.title_en),
        summary=Text(row.summary_zh, row.summary_en),
        severity=Severity(row.severity).word,
        state=row.state,
        device=row.device,
        vehicle_id=row.vehicle_id,
        plate=None if row.plate is None else mask_plate(row.plate, principal),
        unit_id=row.unit_id,
        unit_name=row.unit_name,
        area_code=row.area_code,
        started_at=from_ms(row.started_ms),
        last_at=from_ms(row.last_ms),
        ended_at=None if row.ended_ms is None else from_ms(row.ended_ms),
        raised_at=from_ms(row.raised_ms),
        place=row.place,
        case_id=row.case_id,
        version=row.version,
    )

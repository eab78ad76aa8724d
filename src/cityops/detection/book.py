"""The alert book (预警台账): the one writer of alerts. One transaction holds changes, their events and the progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, func, insert, or_, select, update

from cityops.access import Principal
from cityops.detection.changes import Applied, Change, Finding, Reevaluation
from cityops.detection.detector import Severity
from cityops.detection.matching import StoredSpan, match_episodes
from cityops.detection.reading import (
    AlertDetailView,
    AlertFilter,
    AlertPage,
    AlertView,
    CountBy,
    count_alerts,
    export_alerts,
    get_alert,
    list_alerts,
)
from cityops.detection.tables import alert, alert_history, detection_progress
from cityops.kit import Clock, ConflictError, IdMaker, NotFoundError, Text
from cityops.store import Store, emit

ACTIVE: Final = "active"
ENDED: Final = "ended"
WITHDRAWN: Final = "withdrawn"
LOOKUP_CHUNK: Final = 400


@dataclass(frozen=True)
class OpenAlert:
    """An alert that lasts, as far as the pipeline needs it after a start."""

    device: int
    start_ms: int
    version: int
    severity: int


class AlertWriter:
    """Writes alerts. The same changes applied twice leave what applying them once leaves.

    Args:
        store: the relational store.
        clock: gives ``raised_ms`` and the times of the history.
        ids: gives alert ids.
    """

    def __init__(self, store: Store, clock: Clock, ids: IdMaker) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    def apply(self, changes: Sequence[Change], progress: Mapping[str, int] | None = None) -> Applied:
        """Apply ``changes`` in order, emit their events and note the log positions, all in one transaction.

        Raises:
            BusyError, UnavailableError: the store takes nothing now; nothing of this call was kept.
        """
        return self._store.write(lambda conn: self._apply(conn, changes, progress or {}))

    def link_case(self, conn: Connection, alert_id: str, case_id: str) -> None:
        """Say which case an alert led to, within the transaction that opens the case.

        Raises:
            NotFoundError: no such alert.
            ConflictError: it belongs to another case already.
        """
        row = conn.execute(select(alert.c.case_id, alert.c.severity).where(alert.c.id == alert_id)).one_or_none()
        if row is None:
            raise NotFoundError("没有这条预警", "no such alert")
        if row.case_id == case_id:
            return
        linked = conn.execute(
            update(alert)
            .where(alert.c.id == alert_id, alert.c.case_id.is_(None))
            .values(case_id=case_id, version=alert.c.version + 1)
        )
        if linked.rowcount == 0:
            raise ConflictError("这条预警已经立案", "this alert already has a case", code="alert.has_case")
        self._note(conn, alert_id, "case", row.severity, {"case_id": case_id})
        emit(conn, "alert.updated", alert_id, {"alert_id": alert_id})

    def progress(self) -> dict[str, int]:
        """Log positions up to which the alerts are complete, by writer."""
        with self._store.read() as conn:
            rows = conn.execute(select(detection_progress.c.writer, detection_progress.c.position))
            return {row.writer: row.position for row in rows}

    def open_alerts(self, scene: str, detector: str) -> list[OpenAlert]:
        """The alerts of a detector that still last."""
        query = select(alert.c.device, alert.c.started_ms, alert.c.detector_version, alert.c.severity).where(
            alert.c.state == ACTIVE, alert.c.scene == scene, alert.c.detector == detector
        )
        with self._store.read() as conn:
            return [OpenAlert(*row) for row in conn.execute(query)]

    def _apply(self, conn: Connection, changes: Sequence[Change], progress: Mapping[str, int]) -> Applied:
        applied = Applied()
        findings = [change for change in changes if isinstance(change, Finding)]
        known = _by_identity(conn, [str(finding.identity) for finding in findings])
        taken: set[str] = set()
        for change in changes:
            if isinstance(change, Reevaluation):
                self._reevaluate(conn, change, applied)
            else:
                name = str(change.identity)
                if name in taken:
                    known |= _by_identity(conn, [name])
                self._take(conn, known.get(name), change, applied)
                taken.add(name)
        for writer, position in progress.items():
            moved = conn.execute(
                update(detection_progress).where(detection_progress.c.writer == writer).values(position=position)
            )
            if moved.rowcount == 0:
                conn.execute(insert(detection_progress).values(writer=writer, position=position))
        return applied

    def _take(self, conn: Connection, row: Row[Any] | None, finding: Finding, applied: Applied) -> None:
        """A finding of the running stream: new, further along, or known already."""
        if row is None:
            self._insert(conn, finding, applied)
        elif finding.episode.last_ms < row.last_ms or not _differs(row, finding):
            applied.unchanged += 1
        else:
            self._change(conn, row, finding, None, applied)

    def _reevaluate(self, conn: Connection, change: Reevaluation, applied: Applied) -> None:
        """Make the stored alerts say what the recomputed episodes say."""
        stored = _affected(conn, change)
        by_id = {row.id: row for row in stored}
        spans = [StoredSpan(row.id, row.started_ms, row.ended_ms, row.state == WITHDRAWN) for row in stored]
        match = match_episodes(spans, [finding.episode for finding in change.findings])
        for gone in match.gone:
            self._withdraw(conn, by_id[gone], change.reason, applied)
        for finding, (alert_id, _) in zip(change.findings, match.kept, strict=True):
            row = None if alert_id is None else by_id[alert_id]
            if row is None:
                _free_identity(conn, str(finding.identity), "")
                self._insert(conn, finding, applied)
            elif _differs(row, finding):
                _free_identity(conn, str(finding.identity), row.id)
                self._change(conn, row, finding, change.reason, applied)
            else:
                applied.unchanged += 1

    def _insert(self, conn: Connection, finding: Finding, applied: Applied) -> None:
        alert_id, episode = self._ids.next(), finding.episode
        detector, subject, place = finding.detector, finding.subject, finding.place or {}
        values = _values(finding) | {
            "id": alert_id,
            "scene": detector.scene,
            "detector": detector.id,
            "device": subject.device,
            "vehicle_id": subject.vehicle_id,
            "plate": subject.plate,
            "unit_id": subject.unit_id,
            "area_code": place.get("district_code"),
            "title_zh": detector.title.zh,
            "title_en": detector.title.en,
            "raised_ms": self._clock.now_ms(),
            "version": 1,
        }
        conn.execute(insert(alert).values(values))
        self._note(conn, alert_id, "raised", episode.severity, {})
        emit(conn, "alert.raised", alert_id, {"alert_id": alert_id})
        applied.raised += 1
        if not episode.is_open:
            self._note(conn, alert_id, "ended", episode.severity, {"ended_ms": episode.end_ms})
            emit(conn, "alert.ended", alert_id, {"alert_id": alert_id})
            applied.ended += 1

    def _change(self, conn: Connection, row: Row[Any], finding: Finding, reason: Text | None, applied: Applied) -> None:
        """Write what is new about an alert and say what kind of change it is."""
        values = _values(finding) | {"version": alert.c.version + 1}
        place = finding.place or {}
        if reason is not None:
            values |= {"area_code": place.get("district_code")}
        conn.execute(update(alert).where(alert.c.id == row.id).values(values))
        action, topic = _kind_of_change(row, finding, reason)
        if action is not None:
            data = {"ended_ms": finding.episode.end_ms, "started_ms": finding.episode.start_ms}
            self._note(conn, row.id, action, finding.episode.severity, data | _words(reason))
        emit(conn, topic, row.id, {"alert_id": row.id})
        applied.ended += topic == "alert.ended"
        applied.raised += topic == "alert.raised"
        applied.corrected += reason is not None
        applied.updated += topic == "alert.updated" and reason is None

    def _withdraw(self, conn: Connection, row: Row[Any], reason: Text, applied: Applied) -> None:
        """Late data show that the alert never was. It stays in the book, with the reason."""
        conn.execute(
            update(alert)
            .where(alert.c.id == row.id)
            .values(state=WITHDRAWN, ended_ms=row.last_ms, version=alert.c.version + 1)
        )
        self._note(conn, row.id, WITHDRAWN, row.severity, _words(reason))
        emit(conn, "alert.withdrawn", row.id, {"alert_id": row.id})
        applied.withdrawn += 1

    def _note(self, conn: Connection, alert_id: str, action: str, severity: int, data: Mapping[str, Any]) -> None:
        conn.execute(
            insert(alert_history).values(
                alert_id=alert_id, at_ms=self._clock.now_ms(), action=action, severity=severity, data=dict(data)
            )
        )

    def affected_since(self, scene: str, detector: str, device: int, cut_ms: int) -> int:
        """The earliest beginning among the alerts that data from ``cut_ms`` on could change; else ``cut_ms``."""
        query = select(func.min(alert.c.started_ms)).where(_could_change(scene, detector, device, cut_ms))
        with self._store.read() as conn:
            earliest = conn.execute(query).scalar()
        return cut_ms if earliest is None else min(cut_ms, int(earliest))


def _could_change(scene: str, detector: str, device: int, cut_ms: int) -> ColumnElement[bool]:
    return and_(
        alert.c.device == device,
        alert.c.detector == detector,
        alert.c.scene == scene,
        or_(alert.c.state == ACTIVE, alert.c.last_ms >= cut_ms),
    )


def _affected(conn: Connection, change: Reevaluation) -> Sequence[Row[Any]]:
    """The stored alerts that the re-evaluation speaks of, and those that bear an identity it found."""
    detector = change.detector
    names = [str(finding.identity) for finding in change.findings]
    where = _could_change(detector.scene, detector.id, change.subject.device, change.cut_ms)
    return conn.execute(select(alert).where(or_(where, alert.c.identity.in_(names)))).all()


def _by_identity(conn: Connection, names: Sequence[str]) -> dict[str, Row[Any]]:
    rows: dict[str, Row[Any]] = {}
    for begin in range(0, len(names), LOOKUP_CHUNK):
        query = select(alert).where(alert.c.identity.in_(names[begin : begin + LOOKUP_CHUNK]))
        rows.update({row.identity: row for row in conn.execute(query)})
    return rows


def _free_identity(conn: Connection, name: str, new_owner: str) -> None:
    """Take a name from an alert that is withdrawn or about to be renamed; it keeps a trace of it."""
    holders = conn.execute(select(alert.c.id).where(alert.c.identity == name, alert.c.id != new_owner)).all()
    for holder in holders:
        conn.execute(update(alert).where(alert.c.id == holder.id).values(identity=f"{name}~{holder.id}"))


def _values(finding: Finding) -> dict[str, Any]:
    """The columns that follow from the facts."""
    episode, summary, place = finding.episode, finding.summary, finding.place
    return {
        "identity": str(finding.identity),
        "detector_version": finding.detector.version,
        "severity": int(Severity(episode.severity)),
        "state": ACTIVE if episode.is_open else ENDED,
        "summary_zh": summary.zh,
        "summary_en": summary.en,
        "started_ms": episode.start_ms,
        "last_ms": episode.last_ms,
        "ended_ms": episode.end_ms,
        "lon": None if episode.raised_at is None else episode.raised_at[0],
        "lat": None if episode.raised_at is None else episode.raised_at[1],
        "place": None if place is None else dict(place),
        "evidence": finding.evidence(),
        "rule": finding.detector.rule.zh,
    }


def _differs(row: Row[Any], finding: Finding) -> bool:
    values = _values(finding)
    compared = ("identity", "severity", "state", "started_ms", "last_ms", "ended_ms", "summary_zh", "lon", "lat")
    if any(getattr(row, name) != values[name] for name in compared):
        return True
    return bool(row.evidence["figures"] != values["evidence"]["figures"])


def _kind_of_change(row: Row[Any], finding: Finding, reason: Text | None) -> tuple[str | None, str]:
    """History action (``None``: not worth a line) and topic."""
    if row.state == WITHDRAWN:
        return "raised", "alert.raised"
    if not finding.episode.is_open and row.state == ACTIVE:
        return ENDED, "alert.ended"
    if reason is not None:
        return "corrected", "alert.updated"
    if finding.episode.severity != row.severity:
        return "severity", "alert.updated"
    return (None, "alert.updated") if row.state == ACTIVE else ("reopened", "alert.updated")


def _words(reason: Text | None) -> dict[str, str]:
    return {} if reason is None else {"reason_zh": reason.zh, "reason_en": reason.en}


class AlertBook(AlertWriter):
    """The alert book with its reading side."""

    def list(self, principal: Principal, which: AlertFilter, *, page: int = 1, page_size: int = 50) -> AlertPage:
        """A page of alerts, newest first; see ``reading.list_alerts``."""
        with self._store.read() as conn:
            return list_alerts(conn, principal, which, page, page_size)

    def export(self, principal: Principal, which: AlertFilter) -> tuple[AlertView, ...]:
        """All alerts under a filter; see ``reading.export_alerts``."""
        with self._store.read() as conn:
            return export_alerts(conn, principal, which)

    def get(self, principal: Principal, alert_id: str) -> AlertDetailView:
        """One alert with evidence and history; see ``reading.get_alert``."""
        with self._store.read() as conn:
            return get_alert(conn, principal, alert_id)

    def counts(self, principal: Principal, which: AlertFilter, by: CountBy) -> dict[str, int]:
        """How many alerts by one property; see ``reading.count_alerts``."""
        with self._store.read() as conn:
            return count_alerts(conn, principal, which, by)

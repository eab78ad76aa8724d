"""What a city must hold after it was disturbed, worked out from its history by one undisturbed pass."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from tests.stories.processes import Installation

from cityops.access import verify_audit
from cityops.bootstrap.product import LOG_WRITER
from cityops.bootstrap.rooms import HISTORIAN
from cityops.cases import case_table
from cityops.detection import Detector, Enricher, backtest, legal_speed_limits
from cityops.detection.tables import alert as alert_table
from cityops.detection.tables import alert_history
from cityops.kit import SystemClock
from cityops.observations import (
    VEHICLE_POSITION,
    DeviceRegister,
    History,
    HistoryView,
    PositionFile,
    read_dead_letters,
)
from cityops.places import load_city
from cityops.scenes.key_vehicles import detectors
from cityops.store import Store
from cityops.store.tables import outbox, outbox_offset

SERIOUS, CRITICAL = 3, 4
OPENS_CASE_AT = {"continuous_driving": SERIOUS, "overspeed": CRITICAL, "day_driving_total": SERIOUS}
ALL_TIME = (0, 2**60)
_LINE = re.compile(rb"(\d+) (\d{13})")


@dataclass(frozen=True, order=True)
class Alert:
    """What identifies an alert and what it says."""

    detector: str
    device: int
    started_ms: int
    ended_ms: int | None
    severity: int
    figures: tuple[tuple[str, float], ...]


@contextmanager
def open_store(installation: Installation) -> Iterator[Store]:
    url = installation.settings.get("CITYOPS_DATABASE_URL") or f"sqlite:///{installation.data / 'cityops.db'}"
    with Store.open(url, clock=SystemClock()) as store:
        yield store


def history_of(installation: Installation) -> HistoryView:
    data = installation.data
    return HistoryView(History(data / "history"), data / "log" / LOG_WRITER, PositionFile(data / "state", HISTORIAN))


def stored_alerts(installation: Installation) -> list[Alert]:
    """All alerts that stand; withdrawn ones are not among them."""
    with open_store(installation) as store, store.read() as conn:
        rows = conn.execute(select(alert_table).where(alert_table.c.state != "withdrawn")).all()
    assert all((row.state == "active") == (row.ended_ms is None) for row in rows)
    return sorted(
        Alert(row.detector, row.device, row.started_ms, row.ended_ms, row.severity, _figures(row.evidence["figures"]))
        for row in rows
    )


def _figures(values: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted((name, float(value)) for name, value in values.items()))


def is_quiet(installation: Installation) -> bool:
    """Whether nothing waits between log, detection and cases. The server runs; the gateway does not any more."""
    figures = installation.metrics()
    waiting = ("lag_bytes", "pending_reevaluations", "unsent_changes")
    if any(figures[f"cityops_detection_{name}"] for name in waiting):
        return False
    with open_store(installation) as store, store.read() as conn:
        newest = conn.execute(select(func.max(outbox.c.id)).where(outbox.c.topic.like("alert.%"))).scalar()
        reached = select(outbox_offset.c.event_id).where(outbox_offset.c.subscriber == "key_vehicles.alerts")
        return int(conn.execute(reached).scalar() or 0) >= int(newest or 0)


def assert_nothing_acknowledged_is_lost(installation: Installation, acknowledged: Path) -> None:
    """Every line of ``acknowledged`` is in log or history; those of the wrong clock among the refused."""
    with open_store(installation) as store:
        phones = {device.phone: device.id for device in DeviceRegister(store, SystemClock()).all()}
    # A simulator killed while it wrote leaves half a line; it is not counted as acknowledged.
    lines = [found.groups() for line in acknowledged.read_bytes().split(b"\n") if (found := _LINE.fullmatch(line))]
    told = {(phones[phone.decode()], int(event_ms)) for phone, event_ms in lines}
    columns = history_of(installation).read(VEHICLE_POSITION, keys=None, from_ms=0, to_ms=ALL_TIME[1]).columns
    kept = set(zip(columns["device"].tolist(), columns["event_ms"].tolist(), strict=True))
    letters = [json.loads(one.raw) for one in read_dead_letters(installation.data / "rejected", limit=10**6) if one.raw]
    refused = {(letter["device"], letter["event_ms"]) for letter in letters if "event_ms" in letter}
    assert len(told) > 10_000
    assert told - kept - refused == set()


def clean_pass(installation: Installation) -> list[Alert]:
    """What the detectors find in one pass over everything that is stored."""
    city = load_city(installation.data / "places")
    with open_store(installation) as store:
        devices = DeviceRegister(store, SystemClock()).all()
    classes = {device.id: int(device.vehicle_class or 0) for device in devices}
    enricher = Enricher(city.network, legal_speed_limits())
    found = []
    for detector in detectors():
        if isinstance(detector, Detector):
            episodes = backtest(
                detector, history_of(installation), list(classes), *ALL_TIME, enricher=enricher, classes=classes
            )
            for device, one in episodes:
                figures = _figures(one.figures)
                found.append(Alert(detector.id, device, one.start_ms, one.end_ms, one.severity, figures))
    return sorted(found)


def assert_alerts_are_those_of_one_pass(installation: Installation, alerts: list[Alert]) -> None:
    expected = clean_pass(installation)
    found = Counter((alert.detector, alert.device, alert.started_ms) for alert in alerts)
    assert [identity for identity, count in found.items() if count > 1] == [], "doubled"
    lost, strange = sorted(set(expected) - set(alerts)), sorted(set(alerts) - set(expected))
    assert lost == strange == [], f"lost, or not brought up to date: {lost}; found by nobody else: {strange}"


def assert_every_case_is_there_once(installation: Installation) -> None:
    with open_store(installation) as store, store.read() as conn:
        alerts = {row.id: row for row in conn.execute(select(alert_table))}
        # The demo of other scenes opens cases of its own, without alerts.
        ours = select(case_table.c.id, case_table.c.alert_id).where(case_table.c.scene == "key_vehicles")
        cases = conn.execute(ours).all()
        graves = conn.execute(select(alert_history.c.alert_id, alert_history.c.severity)).all()
        assert verify_audit(conn).ok
    gravest = {row.alert_id: 0 for row in graves}
    for row in graves:
        gravest[row.alert_id] = max(gravest[row.alert_id], row.severity)
    threshold = {key: OPENS_CASE_AT.get(row.detector, CRITICAL + 1) for key, row in alerts.items()}
    must = {key for key, row in alerts.items() if row.state != "withdrawn" and row.severity >= threshold[key]}
    may = {key for key in alerts if gravest.get(key, 0) >= threshold[key]}
    of_alert = Counter(case.alert_id for case in cases)
    assert must, "no alert opened a case"
    assert must - set(of_alert) == set(), "alerts without their case"
    assert set(of_alert) - may == set(), "cases nobody asked for"
    assert [key for key, count in of_alert.items() if count > 1] == [], "more than one case"
    assert all(alerts[case.alert_id].case_id == case.id for case in cases)


def assert_the_doctor_is_content(installation: Installation) -> None:
    """``cityops doctor`` finds nothing wrong; where the web interface is not built it says that and nothing else."""
    code, text = installation.command("doctor")
    bad = [line for line in text.splitlines() if line.startswith("BAD")]
    built = not any(line.split()[1] == "web" for line in bad)
    assert [line for line in bad if line.split()[1] != "web"] == []
    assert code == (0 if built else 1)

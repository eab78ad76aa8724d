"""Trying thresholds (阈值试算): a detector over the stored history with its figures of now and with the new ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from cityops.detection import (
    AnyDetector,
    Detector,
    Enricher,
    HistoryReader,
    alert_table,
    backtest,
    figures,
    parameters_of,
    same_parameters,
)
from cityops.kit import Clock, Text
from cityops.observations import Device, DeviceRegister
from cityops.scenes.overlay.limits import words
from cityops.scenes.overlay.progress import Progress
from cityops.scenes.overlay.results import DetectorTrial, Untried, VehicleTrial
from cityops.scenes.spec import SEVERITIES, DetectorSpec
from cityops.store import Store

DEVICES_AT_ONCE: Final = 10
"""Vehicles whose whole history is in memory at once: a report every 30 s for 9 h a day is 97,200 each in 90 days."""
MAX_S: Final = 900.0
"""Longest a detector is tried; the result says how many vehicles that were."""
SHOWN_VEHICLES: Final = 20


@dataclass(frozen=True)
class Sources:
    """What the past is read from; without a history only stored alerts are counted."""

    store: Store
    clock: Clock
    devices: DeviceRegister
    history: HistoryReader | None = None
    enricher: Enricher | None = None
    compiled: bool = True


@dataclass(frozen=True)
class ChangedDetector:
    """A detector that judges otherwise, or whose alerts open cases from another severity."""

    before: AnyDetector
    after: AnyDetector
    declared_before: DetectorSpec
    declared_after: DetectorSpec

    @property
    def other_figures(self) -> bool:
        """Whether it finds other alerts."""
        return not same_parameters(self.before, self.after)

    def words(self) -> tuple[Text, Text]:
        """Only what differs, before and after."""
        old, new = parameters_of(self.before), parameters_of(self.after)
        pairs = [(name, old[name], new[name]) for name in old if old[name] != new[name]]
        before = [f"{name} = {figures(was)}" for name, was, _ in pairs]
        after = [f"{name} = {figures(now)}" for name, _, now in pairs]
        opens = (self.declared_before.opens_case_at, self.declared_after.opens_case_at)
        if opens[0] != opens[1]:
            before.append(f"opens_case_at = {opens[0] or '-'}")
            after.append(f"opens_case_at = {opens[1] or '-'}")
        return Text("；".join(before), "; ".join(before)), Text("；".join(after), "; ".join(after))


class _Found:
    """Alerts and cases counted with one set of figures."""

    def __init__(self, opens_case_at: str | None) -> None:
        self._from = SEVERITIES.get(opens_case_at or "", max(SEVERITIES.values()) + 1)
        self.alerts = 0
        self.cases = 0
        self.by_device: Counter[int] = Counter()

    def add(self, severity: int, count: int = 1, device: int | None = None) -> None:
        self.alerts += count
        self.cases += count if severity >= self._from else 0
        if device is not None:
            self.by_device[device] += count


def try_detector(
    change: ChangedDetector, sources: Sources, since_ms: int, now_ms: int, progress: Progress
) -> DetectorTrial | Untried:
    """What it would have found and opened since ``since_ms``, both ways."""
    before, after = _Found(change.declared_before.opens_case_at), _Found(change.declared_after.opens_case_at)
    tried = fleet = 0
    shown: tuple[VehicleTrial, ...] = ()
    about = change.before.title
    if not change.other_figures:
        _count_stored(change.before, sources.store, since_ms, before, after)
    elif not isinstance(change.before, Detector) or not isinstance(change.after, Detector):
        why = Text("无数据是按当时的时钟发现的，不能由历史重算", "silence is found by the clock, not kept in history")
        return Untried(about=words(about), why=words(why))
    elif sources.history is None or sources.enricher is None:
        why = Text("这里没有历史轨迹", "no history is kept here")
        return Untried(about=words(about), why=words(why))
    else:
        devices = sorted(sources.devices.all(), key=lambda device: device.id)
        pair = ((change.before, before), (change.after, after))
        fleet = len(devices)
        tried = _run(pair, sources, devices, since_ms, now_ms, progress)
        shown = _most_changed(devices, before, after)
    was, will = change.words()
    return DetectorTrial(
        about=words(about),
        before=words(was),
        after=words(will),
        recomputed=change.other_figures,
        tried=tried,
        fleet=fleet,
        alerts_before=before.alerts,
        alerts_after=after.alerts,
        cases_before=before.cases,
        cases_after=after.cases,
        vehicles=shown,
    )


def _run(
    pair: Sequence[tuple[Detector, _Found]],
    sources: Sources,
    devices: Sequence[Device],
    since_ms: int,
    now_ms: int,
    progress: Progress,
) -> int:
    """Both over the history, some vehicles at a time; returns how many vehicles were tried."""
    assert sources.history is not None
    assert sources.enricher is not None
    classes = {device.id: int(device.vehicle_class or 0) for device in devices}
    began_s = sources.clock.monotonic_s()
    progress.expect(len(devices))
    for first in range(0, len(devices), DEVICES_AT_ONCE):
        if sources.clock.monotonic_s() - began_s > MAX_S:
            return first
        keys = [device.id for device in devices[first : first + DEVICES_AT_ONCE]]
        for detector, found in pair:
            episodes = backtest(
                detector,
                sources.history,
                keys,
                since_ms,
                now_ms,
                enricher=sources.enricher,
                classes=classes,
                compiled=sources.compiled,
            )
            for device, episode in episodes:
                found.add(episode.severity, device=device)
        progress.advance(len(keys))
    return len(devices)


def _count_stored(detector: AnyDetector, store: Store, since_ms: int, before: _Found, after: _Found) -> None:
    """Only the severity that opens a case differs: the alerts that were raised, by severity."""
    alert = alert_table.c
    query = select(alert.severity, func.count()).where(
        alert.scene == detector.scene,
        alert.detector == detector.id,
        alert.started_ms >= since_ms,
        alert.state != "withdrawn",
    )
    with store.read() as conn:
        for severity, count in conn.execute(query.group_by(alert.severity)):
            before.add(severity, count)
            after.add(severity, count)


def _most_changed(devices: Sequence[Device], before: _Found, after: _Found) -> tuple[VehicleTrial, ...]:
    found = [
        VehicleTrial(
            vehicle_id=device.vehicle_id,
            plate=device.plate or "—",
            before=before.by_device[device.id],
            after=after.by_device[device.id],
        )
        for device in devices
    ]
    changed = [one for one in found if one.before != one.after]
    return tuple(sorted(changed, key=lambda one: (-abs(one.after - one.before), one.plate))[:SHOWN_VEHICLES])

"""A small real world: store, device register, log, history, and pipelines that come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import sqlite_with_tables

from cityops.access import SYSTEM
from cityops.detection import (
    AlertBook,
    AlertFilter,
    AlertView,
    AnyDetector,
    Detector,
    EvidenceField,
    Overrides,
    Pipeline,
    Settings,
    Source,
    SpeedLimits,
    Tuning,
    params_rows,
    state_dtype,
)
from cityops.kit import IdMaker, ManualClock, Text
from cityops.observations import (
    VEHICLE_POSITION,
    VEHICLE_SAFETY_ALARM,
    Batch,
    DeviceRegister,
    Historian,
    History,
    HistoryView,
    Log,
    LogReader,
    NewDevice,
    PositionFile,
)
from cityops.registers import VehicleClass
from cityops.store import Store

T0 = 1_795_312_800_000  # 2026-11-22 10:00 in Shanghai


@dataclass(frozen=True)
class Fact:
    """A position, or with ``kind`` an active-safety alarm of 0x65. ``at_s`` counts from T0."""

    device: int
    at_s: int
    speed_kmh: float = 0.0
    lat: float = 37.8
    lon: float = 112.5
    acc: int = 1
    alarm: int = 0
    kind: int | None = None
    flag: int = 0


def batch_of(stream: Any, rows: Sequence[Mapping[str, Any]]) -> Batch:
    out = np.zeros(len(rows), stream.struct_dtype)
    for number, row in enumerate(rows):
        for name, value in row.items():
            out[number][name] = value
    return Batch.from_struct(stream, out)


def to_batches(facts: Iterable[Fact], received_ms: int) -> list[Batch]:
    """Batches in the order of arrival: one for each run of facts of the same stream."""
    batches: list[Batch] = []
    run: list[dict[str, Any]] = []
    stream = VEHICLE_POSITION
    for fact in facts:
        wanted = VEHICLE_POSITION if fact.kind is None else VEHICLE_SAFETY_ALARM
        row: dict[str, Any] = {
            "device": fact.device, "event_ms": T0 + fact.at_s * 1000, "received_ms": received_ms,
            "lon": fact.lon, "lat": fact.lat, "speed_kmh": fact.speed_kmh,
        }  # fmt: skip
        if fact.kind is None:
            row |= {"status": fact.acc | 2, "alarm": fact.alarm}
        else:
            row |= {"system": 0x65, "kind": fact.kind, "level": 2, "flag": fact.flag}
        if wanted is not stream and run:
            batches.append(batch_of(stream, run))
            run = []
        stream = wanted
        run.append(row)
    return [*batches, batch_of(stream, run)] if run else batches


class World:
    """Everything around the pipeline, all of it real."""

    def __init__(self, folder: Path, store: Store, clock: ManualClock, devices: int = 3) -> None:
        self.folder = folder
        self.clock = clock
        self.store = store
        self.ids = IdMaker(clock)
        self.book = AlertBook(store, clock, self.ids)
        self.register = DeviceRegister(store, clock)
        self.devices: list[int] = []
        self.add_devices(devices)
        self.log = Log.open(folder / "log", writer="test", min_free_bytes=1024)
        self.history = History(folder / "history")
        self.progress = PositionFile(folder / "state", "history")

    def add_devices(self, count: int) -> None:
        """Register more trucks: V0, V1 …"""
        have = len(self.devices)
        news = [
            NewDevice(
                "jt808", f"1390000000{number}", vehicle_id=f"V{number}", unit_id=f"U{number}",
                plate=f"晋A1234{number}", vehicle_class=VehicleClass.TRUCK,
            )
            for number in range(have, have + count)
        ]  # fmt: skip
        self.devices += [made.id for made in self.register.create_many(SYSTEM, news)]

    def append(self, facts: Iterable[Fact], received_ms: int | None = None) -> None:
        self.log.append(to_batches(facts, received_ms or T0 + 100 * 86_400_000))

    def archive(self) -> None:
        """Move the log into Parquet, as the historian does."""
        reader = LogReader(self.folder / "log" / "test")
        historian = Historian(reader, self.history, self.progress, self.clock, source="test")
        while historian.flush():
            pass
        reader.close()

    def pipeline(
        self,
        detectors: Sequence[AnyDetector],
        overrides: Callable[[], Overrides] | None = None,
        tuning: Tuning | None = None,
        **settings: Any,
    ) -> Pipeline:
        view = HistoryView(self.history, self.folder / "log" / "test", self.progress)
        limits = SpeedLimits(np.zeros((3, 8)), np.full(3, 80.0), np.ones(3))
        return Pipeline(
            [Source("test", LogReader(self.folder / "log" / "test"), view)],
            detectors,
            city=None,
            limits=limits,
            register=self.register,
            book=self.book,
            clock=self.clock,
            state_folder=self.folder / "state",
            overrides=overrides or dict,
            tuning=tuning,
            settings=Settings(**({"compiled": False} | settings)),
        )

    def settle(self, pipeline: Pipeline) -> None:
        """Step until nothing is left to read or to re-evaluate."""
        while pipeline.step() or pipeline.metrics()["pending_reevaluations"] or pipeline.metrics()["lag_bytes"]:
            self.clock.advance(1)

    def alerts(self, **which: Any) -> list[AlertView]:
        return list(reversed(self.book.list(SYSTEM, AlertFilter(**which), page_size=500).items))

    def facts(self) -> list[tuple[Any, ...]]:
        """The alerts that stand, as far as the same observations must give the same."""
        return sorted(
            (a.identity, a.state, a.severity, a.started_at, a.last_at, a.ended_at, a.summary, str(a.place))
            for a in self.alerts()
            if a.state != "withdrawn"
        )


@pytest.fixture
def world(tmp_path: Path, sqlite_store: Store, clock: ManualClock) -> Iterator[World]:
    made = World(tmp_path, sqlite_store, clock)
    yield made
    made.log.close()


@pytest.fixture
def new_world(tmp_path_factory: pytest.TempPathFactory, clock: ManualClock) -> Iterator[Callable[[], World]]:
    """Makes worlds, for tests that compare several."""
    made: list[World] = []

    def make() -> World:
        folder = tmp_path_factory.mktemp("world")
        store = Store.open(sqlite_with_tables(folder / "cityops.db"), clock=clock)
        made.append(World(folder, store, clock))
        return made[-1]

    yield make
    for world in made:
        world.log.close()
        world.store.close()


FAST_STATE = state_dtype(("severity", "i8"), ("fast", "i8"), ("top_kmh", "f8"))


def fast_step(state: Any, seen: Any, params: Any) -> int:
    """At least ``runs`` observations in a row above ``limit_kmh``; ends with the first one below."""
    if seen.source != 0:
        return state.severity  # type: ignore[no-any-return]
    if seen.speed_kmh <= params.limit_kmh:
        state.fast = 0
        state.severity = 0
        return 0
    if state.fast == 0:
        state.since_ms = seen.event_ms
        state.since_lon = seen.lon
        state.since_lat = seen.lat
        state.top_kmh = 0.0
    state.fast += 1
    state.until_ms = seen.event_ms
    state.top_kmh = max(state.top_kmh, seen.speed_kmh)
    if state.fast >= params.runs:
        state.severity = 3 if state.top_kmh > 2 * params.limit_kmh else 2
    return state.severity  # type: ignore[no-any-return]


def _describe(figures: Mapping[str, float]) -> Text:
    return Text(f"最高 {figures['top_kmh']:.0f} km/h", f"{figures['top_kmh']:.0f} km/h at most")


def make_fast(version: int = 1, limit_kmh: float = 50.0, runs: int = 2) -> Detector:
    dtype = np.dtype([("limit_kmh", "f8"), ("runs", "i8")])
    return Detector(
        id="fast",
        version=version,
        scene="test",
        title=Text("快", "Fast"),
        step=fast_step,
        state_dtype=FAST_STATE,
        params=params_rows(dtype, [{"limit_kmh": limit_kmh, "runs": runs}] * 3),
        memory_s=3600,
        evidence=(EvidenceField("top_kmh", Text("最高车速", "highest speed")),),
        describe=_describe,
        rule=Text("测试规则", "rule of the test"),
    )


@pytest.fixture
def fast() -> Callable[..., Detector]:
    """Makes a small detector of our own."""
    return make_fast


@pytest.fixture
def fact() -> type[Fact]:
    return Fact

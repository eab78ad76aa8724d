"""The server on a free port of this machine, over reports kept in a real store."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from cityops.access import Principal, Role, Visits
from cityops.cases.reports import (
    Attribute,
    CaseReports,
    Choice,
    DataType,
    ReportDesk,
    Service,
    ServiceType,
    report_table,
)
from cityops.gateways.open311 import (
    Doors,
    Open311Counters,
    Open311Settings,
    ReportService,
    SenderDesk,
    open311_app,
)
from cityops.kit import Clock, IdMaker, ManualClock
from cityops.store import Store

from .client import Client

SERVICES = (
    Service("ice", "冰柱积冰", "挑檐冰柱、路面积冰", "市容环境", ("冰", "ice"), notice="两小时内到场", published=True),
    Service(
        "lamp",
        "路灯不亮",
        group="公用设施",
        attributes=(
            Attribute("POLE", "灯杆编号", DataType.STRING, required=True, datatype_description="灯杆上的七位数字"),
            Attribute("HINT", "编号在灯杆离地 1.5 米处", variable=False),
            Attribute("SIDE", "哪一侧", DataType.SINGLE, choices=(Choice("L", "左"), Choice("R", "右"))),
            Attribute("FAULT", "故障", DataType.MULTI, choices=(Choice("dark", "不亮"), Choice("bent", "歪斜"))),
            Attribute("COUNT", "盏数", DataType.NUMBER),
            Attribute("SINCE", "何时开始", DataType.DATETIME),
        ),
    ),
    Service("noise", "噪声扰民", type=ServiceType.BATCH, published=True),
    Service("hazard", "安全隐患", type=ServiceType.BLACKBOX),
)
ACCEPTOR = Principal("A-acceptor", "acceptor", "张受理", Role.ACCEPTOR)


def stored(store: Store) -> list[dict[str, object]]:
    """The reports as they are kept."""
    with store.read() as conn:
        return [dict(row) for row in conn.execute(report_table.select()).mappings()]


def open_doors(clock: Clock, *, reads: int = 100_000, sends: int = 100_000) -> Doors:
    """Lets one key in, and so many requests an hour."""
    readers, senders = (Visits(clock, at_once=most, every_s=3600 / most) for most in (reads, sends))
    return Doors(lambda key: "fixmystreet" if key == Client(0).key else None, readers.admit, senders.admit)


@contextmanager
def serving(
    service: ReportService,
    desk: SenderDesk,
    clock: Clock,
    counters: Open311Counters,
    doors: Doors | None = None,
    **more: object,
) -> Iterator[Client]:
    """The application under uvicorn on a free port, until the block ends."""
    settings = Open311Settings(
        url="https://city.example/open311/v2",
        jurisdiction_id="city.example",
        contact="12345",
        key_service="请向数据局申请",
        changed_at="2026-11-22T09:00:00+08:00",
        **more,  # type: ignore[arg-type]
    )
    app = open311_app(service, desk, settings, clock, doors=doors or open_doors(clock), counters=counters)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    try:
        yield Client(listening.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(100)
        assert not thread.is_alive()
        listening.close()


@pytest.fixture
def counters() -> Open311Counters:
    return Open311Counters()


@pytest.fixture
def reports(sqlite_store: Store, clock: ManualClock, ids: IdMaker) -> CaseReports:
    bounds = (111.5, 37.4, 113.2, 38.4)
    return CaseReports(sqlite_store, clock, ids, SERVICES, bounds=bounds)


@pytest.fixture
def desk(sqlite_store: Store, clock: ManualClock, ids: IdMaker) -> ReportDesk:
    return ReportDesk(sqlite_store, clock, ids)


@pytest.fixture
def client(reports: CaseReports, desk: ReportDesk, clock: ManualClock, counters: Open311Counters) -> Iterator[Client]:
    with serving(reports, desk, clock, counters) as made:
        yield made

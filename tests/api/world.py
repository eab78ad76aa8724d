"""A small city with two districts, two enterprises, a truck each, and people of every role, over the real rooms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from fastapi import FastAPI
from tests.api.declared import DRILLS, FIGURES, INSPECTIONS, MEASURES, RATES, RECTIFIED, REGISTERS, SERVICES, TIP_OFFS

from cityops.access import SYSTEM, Accounts, Passwords, Permission, Principal, Role, Sessions, UnitKind, Units
from cityops.analysis import Analysis
from cityops.analysis.evaluation import CountedWork, Evaluations
from cityops.analysis.figures import Figures
from cityops.api import (
    ApiContext,
    ApiSettings,
    DemoSignIn,
    HealthPart,
    LiveLimits,
    RequestLimits,
    Sample,
    SceneCard,
    create_app,
)
from cityops.cases import CaseDetailView, Cases, NewCase, Registrations, Rulebook, Workflow
from cityops.cases.catalogue import RuleTables
from cityops.cases.documents import Documents
from cityops.cases.evidence import EvidenceBook
from cityops.cases.intake import CallBacks, Intake
from cityops.cases.reports import CaseReports, ReportDesk, TipOffs
from cityops.detection import AlertBook, AlertFilter, Episode, Finding, SilenceDetector, Subject
from cityops.dispatch import Dispatch, crew_effects
from cityops.inspections import RECTIFICATION, Inspections, rectification_workflow
from cityops.kit import SHANGHAI, DivisionLevel, IdMaker, ManualClock, Text, WorkingCalendar, to_ms
from cityops.observations import (
    VEHICLE_POSITION,
    Batch,
    DeviceRegister,
    History,
    HistoryView,
    LatestPositions,
    Log,
    NewDevice,
    PositionFile,
)
from cityops.places import City, Division, Exit, RoadNetwork
from cityops.plans import Drills, fulfils_plans
from cityops.registers import VEHICLE, Registers, VehicleClass
from cityops.scenes import counted_work_of, read_scene
from cityops.scenes.urban_management import scene as urban_management
from cityops.store import Files, Store

SCENE_FOLDER = Path(__file__).parents[2] / "src/cityops/scenes"
SCENES = ("key_vehicles", "urban_management")
NOW = datetime(2026, 5, 12, 23, 41, 5, tzinfo=SHANGHAI)
NOW_MS = to_ms(NOW)
STARTED_MS = NOW_MS - 600_000
PASSWORD = "a long sentence is a good password"
WEST, EAST = "140105", "140106"
LAT = 37.70
ORIGIN = "http://city.test"
SETTINGS = ApiSettings(
    version="0.1.0",
    demo_accounts=(DemoSignIn("dispatcher", PASSWORD, "dispatcher", "派遣员"),),
    metrics_token="metrics secret",
    requests=RequestLimits(in_flight=50),
    live=LiveLimits(clients=20, queued_messages=20, tick_s=0.02, ping_s=0.2, stall_s=2.0),
)

DETECTOR = SilenceDetector(
    id="no_data",
    version=1,
    scene="key_vehicles",
    title=Text("无数据", "No data"),
    notice_s=300,
    warning_s=900,
    describe=lambda figures: Text(f"已 {figures['silent_s']:.0f} 秒无数据", f"silent for {figures['silent_s']:.0f} s"),
    rule=Text("测试规则", "rule of the test"),
)


def square(west: float, east: float) -> Any:
    ring = np.array([[west, 37.6], [east, 37.6], [east, 37.8], [west, 37.8], [west, 37.6]])
    return ((ring,),)


def small_city() -> City:
    """A road of ten nodes 1 km apart from 112.50 to 112.59; 小店区 west of 112.55, 迎泽区 east of it."""
    east = np.arange(9, dtype=np.int32)
    edge_from, edge_to = np.concatenate([east, east + 1]), np.concatenate([east + 1, east])
    network = RoadNetwork(
        node_lon=np.array([112.50 + 0.01 * node for node in range(10)]),
        node_lat=np.full(10, LAT),
        edge_from=edge_from,
        edge_to=edge_to,
        edge_length_m=np.full(18, 1000, np.float32),
        edge_class=np.ones(18, np.uint8),
        edge_speed_kmh=np.full(18, 60, np.float32),
        edge_limit_kmh=np.full(18, 80, np.float32),
        edge_name=np.ones(18, np.int32),
        is_tunnel=np.zeros(18, bool),
        names=["", "太榆路"],
        exits=[Exit(3, "三号出口"), Exit(6, "六号出口")],
    )
    divisions = (
        Division("140100", "太原市", DivisionLevel.CITY, None, square(112.50, 112.60)),
        Division(WEST, "小店区", DivisionLevel.DISTRICT, "140100", square(112.50, 112.55)),
        Division(EAST, "迎泽区", DivisionLevel.DISTRICT, "140100", square(112.55, 112.60)),
    )
    bounds = (112.50, 37.6, 112.60, 37.8)
    return City("测试城", True, (112.55, LAT), bounds, divisions, (), network)


def positions(*rows: tuple[int, int, float, float], lat: float = LAT) -> Batch:
    """Positions of (device, event_ms, lon, speed_kmh)."""
    columns = {column.name: np.zeros(len(rows), column.numpy) for column in VEHICLE_POSITION.columns}
    for at, (device, event_ms, lon, speed_kmh) in enumerate(rows):
        values = {"device": device, "event_ms": event_ms, "received_ms": event_ms, "lon": lon, "lat": lat}
        for name, value in {**values, "speed_kmh": speed_kmh, "course_deg": 90, "status": 3}.items():
            columns[name][at] = value
    return Batch(VEHICLE_POSITION, columns)


@dataclass
class World:
    """The composed product and what was put into it."""

    context: ApiContext
    app: FastAPI
    clock: ManualClock
    log: Log
    people: dict[str, Principal] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    vehicles: dict[str, str] = field(default_factory=dict)  # plate -> id
    devices: dict[str, int] = field(default_factory=dict)  # plate -> id
    crews: dict[str, str] = field(default_factory=dict)
    signed_in: dict[str, tuple[str, str]] = field(default_factory=dict)  # username -> token, CSRF token

    def credentials(self, username: str) -> tuple[str, str]:
        """Token and CSRF token of a session of ``username``, begun when it is first asked for."""
        if username not in self.signed_in:
            token, _, csrf = self.context.sessions.sign_in(username, PASSWORD, "127.0.0.1")
            self.signed_in[username] = token, csrf
        return self.signed_in[username]

    def client(self, username: str | None = None, app: FastAPI | None = None) -> httpx.AsyncClient:
        """A client signed in as ``username`` (through the session service), with its CSRF token."""
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app or self.app), base_url=ORIGIN)
        if username is not None:
            token, csrf = self.credentials(username)
            client.cookies.set("cityops_session", token)
            client.headers["X-CSRF-Token"] = csrf
        return client

    def move(self, *rows: tuple[int, int, float, float]) -> None:
        """Positions arrive: durable log and latest state."""
        batch = positions(*rows)
        self.log.append([batch])
        self.context.latest.apply(batch)

    def raise_alert(self, plate: str, *, severity: int = 3, started_ms: int = STARTED_MS, area: str = WEST) -> str:
        """An alert of a truck, raised by the real alert book; returns its id."""
        unit = "alpha" if plate == "晋A11111" else "beta"
        subject = Subject(self.devices[plate], self.vehicles[plate], plate, self.units[unit])
        lon = 112.52 if area == WEST else 112.57
        place = {"lon": lon, "lat": LAT, "district_code": area, "district_name": "区", "road_name": "太榆路"}
        episode = Episode(
            start_ms=started_ms,
            raised_ms=started_ms + 300_000,
            last_ms=started_ms + 300_000,
            end_ms=None,
            severity=severity,
            figures={"silent_s": 300.0},
            start_at=(lon, LAT),
            raised_at=(lon, LAT),
            last_at=(lon, LAT),
        )
        finding = Finding(DETECTOR, subject, episode, {"notice_s": 300.0}, place)
        self.context.alerts.apply([finding])
        found = self.context.alerts.list(SYSTEM, alert_of(self.devices[plate], started_ms))
        return found.items[0].alert_id

    def open_case(self, alert_id: str) -> CaseDetailView:
        """A case from an alert, opened by the acceptor."""
        return self.context.open_case(self.people["acceptor"], alert_id, None)


def alert_of(device: int, started_ms: int) -> AlertFilter:
    return AlertFilter(device=device, from_ms=started_ms, to_ms=started_ms + 1)


def case_opener(
    alerts: AlertBook, cases: Cases, store: Store
) -> Callable[[Principal, str, str | None], CaseDetailView]:
    """Opens a case from an alert in one transaction."""

    def open_case(principal: Principal, alert_id: str, comment: str | None) -> CaseDetailView:
        alert = alerts.get(principal, alert_id)
        place = dict(alert.place or {})
        new = NewCase(
            scene="key_vehicles",
            kind="key_vehicle",
            title=alert.title,
            severity=3,
            lon=place.get("lon"),
            lat=place.get("lat"),
            area_code=alert.area_code,
            place={"district_code": alert.area_code, "road_name": place.get("road_name")},
            vehicle_id=alert.vehicle_id,
            plate=alert.plate,
            unit_id=alert.unit_id,
            unit_name=alert.unit_name,
            alert_id=alert_id,
            comment=comment,
            words={"alert": alert.title, "summary": alert.summary},
        )

        def work(conn: Any) -> str:
            case_id = cases.open_in(conn, principal, new)
            alerts.link_case(conn, alert_id, case_id)
            return case_id

        return cases.get(principal, store.write(work))

    return open_case


@cache
def workflows_in(scene: str) -> tuple[Workflow, ...]:
    """Of a scene's declaration, read once: nothing changes it."""
    return read_scene(SCENE_FOLDER / scene / "scene.yaml").workflows


@cache
def counted_work() -> Mapping[tuple[str, str], CountedWork]:
    return counted_work_of([urban_management()])


def compose(folder: Path, url: str, settings: ApiSettings, template: World | None = None) -> Iterator[World]:
    """The rooms over a store at ``url`` and files in ``folder``; with ``template`` the store holds its people."""
    clock = ManualClock(NOW)
    with (
        Store.open(url, clock=clock) as store,
        Log.open(folder / "log", writer="test", streams=[VEHICLE_POSITION]) as log,
    ):
        if template is None:
            store.create_all()
        context = api_context(folder, store, clock, settings)
        world = World(context, create_app(context), clock, log)
        if template is None:
            populate(world)
        else:
            for name in ("people", "units", "vehicles", "devices", "crews"):
                setattr(world, name, getattr(template, name))
            world.signed_in = dict(template.signed_in)
        yield world


def api_context(folder: Path, store: Store, clock: ManualClock, settings: ApiSettings) -> ApiContext:
    """The rooms, with what ``declared`` says."""
    ids, city, files = IdMaker(clock), small_city(), Files(folder / "files")
    workflows = {(scene, flow.name): flow for scene in SCENES for flow in workflows_in(scene)}
    workflows["canteens", RECTIFICATION] = rectification_workflow(RECTIFIED)
    calendar, tables = WorkingCalendar.official(), RuleTables(store, clock, publishes=Permission.RULES_PUBLISH)
    rulebook, evidence = Rulebook(tables, clock), EvidenceBook(store, files, clock, ids)
    cases = Cases(store, clock, ids, workflows, calendar, crew_effects(), rulebook=rulebook)
    alerts, registers = AlertBook(store, clock, ids), Registers(store, clock, ids, REGISTERS, city)
    inspections = Inspections(
        store, clock, ids, registers=registers, cases=cases, evidence=evidence, rules=tables, calendar=calendar,
        city=city, declared=[INSPECTIONS],
    )  # fmt: skip
    progress = PositionFile(folder / "state", "historian")
    return ApiContext(
        settings=settings,
        clock=clock,
        store=store,
        sessions=Sessions(store, clock, ids),
        accounts=Accounts(store, clock, ids),
        units=Units(store, clock, ids),
        registers=registers,
        devices=DeviceRegister(store, clock),
        history=HistoryView(History(folder / "history"), folder / "log" / "test", progress),
        latest=LatestPositions(),
        city=city,
        alerts=alerts,
        cases=cases,
        registrations=Registrations(store, cases, workflows, city),
        dispatch=Dispatch(store, clock, ids, city, cases),
        analysis=Analysis(store, clock, MEASURES, RATES),
        evidence=evidence,
        reports=CaseReports(store, clock, ids, SERVICES, bounds=city.bounds),
        report_desk=ReportDesk(store, clock, ids),
        tip_offs=TipOffs(store, clock, passwords=Passwords(), matters=TIP_OFFS),
        rules=tables,
        rulebook=rulebook,
        evaluations=Evaluations(store, clock, counted_work(), tables),
        intake=Intake(store, clock, ids, cases, workflows, rulebook, city, calendar, evidence),
        call_backs=CallBacks(store, clock, ids),
        documents=Documents(store, files, clock, ids),
        inspections=inspections,
        drills=Drills(store, clock, ids, DRILLS, registers, fulfils_plans(inspections)),
        figures=Figures(store, clock, ids, registers, {"canteens": FIGURES}),
        open_case=case_opener(alerts, cases, store),
        scenes=[SceneCard("canteens", Text("学校食堂", "School canteens"), ("canteen",))],
        samples=[lambda: [Sample("cityops_test_rows_total", "Rows", "counter", 42)]],
        health=lambda: [HealthPart("store", True, Text("正常", "well"), {"rows": 42.0})],
    )


def populate(world: World) -> None:
    """Units, trucks, terminals, crews, accounts."""
    context = world.context
    for code, name, kind, area in (
        ("alpha", "甲运输公司", UnitKind.ENTERPRISE, WEST),
        ("beta", "乙运输公司", UnitKind.ENTERPRISE, EAST),
        ("police", "小店大队", UnitKind.POLICE, WEST),
    ):
        world.units[code] = context.units.create(SYSTEM, code=code, name=name, kind=kind, area_code=area).id
    for plate, unit, phone in (("晋A11111", "alpha", "013900000001"), ("晋A22222", "beta", "013900000002")):
        data = {"plate_color": "yellow", "vehicle_class": "truck"}
        unit_id = world.units[unit]
        vehicle = context.registers.create(
            SYSTEM, register=VEHICLE, code=plate, title=plate, unit_id=unit_id, area_code=WEST, data=data
        )
        new = NewDevice("jt808", phone, "T1", vehicle.id, unit_id, plate, VehicleClass.TRUCK)
        world.vehicles[plate], world.devices[plate] = vehicle.id, context.devices.create(SYSTEM, new).id
    for code, base in (("crew1", 112.51), ("crew2", 112.58)):
        world.crews[code] = context.dispatch.crews.add(
            code=code,
            name=code,
            unit_id=world.units["police"],
            unit_name="小店大队",
            area_code=WEST,
            capabilities=("traffic_stop",),
            base=(base, LAT),
        )
    add_people(world)


def add_people(world: World) -> None:
    """An account of every role, two of those whose scope differs."""
    scopes: dict[str, tuple[Role, dict[str, Any]]] = {
        "administrator": (Role.ADMINISTRATOR, {}),
        "acceptor": (Role.ACCEPTOR, {}),
        "dispatcher": (Role.DISPATCHER, {}),
        "shift_leader": (Role.SHIFT_LEADER, {}),
        "collector": (Role.COLLECTOR, {}),
        "unit": (Role.UNIT, {"unit_id": world.units["alpha"]}),
        "handler": (Role.HANDLER, {"unit_id": world.units["alpha"]}),
        "crew": (Role.CREW, {"unit_id": world.units["police"], "crew_id": world.crews["crew1"]}),
        "enterprise": (Role.ENTERPRISE, {"unit_id": world.units["alpha"]}),
        "enterprise2": (Role.ENTERPRISE, {"unit_id": world.units["beta"]}),
        "district": (Role.DISTRICT, {"area_codes": [WEST]}),
        "district2": (Role.DISTRICT, {"area_codes": [EAST]}),
        "analyst": (Role.ANALYST, {}),
        "auditor": (Role.AUDITOR, {}),
    }
    for username, (role, scope) in scopes.items():
        made = world.context.accounts.create(
            SYSTEM, username=username, password=PASSWORD, display_name=username, role=role, **scope
        )
        world.people[username] = Principal(
            made.id, username, username, role, made.unit_id, made.unit_name, made.area_codes, made.crew_id
        )

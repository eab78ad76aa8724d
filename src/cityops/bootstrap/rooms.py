"""Every room's service, made once and handed to whoever needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cityops.access import Accounts, Passwords, Permission, SessionLimits, Sessions, Units
from cityops.analysis import Analysis
from cityops.analysis.evaluation import Evaluations
from cityops.analysis.figures import Figures
from cityops.bootstrap.database import open_store
from cityops.bootstrap.places import find_city
from cityops.bootstrap.product import Product, exclusive
from cityops.cases import Cases, DeadlineWatch, Registrations, Rulebook, Workflows
from cityops.cases.catalogue import RuleTables
from cityops.cases.documents import Documents, document_effects
from cityops.cases.evidence import EvidenceBook
from cityops.cases.intake import Intake
from cityops.cases.reports import CaseReports, ReportDesk, TipOffs
from cityops.detection import AlertBook, Enricher, legal_speed_limits
from cityops.dispatch import Dispatch, crew_effects
from cityops.inspections import Inspections
from cityops.kit import IdMaker, WorkingCalendar
from cityops.observations import DeviceRegister, History, HistoryView, PositionFile
from cityops.places import City
from cityops.plans import Drills, fulfils_plans
from cityops.registers import Registers
from cityops.scenes import (
    ReadableWorkflows,
    Scene,
    SceneContext,
    SceneSwitches,
    counted_work_of,
    drills_of,
    figures_of,
    keep_workflows,
    load_scenes,
    measures_of,
    rate_detectors_of,
    register_checks_of,
    registers_of,
    seed_city,
    step_rules_of,
)
from cityops.scenes.overlay import Overlays, RuleTrials, Sources, Trials
from cityops.store import Files, Store

HISTORIAN = "history"


@dataclass(frozen=True)
class Rooms:
    """The product without its processes."""

    product: Product
    store: Store
    files: Files
    city: City
    history: History
    history_view: HistoryView
    sessions: Sessions
    watch: DeadlineWatch
    scenes: dict[str, Scene]
    context: SceneContext


@dataclass(frozen=True)
class Ground:
    """What the rooms stand on."""

    product: Product
    store: Store
    city: City
    scenes: dict[str, Scene]
    ids: IdMaker
    calendar: WorkingCalendar
    files: Files
    history: HistoryView
    rules: RuleTables
    overlays: Overlays
    workflows: Workflows


@contextmanager
def open_rooms(product: Product) -> Iterator[Rooms]:
    """Everything, migrated and seeded; one process seeds while the others wait."""
    with open_store(product) as store:
        with exclusive(product.settings.data_dir / "prepare.lock", wait=True):
            installed = load_scenes(SceneSwitches(store, product.clock).disabled())
            rooms = compose(product, store, find_city(product), installed)
            if product.settings.demo:
                seed_city(rooms.context)
                for scene in rooms.scenes.values():
                    scene.demo(rooms.context)
        yield rooms


def compose(product: Product, store: Store, city: City, scenes: dict[str, Scene]) -> Rooms:
    """Every room over a store, with these scenes."""
    clock, settings = product.clock, product.settings
    ids, calendar, files = IdMaker(clock), WorkingCalendar.official(), Files(product.folder("files"))
    history = History(product.folder("history"))
    view = HistoryView(history, product.log_folder, PositionFile(product.folder("state"), HISTORIAN))
    rules = RuleTables(store, clock, publishes=Permission.RULES_PUBLISH)
    overlays = Overlays(scenes.values(), store, rules, clock)
    workflows = ReadableWorkflows(overlays.workflows, keep_workflows(store, clock, scenes.values()))
    ground = Ground(product, store, city, scenes, ids, calendar, files, view, rules, overlays, workflows)
    sessions = Sessions(store, clock, ids, limits=SessionLimits(idle_s=settings.session_idle_h * 3600))
    watch = DeadlineWatch(store, clock, ids, workflows, calendar)
    return Rooms(product, store, files, city, history, view, sessions, watch, scenes, _scene_context(ground))


def _scene_context(ground: Ground) -> SceneContext:
    """What the scenes may use: the services that stand on it."""
    store, clock, ids, city = ground.store, ground.product.clock, ground.ids, ground.city
    calendar, rules, overlays, workflows = ground.calendar, ground.rules, ground.overlays, ground.workflows
    scenes = ground.scenes.values()
    documents, rulebook = Documents(store, ground.files, clock, ids), Rulebook(rules, clock)
    effects = {**crew_effects(), **document_effects(documents)}
    cases = Cases(store, clock, ids, workflows, calendar, effects, step_rules_of(scenes), rulebook)
    evidence = EvidenceBook(store, ground.files, clock, ids, spool_folder=ground.product.folder("spool"))
    registers = Registers(store, clock, ids, registers_of(scenes), city, register_checks_of(scenes))
    inspections = Inspections(
        store, clock, ids, registers=registers, cases=cases, evidence=evidence, rules=rules, calendar=calendar,
        city=city, declared=overlays.inspections,
    )  # fmt: skip
    units, devices = Units(store, clock, ids), DeviceRegister(store, clock)
    sources = Sources(store, clock, devices, ground.history, Enricher(city.network, legal_speed_limits()))
    tries = RuleTrials(overlays, sources, calendar, inspections, rulebook, city, units)
    return SceneContext(
        store=store,
        clock=clock,
        ids=ids,
        city=city,
        units=units,
        accounts=Accounts(store, clock, ids),
        registers=registers,
        devices=devices,
        alerts=AlertBook(store, clock, ids),
        cases=cases,
        registrations=Registrations(store, cases, workflows, city),
        dispatch=Dispatch(store, clock, ids, city, cases),
        analysis=Analysis(store, clock, measures_of(scenes), rate_detectors_of(scenes)),
        evidence=evidence,
        reports=CaseReports(store, clock, ids, overlays.services, bounds=city.bounds),
        report_desk=ReportDesk(store, clock, ids),
        tip_offs=TipOffs(store, clock, passwords=Passwords(), matters=overlays.tip_off_matters),
        rules=rules,
        rulebook=rulebook,
        evaluations=Evaluations(store, clock, counted_work_of(scenes), rules),
        intake=Intake(store, clock, ids, cases, workflows, rulebook, city, calendar, evidence),
        documents=documents,
        inspections=inspections,
        drills=Drills(store, clock, ids, drills_of(scenes), registers, fulfils_plans(inspections)),
        figures=Figures(store, clock, ids, registers, figures_of(scenes)),
        overlays=overlays,
        trials=Trials(store, clock, ids, tries),
        demo_trucks=ground.product.settings.demo_trucks,
    )

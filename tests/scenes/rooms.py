"""All rooms with all installed scenes over a store, as the composition root makes them; for the tests of scenes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cityops.access import Accounts, Passwords, Permission, Units
from cityops.analysis import Analysis
from cityops.analysis.evaluation import Evaluations
from cityops.analysis.figures import Figures
from cityops.cases import Cases, Registrations, Rulebook
from cityops.cases.catalogue import RuleTables
from cityops.cases.documents import Documents, document_effects
from cityops.cases.evidence import EvidenceBook
from cityops.cases.intake import Intake
from cityops.cases.reports import CaseReports, ReportDesk, TipOffs
from cityops.detection import AlertBook
from cityops.dispatch import Dispatch, crew_effects
from cityops.inspections import Inspections
from cityops.kit import Clock, IdMaker, WorkingCalendar
from cityops.observations import DeviceRegister
from cityops.places import City
from cityops.plans import Drills, fulfils_plans
from cityops.registers import Registers
from cityops.scenes import (
    Scene,
    SceneContext,
    counted_work_of,
    drills_of,
    figures_of,
    load_scenes,
    measures_of,
    rate_detectors_of,
    register_checks_of,
    registers_of,
    step_rules_of,
)
from cityops.scenes.overlay import Overlays, RuleTrials, Sources, Trials
from cityops.store import Files, Store


@cache
def installed_scenes() -> Mapping[str, Scene]:
    """The installed scenes, read once: they are declarations, and nothing changes them."""
    return load_scenes()


def scene_context(store: Store, clock: Clock, city: City, folder: Path, *, trucks: int = 12) -> SceneContext:
    """What the scenes work with; ``folder`` keeps the files."""
    ids = IdMaker(clock)
    scenes = installed_scenes().values()
    documents = Documents(store, Files(folder / "files"), clock, ids)
    effects = {**crew_effects(), **document_effects(documents)}
    tables, calendar = RuleTables(store, clock, publishes=Permission.RULES_PUBLISH), WorkingCalendar.official()
    overlays, devices = Overlays(scenes, store, tables, clock), DeviceRegister(store, clock)
    workflows, rules = overlays.workflows, step_rules_of(scenes)
    rulebook, evidence = Rulebook(tables, clock), EvidenceBook(store, Files(folder / "files"), clock, ids)
    cases = Cases(store, clock, ids, workflows, calendar, effects, rules, rulebook)
    registers = Registers(store, clock, ids, registers_of(scenes), city, register_checks_of(scenes))
    inspections = Inspections(
        store,
        clock,
        ids,
        registers=registers,
        cases=cases,
        evidence=evidence,
        rules=tables,
        calendar=calendar,
        city=city,
        declared=overlays.inspections,
    )
    units, sources = Units(store, clock, ids), Sources(store, clock, devices)
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
        rules=tables,
        rulebook=rulebook,
        evaluations=Evaluations(store, clock, counted_work_of(scenes), tables),
        intake=Intake(store, clock, ids, cases, workflows, rulebook, city, calendar, evidence),
        documents=documents,
        inspections=inspections,
        drills=Drills(store, clock, ids, drills_of(scenes), registers, fulfils_plans(inspections)),
        figures=Figures(store, clock, ids, registers, figures_of(scenes)),
        overlays=overlays,
        trials=Trials(store, clock, ids, tries),
        demo_trucks=trucks,
    )

"""Scenes and how they are found: built-in ones register exactly as third-party packages do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection

from cityops.access import Accounts, Principal, Units
from cityops.analysis import Analysis, Measure, RateDetectors
from cityops.analysis.evaluation import CountedWork, Evaluations
from cityops.analysis.figures import Figures, FigureSpec
from cityops.cases import Cases, Registrations, Rulebook, StepRule, Workflow
from cityops.cases.catalogue import RuleTables
from cityops.cases.documents import Documents
from cityops.cases.evidence import EvidenceBook
from cityops.cases.intake import Intake
from cityops.cases.reports import CaseReports, ReportDesk, Service, TipOffMatter, TipOffs
from cityops.detection import AlertBook, AnyDetector, Overrides
from cityops.dispatch import Dispatch
from cityops.inspections import Inspections, SceneInspections, read_checklist_file
from cityops.kit import Clock, ConfigError, IdMaker, InvalidError
from cityops.observations import DeviceRegister
from cityops.places import City
from cityops.plans import Drills, DrillSpec
from cityops.registers import ObjectCheck, Registers, RegisterSpec
from cityops.scenes.fleet import DemoTruck
from cityops.scenes.loader import read_scene
from cityops.scenes.spec import SceneSpec
from cityops.store import Store, Subscriber

if TYPE_CHECKING:
    from fastapi import APIRouter

    from cityops.scenes.overlay import Overlays, Trials
    from cityops.scenes.people import DemoAccount

ENTRY_POINTS: Final = "cityops.scenes"
DECLARATION: Final = "scene.yaml"


@dataclass(frozen=True)
class SceneContext:
    """What a scene may use; made once, by the composition root. ``demo_trucks``: size of the demo's fleet."""

    store: Store
    clock: Clock
    ids: IdMaker
    city: City
    units: Units
    accounts: Accounts
    registers: Registers
    devices: DeviceRegister
    alerts: AlertBook
    cases: Cases
    registrations: Registrations
    dispatch: Dispatch
    analysis: Analysis
    evidence: EvidenceBook
    reports: CaseReports
    report_desk: ReportDesk
    tip_offs: TipOffs
    rules: RuleTables
    rulebook: Rulebook
    intake: Intake
    evaluations: Evaluations
    documents: Documents
    inspections: Inspections
    drills: Drills
    figures: Figures
    overlays: Overlays
    trials: Trials
    demo_trucks: int = 300


class Scene:
    """One city system. A folder with nothing but ``scene.yaml`` needs no more than this class; the rest is optional."""

    def __init__(self, spec: SceneSpec, folder: Path) -> None:
        self.spec = spec
        self.folder = folder

    @property
    def name(self) -> str:
        """The scene's name."""
        return self.spec.name

    def detectors(self) -> Sequence[AnyDetector]:
        """The detectors to run."""
        return ()

    def overrides(self, context: SceneContext) -> Overrides:
        """Detectors' parameters of single vehicles, asked every minute; see ``cityops.detection.Overrides``."""
        return {}

    def demo_fleet(self, count: int, seed: int) -> Sequence[DemoTruck]:
        """The vehicles that the demo's simulation drives: those the scene's demo registers, at most ``count``."""
        return ()

    def subscribers(self, context: SceneContext) -> Sequence[Subscriber]:
        """Who wants events, and what is done with them."""
        return ()

    def routers(self) -> Sequence[APIRouter]:
        """The scene's own HTTP routes, under ``/api/scenes/<name>/``; see ``cityops.scenes.web``."""
        return ()

    def step_rules(self) -> Mapping[str, StepRule]:
        """The scene's own rules of steps by kind of case; see ``cityops.cases.StepRule``."""
        return {}

    def register_checks(self) -> Mapping[str, ObjectCheck]:
        """Rules of the scene's registers that their declaration cannot say, by register."""
        return {}

    def demo_accounts(self) -> Sequence[DemoAccount]:
        """Who may sign in to the scene's demo (``demo.yaml``); shown on the sign-in page beside the city's own."""
        from cityops.scenes.demo_files import demo_accounts  # knows this class: imported when asked

        return demo_accounts(self.folder)

    def demo(self, context: SceneContext) -> None:
        """Put the scene's demo data (``demo.yaml``, ``demo/``) into the store; doing it again changes nothing."""
        from cityops.scenes.demo_files import seed_folder
        from cityops.scenes.demo_inspections import seed_inspections

        seed_folder(context, self.spec, self.folder)
        seed_inspections(context, self.spec, self.folder)

    def upkeep(self, context: SceneContext) -> None:
        """What is due every hour, such as erasing what its retention has passed; doing it again changes nothing."""

    def open_from_alert(
        self, conn: Connection, context: SceneContext, principal: Principal, alert_id: str, comment: str | None
    ) -> str:
        """Open a case from an alert by hand, inside a transaction; returns the case's id."""
        raise InvalidError(
            f"场景“{self.spec.title.zh}”不能由预警立案",
            f"the scene {self.name!r} opens no cases from alerts",
            code="scene.no_case",
        )


def scene_from_folder(folder: Path) -> Scene:
    """A scene that is no more than its declaration; ``ConfigError`` with file and line when that is faulty."""
    return Scene(read_scene(folder / DECLARATION), folder)


def load_scenes(disabled: Iterable[str] = (), found: Iterable[EntryPoint] | None = None) -> dict[str, Scene]:
    """All installed scenes by name, except the disabled ones, in the order of their names.

    Args:
        disabled: names of scenes that the city does not use.
        found: entry points of the group ``cityops.scenes``; None: those of the installed packages. Each names a
            package: a folder with ``scene.yaml``, and with ``scene() -> Scene`` where it has Python of its own.

    Raises:
        ConfigError: a scene cannot be loaded, or two have the same name.
    """
    points = entry_points(group=ENTRY_POINTS) if found is None else found
    left_out = set(disabled)
    scenes: dict[str, Scene] = {}
    for point in sorted(points, key=lambda point: point.name):
        if point.name in left_out:
            continue
        scene = _load(point)
        if scene.name in scenes:
            raise ConfigError(f"场景“{scene.name}”安装了两次", f"the scene {scene.name!r} is installed twice")
        if scene.name != point.name:
            raise ConfigError(
                f"入口“{point.name}”与场景名“{scene.name}”不同",
                f"the entry point {point.name!r} is not called as its scene, {scene.name!r}",
            )
        scenes[scene.name] = scene
    return scenes


def workflows_of(scenes: Iterable[Scene]) -> dict[tuple[str, str], Workflow]:
    """All workflows by (scene, kind), as the case engine takes them: those declared, and that of hazards."""
    return {(scene.name, workflow.name): workflow for scene in scenes for workflow in scene.spec.all_workflows}


def inspections_of(scenes: Iterable[Scene]) -> list[SceneInspections]:
    """The inspection plans and checklists of the scenes; ``ConfigError`` names the faulty rows of a checklist."""
    return [
        SceneInspections(
            scene.name,
            scene.spec.inspection_plans,
            {one.name: (one.title.text, read_checklist_file(scene.folder / one.file)) for one in scene.spec.checklists},
            scene.spec.alarms,
        )
        for scene in scenes
    ]


def drills_of(scenes: Iterable[Scene]) -> dict[tuple[str, str], DrillSpec]:
    """The kinds of drill by (scene, name), as ``Drills`` takes them."""
    return {(scene.name, drill.name): drill for scene in scenes for drill in scene.spec.drills}


def services_of(scenes: Iterable[Scene]) -> list[Service]:
    """The matters the public can report, as the room that keeps reports takes them."""
    return [spec.service for scene in scenes for spec in scene.spec.services]


def step_rules_of(scenes: Iterable[Scene]) -> dict[tuple[str, str], StepRule]:
    """The scenes' own rules of steps by (scene, kind), as the case engine takes them."""
    return {(scene.name, kind): rule for scene in scenes for kind, rule in scene.step_rules().items()}


def registers_of(scenes: Iterable[Scene]) -> list[RegisterSpec]:
    """The registers that the scenes declare, as ``Registers`` takes them."""
    return [register for scene in scenes for register in scene.spec.registers]


def register_checks_of(scenes: Iterable[Scene]) -> dict[str, ObjectCheck]:
    """The scenes' own rules of registers, as ``Registers`` takes them."""
    return {register: check for scene in scenes for register, check in scene.register_checks().items()}


def tip_off_matters_of(scenes: Iterable[Scene]) -> list[TipOffMatter]:
    """The matters with a reward for tip-offs."""
    specs = [spec for scene in scenes for spec in scene.spec.tip_offs]
    return [TipOffMatter(spec.code, spec.name.zh, spec.name.en, spec.matter) for spec in specs]


def routers_of(scenes: Iterable[Scene]) -> list[APIRouter]:
    """The routes of the scenes and their overlays, and the scenes' own."""
    from cityops.scenes.overlay.routes import router as of_scenes  # brings FastAPI along: imported when asked

    return [of_scenes, *(router for scene in scenes for router in scene.routers())]


def overrides_of(scenes: Iterable[Scene], context: SceneContext) -> Overrides:
    """The parameters of single vehicles that the scenes give, as detection takes them."""
    found: dict[str, dict[str, Mapping[str, float]]] = {}
    for scene in scenes:
        for vehicle, parameters in scene.overrides(context).items():
            found.setdefault(vehicle, {}).update(parameters)
    return found


def figures_of(scenes: Iterable[Scene]) -> dict[str, Sequence[FigureSpec]]:
    """The figures of each scene's board, as ``Figures`` takes them."""
    return {scene.name: scene.spec.figures for scene in scenes}


def measures_of(scenes: Iterable[Scene]) -> list[Measure]:
    """The response times that the scenes show, as the analysis takes them."""
    return [
        Measure(entry.name, entry.title.text, entry.start, entry.end)
        for scene in scenes
        for entry in scene.spec.response_times
    ]


def counted_work_of(scenes: Iterable[Scene]) -> dict[tuple[str, str], CountedWork]:
    """What the evaluation counts, by (scene, kind of case)."""
    found = ((scene.name, scene.spec.evaluation) for scene in scenes)
    return {(name, work.case): work for name, work in found if work is not None}


def rate_detectors_of(scenes: Iterable[Scene]) -> RateDetectors:
    """The detectors whose alerts count as fatigue and as speeding, as the analysis takes them."""
    specs = [scene.spec.rates for scene in scenes]
    return RateDetectors(
        fatigue=frozenset(name for spec in specs for name in spec.fatigue),
        speeding=frozenset(name for spec in specs for name in spec.speeding),
    )


def _load(point: EntryPoint) -> Scene:
    try:
        module = point.load()
    except ImportError as error:
        raise ConfigError(
            f"场景“{point.name}”无法加载：{error}", f"the scene {point.name!r} cannot be loaded: {error}"
        ) from error
    if hasattr(module, "scene"):
        scene = module.scene()
        if isinstance(scene, Scene):
            return scene
    else:
        folders = [Path(folder) for folder in getattr(module, "__path__", ())]
        declared = next((folder for folder in folders if (folder / DECLARATION).exists()), None)
        if declared is not None:
            return scene_from_folder(declared)
    raise ConfigError(
        f"场景“{point.name}”的包里既没有 {DECLARATION}，也没有 scene() 函数",
        f"the package of scene {point.name!r} has no {DECLARATION} and no scene() -> Scene",
    )

"""One folder a city system (场景): declared in ``scene.yaml``, found through the entry points ``cityops.scenes``."""

from cityops.scenes.checking import find_folder, folder_faults
from cityops.scenes.fleet import DemoTruck
from cityops.scenes.loader import parse_scene, read_scene
from cityops.scenes.people import CITY_ACCOUNTS, DEMO_PASSWORD, DemoAccount, DemoUnit, seed_city
from cityops.scenes.reference import reference_page, scene_schema
from cityops.scenes.registry import (
    ENTRY_POINTS,
    Scene,
    SceneContext,
    counted_work_of,
    drills_of,
    figures_of,
    inspections_of,
    load_scenes,
    measures_of,
    overrides_of,
    rate_detectors_of,
    register_checks_of,
    registers_of,
    routers_of,
    scene_from_folder,
    services_of,
    step_rules_of,
    tip_off_matters_of,
    workflows_of,
)
from cityops.scenes.spec import SEVERITIES, DetectorSpec, SceneSpec, check_scene
from cityops.scenes.switches import ReadableWorkflows, SceneSwitches, keep_workflows

__all__ = [
    "CITY_ACCOUNTS",
    "DEMO_PASSWORD",
    "ENTRY_POINTS",
    "SEVERITIES",
    "DemoAccount",
    "DemoTruck",
    "DemoUnit",
    "DetectorSpec",
    "ReadableWorkflows",
    "Scene",
    "SceneContext",
    "SceneSpec",
    "SceneSwitches",
    "check_scene",
    "counted_work_of",
    "drills_of",
    "figures_of",
    "find_folder",
    "folder_faults",
    "inspections_of",
    "keep_workflows",
    "load_scenes",
    "measures_of",
    "overrides_of",
    "parse_scene",
    "rate_detectors_of",
    "read_scene",
    "reference_page",
    "register_checks_of",
    "registers_of",
    "routers_of",
    "scene_from_folder",
    "scene_schema",
    "seed_city",
    "services_of",
    "step_rules_of",
    "tip_off_matters_of",
    "workflows_of",
]

"""One folder a city system (场景): declared in ``scene.yaml``, found through the entry points ``cityops.scenes``."""

from cityops.scenes.loader import parse_scene, read_scene
from cityops.scenes.people import CITY_ACCOUNTS, DEMO_PASSWORD, DemoAccount, DemoUnit, seed_city
from cityops.scenes.registry import (
    Scene,
    SceneContext,
    counted_work_of,
    inspections_of,
    load_scenes,
    measures_of,
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
from cityops.scenes.spec import SEVERITIES, DetectorSpec, SceneSpec, check_scene, scene_schema

__all__ = [
    "CITY_ACCOUNTS",
    "DEMO_PASSWORD",
    "SEVERITIES",
    "DemoAccount",
    "DemoUnit",
    "DetectorSpec",
    "Scene",
    "SceneContext",
    "SceneSpec",
    "check_scene",
    "counted_work_of",
    "inspections_of",
    "load_scenes",
    "measures_of",
    "parse_scene",
    "rate_detectors_of",
    "read_scene",
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

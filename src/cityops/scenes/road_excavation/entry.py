"""The scene road-digging enforcement (违章掘路) as the product finds it through its entry point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cityops.cases import StepRule
from cityops.registers import ObjectCheck
from cityops.scenes.loader import read_scene
from cityops.scenes.people import DemoAccount
from cityops.scenes.registry import Scene, SceneContext
from cityops.scenes.road_excavation.demo import DEMO_ACCOUNTS, seed_demo
from cityops.scenes.road_excavation.discretion import read_tables
from cityops.scenes.road_excavation.permit_data import EXCAVATION_PERMIT, check_permit
from cityops.scenes.road_excavation.rule import ExcavationRule, correct_imported

if TYPE_CHECKING:
    from fastapi import APIRouter


class RoadExcavation(Scene):
    """Finder, inspector, transfer with a signed receipt, decision within the discretion table, fine, restored road."""

    def step_rules(self) -> Mapping[str, StepRule]:
        """The order of dates, the range of the fine."""
        return {"excavation": ExcavationRule(read_tables()), "imported_case": correct_imported}

    def register_checks(self) -> Mapping[str, ObjectCheck]:
        """Permits: what belongs together in one."""
        return {EXCAVATION_PERMIT: check_permit}

    def routers(self) -> Sequence[APIRouter]:
        """Permits, judgement, findings, earlier files."""
        from cityops.scenes.road_excavation import routes  # brings FastAPI: for the server only

        return [routes.router]

    def demo_accounts(self) -> Sequence[DemoAccount]:
        """Finder, inspectors, enforcement teams with their officers."""
        return DEMO_ACCOUNTS

    def demo(self, context: SceneContext) -> None:
        """Units, people, the six published cases; the permits of ``demo/``."""
        seed_demo(context)
        super().demo(context)


def scene() -> RoadExcavation:
    """The scene, from the declaration beside this file."""
    folder = Path(__file__).parent
    return RoadExcavation(read_scene(folder / "scene.yaml"), folder)

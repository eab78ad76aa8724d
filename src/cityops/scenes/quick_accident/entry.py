"""The scene quick accident handling (事故快处) as the product finds it through its entry point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cityops.cases import StepRule
from cityops.scenes.loader import read_scene
from cityops.scenes.people import DemoAccount
from cityops.scenes.quick_accident.decisions import on_step
from cityops.scenes.quick_accident.demo import DEMO_ACCOUNTS, seed_demo
from cityops.scenes.quick_accident.papers import PaperDesk
from cityops.scenes.quick_accident.retention import erase_passed
from cityops.scenes.quick_accident.rows import KIND
from cityops.scenes.registry import Scene, SceneContext
from cityops.store import Subscriber

if TYPE_CHECKING:
    from fastapi import APIRouter


class QuickAccident(Scene):
    """Two quick ways and the slow one; the parties take part on their phones."""

    def subscribers(self, context: SceneContext) -> Sequence[Subscriber]:
        """Agreements and certificates are made as soon as the step that asks for them is taken."""
        return [PaperDesk(context.documents, dict(self.spec.workflows[0].documents)).subscriber()]

    def routers(self) -> Sequence[APIRouter]:
        """The desk's routes, and those of the parties' phones."""
        from cityops.scenes.quick_accident import routes, routes_party  # bring FastAPI: for the server only

        return [routes.router, routes_party.router]

    def step_rules(self) -> Mapping[str, StepRule]:
        """What a decision on liability needs."""
        return {KIND: on_step}

    def upkeep(self, context: SceneContext) -> None:
        """What leads to a party is erased when its time is over."""
        erase_passed(context)

    def demo_accounts(self) -> Sequence[DemoAccount]:
        """The accident officers."""
        return DEMO_ACCOUNTS

    def demo(self, context: SceneContext) -> None:
        """Accident squads and officers, and a month of accidents, all synthetic."""
        seed_demo(context)


def scene() -> QuickAccident:
    """The scene, from the declaration beside this file."""
    folder = Path(__file__).parent
    return QuickAccident(read_scene(folder / "scene.yaml"), folder)

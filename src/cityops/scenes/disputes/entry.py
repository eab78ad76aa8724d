"""The scene disputes (矛盾纠纷) as the product finds it through its entry point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cityops.cases import StepRule
from cityops.scenes.disputes.demo import DEMO_ACCOUNTS, seed_demo
from cityops.scenes.disputes.parties import erase_passed
from cityops.scenes.disputes.registering import DISPUTE
from cityops.scenes.disputes.steps import dispute_step
from cityops.scenes.loader import read_scene
from cityops.scenes.people import DemoAccount
from cityops.scenes.registry import Scene, SceneContext

if TYPE_CHECKING:
    from fastapi import APIRouter


class Disputes(Scene):
    """Disputes and mediation at three levels, and the residents' meetings."""

    def routers(self) -> Sequence[APIRouter]:
        """Registering, parties, meetings, figures."""
        from cityops.scenes.disputes.routes import router  # brings FastAPI: for the server only

        return [router]

    def step_rules(self) -> Mapping[str, StepRule]:
        """What documents name, and what may not be recorded."""
        return {DISPUTE: dispute_step}

    def upkeep(self, context: SceneContext) -> None:
        """Erase the parties whose time is over."""
        erase_passed(context)

    def demo_accounts(self) -> Sequence[DemoAccount]:
        """Centres of the three levels and their mediators."""
        return DEMO_ACCOUNTS

    def demo(self, context: SceneContext) -> None:
        """Centres, people, meetings, cases and reported figures."""
        seed_demo(context)


def scene() -> Disputes:
    """The scene, from the declaration beside this file."""
    folder = Path(__file__).parent
    return Disputes(read_scene(folder / "scene.yaml"), folder)

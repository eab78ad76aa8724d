"""The scene urban management (城市管理) as the product finds it through its entry point."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cityops.scenes.loader import read_scene
from cityops.scenes.people import DemoAccount
from cityops.scenes.registry import Scene, SceneContext
from cityops.scenes.urban_management.demo import DEMO_ACCOUNTS, seed_demo
from cityops.scenes.urban_management.works import PlannedWorks
from cityops.store import Subscriber

if TYPE_CHECKING:
    from fastapi import APIRouter


class UrbanManagement(Scene):
    """The seven stages; everything but the demo stands in ``scene.yaml``."""

    def subscribers(self, context: SceneContext) -> Sequence[Subscriber]:
        """Roads are closed and opened as planned works go on."""
        return [PlannedWorks(context).subscriber()]

    def routers(self) -> Sequence[APIRouter]:
        """Planned works, winter patrol."""
        from cityops.scenes.urban_management import routes, winter_routes  # bring FastAPI: for the server only

        return [routes.router, winter_routes.router]

    def demo_accounts(self) -> Sequence[DemoAccount]:
        """Collectors, responsible units and their handlers."""
        return DEMO_ACCOUNTS

    def demo(self, context: SceneContext) -> None:
        """Units, people and a routing table, all synthetic."""
        seed_demo(context)


def scene() -> UrbanManagement:
    """The scene, from the declaration beside this file."""
    folder = Path(__file__).parent
    return UrbanManagement(read_scene(folder / "scene.yaml"), folder)

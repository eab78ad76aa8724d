"""The scene: declared registers, the rule of a spot's dates, demo spots around today, and its own routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cityops.registers import ObjectCheck
from cityops.scenes.hazard_spots.demo import seed_spots
from cityops.scenes.hazard_spots.ledger import SPOT, check_spot
from cityops.scenes.loader import read_scene
from cityops.scenes.registry import DECLARATION, Scene, SceneContext

if TYPE_CHECKING:
    from fastapi import APIRouter


class HazardSpotsScene(Scene):
    """Spots with figures recomputed from alerts and cases of all scenes."""

    def register_checks(self) -> Mapping[str, ObjectCheck]:
        """A spot has a place, and no dates of steps that it has not reached."""
        (spots,) = (register for register in self.spec.registers if register.name == SPOT)
        return {SPOT: partial(check_spot, spots)}

    def routers(self) -> Sequence[APIRouter]:
        """Ranking, one spot, deployment, proposals."""
        from cityops.scenes.hazard_spots import routes  # brings FastAPI: for the server only

        return [routes.router]

    def demo(self, context: SceneContext) -> None:
        """Units and accounts of ``demo.yaml``, and spots with dates counted back from today."""
        super().demo(context)
        seed_spots(context)


def scene() -> Scene:
    """The scene, from the declaration beside this file."""
    folder = Path(__file__).parent
    return HazardSpotsScene(read_scene(folder / DECLARATION), folder)

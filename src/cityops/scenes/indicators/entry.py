"""The scene: declared registers, the rule that a formula can be read, and the board."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cityops.registers import ObjectCheck
from cityops.scenes.indicators.board import INDICATOR, check_indicator
from cityops.scenes.loader import read_scene
from cityops.scenes.registry import DECLARATION, Scene

if TYPE_CHECKING:
    from fastapi import APIRouter


class IndicatorsScene(Scene):
    """Registers with a formula among their fields."""

    def register_checks(self) -> Mapping[str, ObjectCheck]:
        """A formula that cannot be read is refused when it is written."""
        return {INDICATOR: check_indicator}

    def routers(self) -> Sequence[APIRouter]:
        """The board."""
        from cityops.scenes.indicators import routes  # brings FastAPI: for the server only

        return [routes.router]


def scene() -> Scene:
    """The scene, from the declaration beside this file."""
    folder = Path(__file__).parent
    return IndicatorsScene(read_scene(folder / DECLARATION), folder)

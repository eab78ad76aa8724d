"""The scene urban management (城市管理) as the product finds it through its entry point."""

from __future__ import annotations

from pathlib import Path

from cityops.scenes.registry import Scene, scene_from_folder


def scene() -> Scene:
    """The scene, from the declaration beside this file; it needs no code of its own."""
    return scene_from_folder(Path(__file__).parent)

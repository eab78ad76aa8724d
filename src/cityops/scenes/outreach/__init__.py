"""Outreach (宣讲与普法): no more than its declaration and demo data."""

from pathlib import Path

from cityops.scenes.registry import Scene, scene_from_folder


def scene() -> Scene:
    """The scene, from the declaration beside this file."""
    return scene_from_folder(Path(__file__).parent)

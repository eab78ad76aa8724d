"""Emergency base (应急底座): plans, duty posts, resources, teams, shelters, model communities; a declaration."""

from pathlib import Path

from cityops.scenes.registry import Scene, scene_from_folder


def scene() -> Scene:
    """The scene, from the declaration beside this file."""
    return scene_from_folder(Path(__file__).parent)

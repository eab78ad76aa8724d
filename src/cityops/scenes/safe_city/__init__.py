"""Safe city (平安建设): responsibility lists over four levels, evidence and gaps, campaigns; a declaration."""

from pathlib import Path

from cityops.scenes.registry import Scene, scene_from_folder


def scene() -> Scene:
    """The scene, from the declaration beside this file."""
    return scene_from_folder(Path(__file__).parent)

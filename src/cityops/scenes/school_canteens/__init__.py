"""School canteens (校园食堂): no more than its declaration, checklists and demo data. See README.md here."""

from pathlib import Path

from cityops.scenes.registry import Scene, scene_from_folder


def scene() -> Scene:
    """The scene, from the declaration beside this file."""
    return scene_from_folder(Path(__file__).parent)

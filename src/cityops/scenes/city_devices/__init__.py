"""Devices of a smart park (智慧公园设备): register, weekly check, faults to rectification."""

from pathlib import Path

from cityops.scenes.registry import Scene, scene_from_folder


def scene() -> Scene:
    """The scene, from the declaration beside this file."""
    return scene_from_folder(Path(__file__).parent)

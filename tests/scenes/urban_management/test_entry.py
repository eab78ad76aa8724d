"""The product finds the scene as it finds others, and it leaves the scene beside it alone."""

from __future__ import annotations

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

from cityops.scenes import load_scenes, measures_of, rate_detectors_of, workflows_of

ENTRY_POINTS = "cityops.scenes"
PROJECT = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]


def test_both_scenes_are_declared_and_load_side_by_side() -> None:
    declared = PROJECT["entry-points"][ENTRY_POINTS]
    points = [EntryPoint(name, value, ENTRY_POINTS) for name, value in declared.items()]
    both = load_scenes(found=points)
    alone = load_scenes(disabled=["urban_management"], found=points)
    assert set(both) >= {"key_vehicles", "urban_management"}
    kinds = set(workflows_of(both.values()))
    assert kinds >= {("key_vehicles", "key_vehicle"), ("urban_management", "urban_case")}
    assert measures_of(both.values()) == measures_of(alone.values())
    assert rate_detectors_of(both.values()) == rate_detectors_of(alone.values())
    assert not list(both["urban_management"].detectors())

"""A scene deleted or added changes nothing else: the product is built without each, and nothing outside names one."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.scenes.framework.products import built

from cityops.access import SYSTEM
from cityops.api import openapi_document
from cityops.cases import NewCase
from cityops.kit import SystemClock, Text
from cityops.places import City
from cityops.scenes import Scene, SceneSwitches, load_scenes, routers_of, seed_city
from cityops.store import Store

ROOT = Path(__file__).parents[3]
FOLDERS = ROOT / "src/cityops/scenes"
NAMES = sorted(path.parent.name for path in FOLDERS.glob("*/scene.yaml"))
SEARCHED = ("src/cityops", "web/src", "web/scripts", "scripts", "Makefile", "docs/reference")
HOMONYMS = {"indicators": ("src/cityops/api/examples/evaluation.py", "web/src/pages/evaluation/figures.ts")}
"""Files in which a scene's name is the name of something else: the evaluation's answer has a field ``indicators``."""
SUFFIXES = {".py", ".yaml", ".ts", ".vue", ".json", ".mjs", ".js", ".sh", ".md", ""}


def test_every_scene_has_its_line_in_pyproject_and_no_other() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    for name in NAMES:
        assert [line for line in lines if re.search(rf"\b{name}\b", line)] == [f'{name} = "cityops.scenes.{name}"']


@pytest.mark.parametrize("name", NAMES)
def test_nothing_outside_its_folders_names_a_scene(name: str) -> None:
    """By import, path or quoted name; tests and benchmarks work on scenes and are no part of the product."""
    named = re.compile(rf"[\"'`./]{name}[\"'`./]")
    own = [FOLDERS / name, ROOT / "web/src/scenes" / name]
    found = []
    for place in SEARCHED:
        start = ROOT / place
        for path in [start] if start.is_file() else start.rglob("*"):
            built_file = path.name in ("schema.d.ts", "openapi.json")
            if (
                not path.is_file()
                or path.suffix not in SUFFIXES
                or built_file
                or str(path.relative_to(ROOT)) in HOMONYMS.get(name, ())
                or any(one in path.parents for one in own)
            ):
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                if named.search(line):
                    found.append(f"{path.relative_to(ROOT)}:{number} {line.strip()[:80]}")
    assert found == []


@pytest.fixture(scope="module")
def everything() -> Mapping[str, Scene]:
    """All scenes, read once."""
    return load_scenes()


@pytest.fixture(scope="module")
def prepared(city: City, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the city's own people and no scene's."""
    folder = tmp_path_factory.mktemp("prepared")
    with built({}, city, folder) as product:
        seed_city(product.rooms.context)
    return folder / "cityops.db"


@pytest.mark.parametrize("name", NAMES)
def test_the_product_is_built_without_a_scene(
    name: str, everything: Mapping[str, Scene], prepared: Path, city: City, tmp_path: Path
) -> None:
    shutil.copy(prepared, tmp_path)
    others = {other: scene for other, scene in everything.items() if other != name}
    paths = {getattr(route, "path", "") for router in routers_of(others.values()) for route in router.routes}
    assert not [path for path in paths if f"/{name}/" in path]
    with built(others, city, tmp_path) as product:
        shown, cases, registers, due = product.get(
            "dispatcher", "/api/product", "/api/cases", "/api/registers", "/api/inspections/due"
        )
        assert set(shown["scenes"]) == set(others)
        assert (cases["page"]["total"], due["items"]) == (0, [])
        own = {register.name for register in everything[name].spec.registers}
        assert not own & {register["name"] for register in registers["items"]}
        product.rooms.watch.step()


def test_the_product_is_built_without_any_scene(prepared: Path, city: City, tmp_path: Path) -> None:
    assert load_scenes(disabled=NAMES, found=[]) == {}
    shutil.copy(prepared, tmp_path)
    with built({}, city, tmp_path) as product:
        shown, registers, forms = product.get("dispatcher", "/api/product", "/api/registers", "/api/case-forms")
        assert (shown["scenes"], registers["items"], forms["items"]) == ({}, [], [])
    assert "/api/cases" in openapi_document([])["paths"]


def test_the_code_is_there_without_any_scene() -> None:
    """No room imports a scene: with all of them off, none is in memory."""
    code = (
        "import sys, cityops.bootstrap.serving, cityops.bootstrap.simulating, cityops.bootstrap.gateway\n"
        f"print([name for name in {NAMES!r} if f'cityops.scenes.{{name}}' in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=250)
    assert done.stdout.strip() == "[]"


def test_cases_of_a_scene_that_is_off_stay_readable_and_nobody_acts_in_them(
    city: City, tmp_path: Path, sqlite_store: Store
) -> None:
    scenes = load_scenes()
    new = NewCase("urban_management", "urban_case", Text("井盖缺失", "Manhole cover missing"), severity=2)
    with built(scenes, city, tmp_path, sqlite_store) as product:
        seed_city(product.rooms.context)
        case_id = product.rooms.context.cases.open(SYSTEM, new).case_id
    switches = SceneSwitches(sqlite_store, SystemClock())
    numbers, total = switches.open_cases("urban_management", 10)
    assert (total, len(numbers)) == (1, 1)
    switches.switch(SYSTEM, "urban_management", enabled=False)
    assert switches.disabled() == {"urban_management"}
    with built(load_scenes(switches.disabled()), city, tmp_path, sqlite_store) as product:
        listed, shown, tasks = product.get("dispatcher", "/api/cases", f"/api/cases/{case_id}", "/api/tasks")
        assert [(case["number"], case["state_title"]["en"]) for case in listed["items"]] == [
            (numbers[0], shown["state_title"]["en"])
        ]
        assert (shown["actions"], tasks["items"]) == ([], [])
        product.rooms.watch.step()
    switches.switch(SYSTEM, "urban_management", enabled=True)
    assert switches.disabled() == frozenset()
    with built(load_scenes(switches.disabled()), city, tmp_path, sqlite_store) as product:
        (shown,) = product.get("dispatcher", f"/api/cases/{case_id}")
        assert [action["name"] for action in shown["actions"]]

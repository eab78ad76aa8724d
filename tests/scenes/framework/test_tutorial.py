"""The tutorial is true: its very blocks are executed, and what they make is a scene like any other."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.scenes.framework.products import built

from cityops.access import SYSTEM
from cityops.places import City
from cityops.scenes import load_scenes, seed_city

pytestmark = pytest.mark.timeout(900)  # every command of the tutorial is a process that imports the product

ROOT = Path(__file__).parents[3]
TUTORIAL = ROOT / "docs/tutorial"
NAME = "drinking_fountains"
LIMIT_S = 300
_BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its language, the file it is, what it holds."""

    language: str
    file: str
    text: str


@dataclass
class Stranger:
    """Somebody with a shell, an environment of their own and an empty folder."""

    folder: Path
    environment: dict[str, str]

    def run(self, commands: str) -> str:
        """What a shell says to these commands."""
        done = subprocess.run(
            ["sh", "-c", commands],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        return done.stdout + done.stderr


def blocks(language: str) -> list[Block]:
    text = (TUTORIAL / f"first-scene{language}.md").read_text(encoding="utf-8")
    return [Block(*found) for found in _BLOCK.findall(text)]


def test_both_languages_have_the_same_blocks() -> None:
    assert blocks("") == blocks(".zh-CN")
    assert len(blocks("")) > 10


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    """An environment that has what this one has, and where something can be installed without touching it."""
    uv = ROOT / ".tools/bin/uv"
    found = str(uv) if uv.exists() else shutil.which("uv")
    if found is None:
        pytest.skip("uv is not here: make setup")
    home = tmp_path_factory.mktemp("stranger")
    venv.create(home / "venv", with_pip=False)
    scripts = home / "venv" / "bin"
    site = sysconfig.get_path("purelib", vars={"base": str(home / "venv")})
    here = sysconfig.get_path("purelib")
    (Path(site) / "cityops_here.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    command = scripts / "cityops"
    command.write_text(f"#!{scripts / 'python'}\nfrom cityops.cli import main\nraise SystemExit(main())\n")
    command.chmod(0o755)
    folder = home / "work"
    folder.mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CITYOPS_")},
        "PATH": os.pathsep.join([str(scripts), str(Path(found).parent), os.environ["PATH"]]),
        "VIRTUAL_ENV": str(home / "venv"),
        "UV_OFFLINE": "1",
        "LANG": "C.UTF-8",
    }
    return Stranger(folder, environment)


@pytest.fixture(scope="module")
def followed(stranger: Stranger) -> Stranger:
    """The stranger, having followed the tutorial to its end; every output is what the page says."""
    said = ""
    for block in blocks(""):
        match block.language:
            case "sh":
                said = stranger.run(block.text)
            case "text":
                for line in block.text.splitlines():
                    assert line in said, said
            case _:
                path = stranger.folder / block.file
                assert path.parent.is_dir(), block.file
                path.write_text(block.text, encoding="utf-8")
    return stranger


def test_the_tutorial_does_what_it_says(followed: Stranger) -> None:
    said = followed.run("cityops scene list")
    (line,) = [line for line in said.splitlines() if NAME in line]
    assert line.startswith("on ")
    assert "直饮水点 Drinking fountains" in line
    # What was installed is a copy: the folder it came from is not needed any more.
    assert "nothing is wrong" in followed.run(f"cityops scene check {NAME}")


@pytest.fixture(scope="module")
def wheel_site(followed: Stranger, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on the path with the tutorial's scene, installed from a wheel."""
    dist, site = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(dist)]
    subprocess.run(command, cwd=followed.folder / NAME, check=True, capture_output=True, timeout=LIMIT_S)
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    sys.path.insert(0, str(site))
    yield site
    sys.path.remove(str(site))


def test_a_scene_from_a_wheel_is_listed_seeded_and_served_like_a_built_in_one(
    wheel_site: Path, city: City, tmp_path: Path
) -> None:
    scenes = load_scenes()
    scene = scenes[NAME]
    assert scene.folder == wheel_site / "scene_drinking_fountains"
    with built(scenes, city, tmp_path) as product:
        context = product.rooms.context
        seed_city(context)
        scene.demo(context)
        assert [one.code for one in context.registers.list(SYSTEM, "fountain").items] == [
            "DF-001",
            "DF-002",
            "DF-003",
            "DF-004",
        ]
        paths = ("/api/product", "/api/registers", f"/api/figures/{NAME}", "/api/inspections/due?plan=fountain_weekly")
        shown, registers, board, due = product.get("df_water", *paths)
        assert "df_water" in str(shown)
        assert "fountain" in str(registers)
        figures = {figure["name"]: figure for figure in board["items"]}
        # 3 + 4 + 2 + 1 taps on four fountains; somebody reported five.
        assert (figures["taps"]["value"], figures["taps_each"]["value"]) == (10, 2.5)
        assert figures["taps_each"]["reached"]
        states = {one["code"]: one["state"] for one in due["items"]}
        assert states.pop("DF-004") == "idle"  # off for the winter
        assert set(states) == {"DF-001", "DF-002", "DF-003"}
        assert "idle" not in states.values()
        leader = product.get("leader", f"/api/figures/{NAME}")[0]
        fountains = next(figure for figure in leader["items"] if figure["name"] == "fountains")
        assert (fountains["value"], fountains["reported"]["value"], fountains["contradicts"]) == (4, 5, True)

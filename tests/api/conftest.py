"""Fixtures over the composed product of ``world.py``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api.world import SETTINGS, World, compose


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, World]:
    """Units, trucks, crews and accounts, made once: each product of a test begins with a copy."""
    folder = tmp_path_factory.mktemp("template")
    path = folder / "cityops.db"
    for world in compose(folder, f"sqlite:///{path}", SETTINGS):
        made = world
        for username in world.people:
            world.credentials(username)
    return path, made


def copied(folder: Path, template: tuple[Path, World]) -> Iterator[World]:
    path, made = template
    shutil.copy(path, folder / "cityops.db")
    yield from compose(folder, f"sqlite:///{folder}/cityops.db", SETTINGS, made)


@pytest.fixture
def world(tmp_path: Path, template: tuple[Path, World]) -> Iterator[World]:
    """A fresh product on SQLite."""
    yield from copied(tmp_path, template)


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory, template: tuple[Path, World]) -> Iterator[World]:
    """A product that the tests of one file share; they leave it as they found it, or do not mind."""
    yield from copied(tmp_path_factory.mktemp("world"), template)

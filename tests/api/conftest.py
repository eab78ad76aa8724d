"""Fixtures over the composed product of ``world.py``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api.world import SETTINGS, World, compose


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh product on SQLite."""
    yield from compose(tmp_path, f"sqlite:///{tmp_path}/cityops.db", SETTINGS)


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A product that the tests of one file share; they leave it as they found it, or do not mind."""
    folder = tmp_path_factory.mktemp("world")
    yield from compose(folder, f"sqlite:///{folder}/cityops.db", SETTINGS)

"""Puts the demo into the store (演示数据). Idempotent: what is there stays as it is."""

from __future__ import annotations

from cityops.scenes.people import person, seed_accounts, seed_units
from cityops.scenes.registry import SceneContext
from cityops.scenes.road_excavation.demo_data import DEMO_ACCOUNTS, DEMO_UNITS, PUBLISHED_FILES, PUBLISHED_YUAN
from cityops.scenes.road_excavation.earlier_files import EarlierFiles
from cityops.scenes.road_excavation.sheet import write_files

__all__ = ["DEMO_ACCOUNTS", "seed_demo"]


def seed_demo(context: SceneContext) -> None:
    """Units and people, and the six published cases through the same import that a person uses."""
    seed_units(context, DEMO_UNITS)
    seed_accounts(context, DEMO_ACCOUNTS)
    files = EarlierFiles(context)
    if not files.known():
        sheet = write_files(PUBLISHED_FILES)
        acceptor = person(context, "acceptor")  # an import is a person's, not the machine's
        files.take(acceptor, sheet, expected_yuan=PUBLISHED_YUAN, expected_rows=len(PUBLISHED_FILES))

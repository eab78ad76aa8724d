"""Puts the demo into the store (演示数据). Idempotent: what is there stays as it is."""

from __future__ import annotations

from cityops.access import Principal
from cityops.cases.catalogue import write_rows
from cityops.scenes.people import seed_accounts, seed_units
from cityops.scenes.registry import SceneContext
from cityops.scenes.road_excavation.demo_data import (
    DEMO_ACCOUNTS,
    DEMO_PERMITS,
    DEMO_UNITS,
    PUBLISHED_FILES,
    PUBLISHED_YUAN,
)
from cityops.scenes.road_excavation.earlier_files import EarlierFiles
from cityops.scenes.road_excavation.findings import all_permits
from cityops.scenes.road_excavation.permit_register import take_permits
from cityops.scenes.road_excavation.permit_sheet import COLUMNS
from cityops.scenes.road_excavation.sheet import write_files

__all__ = ["DEMO_ACCOUNTS", "seed_demo"]


def seed_demo(context: SceneContext) -> None:
    """Units and people, the permits, and the six published cases through the same import that a person uses."""
    seed_units(context, DEMO_UNITS)
    seed_accounts(context, DEMO_ACCOUNTS)
    if not all_permits(context):
        rows = [[permit.get(column.name, "") for column in COLUMNS] for permit in DEMO_PERMITS]
        take_permits(context, _person(context, "admin"), write_rows("掘路许可", COLUMNS, rows))
    files = EarlierFiles(context)
    if not files.known():
        sheet = write_files(PUBLISHED_FILES)
        files.take(
            _person(context, "acceptor"), sheet, expected_yuan=PUBLISHED_YUAN, expected_rows=len(PUBLISHED_FILES)
        )


def _person(context: SceneContext, username: str) -> Principal:
    """One of the city's own people: an import is a person's, not the machine's."""
    found = context.accounts.find(username)
    assert found is not None, "the city's people come first"
    return Principal(found.id, found.username, found.display_name, found.role, found.unit_id, found.unit_name)

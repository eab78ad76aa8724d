"""The scene on PostgreSQL: import, loop, documents, the same offender."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import fresh_database
from tests.together import at_once

from cityops.kit import ConflictError, InvalidError, ManualClock
from cityops.places import City
from cityops.scenes.road_excavation.demo_data import PUBLISHED_FILES
from cityops.scenes.road_excavation.discretion import read_tables
from cityops.scenes.road_excavation.earlier_files import EarlierFiles, Taken
from cityops.scenes.road_excavation.findings import facts_of
from cityops.scenes.road_excavation.rule import ExcavationRule
from cityops.scenes.road_excavation.sheet import write_files
from cityops.store import Store

from .town import STOP, Town


@pytest.fixture
def there(postgresql_server: str, clock: ManualClock, city: City, tmp_path: Path) -> Iterator[Town]:
    """The scene with its demo data on a database of its own."""
    with fresh_database(postgresql_server) as url, Store.open(url, clock=clock) as store:
        store.create_all()
        town = Town(store, clock, city, tmp_path)
        town.seed()
        yield town


def test_the_scene_runs_on_postgresql(there: Town) -> None:
    there.seed()  # again changes nothing
    case = there.take("team2", there.decided(), "pay", paid_yuan=20000, bill_number="晋财0001")
    numbers = [one.number for one in there.context.documents.of_case(there.who("leader"), case.case_id)]
    assert numbers == ["市政停〔2026〕1号", "市政移〔2026〕1号", "城执收〔2026〕1号", "城执罚〔2026〕1号"]
    facts = facts_of(there.context, ExcavationRule(read_tables()), there.who("team2"), case.case_id)
    assert [(one.found_on, one.fine_yuan) for one in facts.earlier] == [("2023-11-15", 20000)]


def test_a_sheet_that_two_import_at_once_is_imported_once(there: Town) -> None:
    files, acceptor = EarlierFiles(there.context), there.who("acceptor")
    sheet = write_files([{**PUBLISHED_FILES[0], "file_number": "测试-1"}])
    done = at_once(there.context.store, *[lambda: files.take(acceptor, sheet)] * 2)
    (taken,) = [one for one in done if isinstance(one, Taken)]
    (refused,) = [one for one in done if one is not taken]
    assert (taken.imported, isinstance(refused, InvalidError)) == (1, True)


def test_of_two_who_stop_a_work_at_once_the_second_is_told(there: Town) -> None:
    case = there.take("dispatcher", there.found(), "send_inspector", inspectors="RE-INSPECTION")
    done = at_once(there.context.store, *[lambda: there.take("road_inspector", case, "order_stop", **STOP)] * 2)
    (refused,) = [one for one in done if isinstance(one, ConflictError)]
    assert (len(done), refused.code) == (2, "case.stale")

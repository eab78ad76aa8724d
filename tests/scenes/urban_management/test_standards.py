"""Filing standards come from the city's condition table, and stay with the case as they were on the day of filing."""

from __future__ import annotations

from datetime import date

import pytest

from cityops.access import Permission, Principal, Role
from cityops.cases import CaseDetailView, DeadlineWatch
from cityops.cases.catalogue import (
    CONDITIONS,
    NATIONAL,
    Catalogue,
    ItemKey,
    Kind,
    RuleTables,
    condition_rows,
    example_table,
)
from cityops.cases.duplicates import record_matter
from cityops.kit import InvalidError, Text, WorkingCalendar, to_ms

from .test_stages import due
from .town import Town

LAMP = ItemKey(NATIONAL, Kind.MATTER, "01037")
NOISE = ItemKey(NATIONAL, Kind.MATTER, "06028")
MANAGER = Principal("manager", "manager", "manager", Role.ADMINISTRATOR)


def reported(town: Town, key: ItemKey) -> CaseDetailView:
    case = town.report()
    town.store.write(lambda c: record_matter(c, case.case_id, key, lon=112.55, lat=37.87, opened_ms=1))
    return case


def offered(town: Town, case: CaseDetailView) -> dict[str, str]:
    (file,) = [a for a in town.cases.get(town.acceptor, case.case_id).actions if a.name == "file"]
    return {option["value"]: option["title"]["zh"] for option in file.fields[0].options}


def publish(town: Town, **change: str) -> None:
    """The example table with a change in its row for lamps, as the city's own."""
    rows = [row for one in example_table(Catalogue.built_in()).conditions for row in condition_rows(one)]
    changed = [{**row, **change} if row["code"] == "01037" else row for row in rows]
    tables = RuleTables(town.store, town.clock, Permission.RULES_PUBLISH)
    version = tables.numbers().get(CONDITIONS, 0)
    tables.publish(MANAGER, CONDITIONS, changed, expected_version=version, note="试行")


def test_a_case_is_offered_the_conditions_of_its_matter(small_town: Town) -> None:
    assert offered(small_town, reported(small_town, LAMP)) == {"m01037_1": "路灯异常：单盏路灯不亮"}
    assert list(offered(small_town, reported(small_town, NOISE))) == ["other"]
    everything = offered(small_town, small_town.report())
    assert len(everything) == 17  # nobody has said the matter: the sixteen of the table, and the other
    with pytest.raises(InvalidError):
        small_town.take(small_town.acceptor, reported(small_town, LAMP), "file", standard="m01001_1")


def test_a_later_version_changes_nothing_for_a_filed_case(town: Town) -> None:
    filed = town.take(town.acceptor, reported(town, LAMP), "file", standard="m01037_1")
    publish(town, amount="3", closing="路灯和线路都已修好")
    case = town.take(town.dispatcher, filed, "dispatch", unit="LAMPS")
    # 2 working days after Sunday 22 November, as on the day of filing.
    assert due(case) == "11-24 18:00"
    case = town.take(town.lamps, case, "accept")
    case = town.take(town.lamps, case, "feed_back", result="已修")
    case = town.take(town.dispatcher, case, "confirm")
    (close,) = [a for a in town.cases.get(town.acceptor, case.case_id).actions if a.name == "close"]
    assert close.fields[0].options[0]["title"]["zh"] == "路灯恢复照明"
    new = town.take(town.acceptor, reported(town, LAMP), "file", standard="m01037_1")
    assert due(town.take(town.dispatcher, new, "dispatch", unit="LAMPS")) == "11-25 18:00"


def test_a_condition_that_is_gone_closes_the_cases_filed_under_it(small_town: Town) -> None:
    filed = small_town.take(small_town.acceptor, reported(small_town, LAMP), "file", standard="m01037_1")
    publish(small_town, valid_to="2026-11-01")
    assert list(offered(small_town, reported(small_town, LAMP))) == ["other"]
    case = small_town.take(small_town.dispatcher, filed, "dispatch", unit="WATER")
    case = small_town.take(small_town.water, case, "accept")
    assert small_town.close(case).closing == "met"


def test_a_corrected_calendar_moves_the_deadline_of_a_filed_case_and_says_so(small_town: Town) -> None:
    town = small_town
    town.clock.advance((date(2026, 12, 31) - date(2026, 11, 22)).days * 24 * 3600)
    filed = town.take(town.acceptor, reported(town, LAMP), "file", standard="m01037_1")
    case = town.take(town.dispatcher, filed, "dispatch", unit="LAMPS")
    assert due(case) == "01-04 18:00"  # Thursday plus two working days, by weekends alone
    new_year = Text("元旦", "New Year's Day")
    notice = WorkingCalendar(
        {date(2027, 1, 1): new_year}, {}, known_from=date(2026, 1, 1), known_until=date(2027, 12, 28)
    )
    DeadlineWatch(town.store, town.clock, town.ids, town.workflows, notice).recompute_provisional()
    seen = town.seen(case)
    assert due(seen) == "01-05 18:00"
    told = [step.data for step in seen.timeline if step.action == "deadline.recomputed"]
    (deadline,) = [t.deadline for t in seen.tasks if t.kind == "handle"]
    assert deadline is not None
    assert to_ms(deadline.due_at) in [data["due_ms"] for data in told]
    assert any("元旦" in data["explanation_zh"] for data in told)

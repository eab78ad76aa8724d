"""1,000 real requests (NYC 311: 999 rows and a heading) imported by a mapping and run from filing to evaluation."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from cityops.access import Permission, Principal, Role
from cityops.analysis.evaluation import COUNTERS, Dimension, Evaluations, FactKeeper, Question
from cityops.cases import Rulebook
from cityops.cases.catalogue import LOCAL_ITEMS, RuleTables
from cityops.cases.evidence import EvidenceBook
from cityops.cases.intake import ForeignReports, Intake, import_foreign, read_mapping
from cityops.kit import SHANGHAI, InvalidError, ManualClock
from cityops.places import City
from cityops.scenes import counted_work_of
from cityops.store import Files, Store

from .people import People
from .town import CALENDAR, Town

FILE = Path("/work/shared/data/service_requests_nyc311_1000.csv")
START = datetime(2026, 7, 6, 8, 0, tzinfo=SHANGHAI)
MAPPING = read_mapping("nyc311")
MANAGER = Principal("manager", "manager", "manager", Role.ADMINISTRATOR)
HEADING = "Unique Key,Complaint Type,Descriptor,Created Date,Incident Address,Longitude,Latitude,Borough,Status\n"


class Nyc:
    """A town in the demo city with the city's own entries that the mapping needs."""

    def __init__(self, store: Store, clock: ManualClock, city: City, folder: Path) -> None:
        self.town, self.city = Town(store, clock), city
        self.tables = RuleTables(store, clock, Permission.RULES_PUBLISH)
        self.rulebook = Rulebook(self.tables, clock)
        assert MAPPING.local_items is not None
        rows = MAPPING.local_items.rows
        self.tables.publish(MANAGER, LOCAL_ITEMS, rows, expected_version=0, note="导入外部工单")
        evidence = EvidenceBook(store, Files(folder / "files"), clock, self.town.ids)
        town = self.town
        self.intake = Intake(
            store, clock, town.ids, town.cases, town.workflows, self.rulebook, city, CALENDAR, evidence
        )

    def read(self, content: bytes) -> ForeignReports:
        return import_foreign(content, MAPPING, self.rulebook.rules(), self.city)


@pytest.fixture
def nyc(tmp_path: Path, city: City) -> Nyc:
    clock = ManualClock(START)
    store = Store.open(f"sqlite:///{tmp_path}/nyc.db", clock=clock)
    store.create_all()
    return Nyc(store, clock, city, tmp_path)


def test_a_row_that_cannot_be_read_is_named_by_row_and_column(nyc: Nyc) -> None:
    content = HEADING + (
        "1,Noise - Park,Loud Music,03/01/2011 02:27:57 PM,1 STREET,-73.99,40.66,BROOKLYN,Closed\n"
        "2,Meteorite,N/A,03/01/2011 02:27:57 PM,,-73.99,40.66,BROOKLYN,Closed\n"
        "3,Mold,N/A,2011-03-01,,,,ATLANTIS,Open\n"
        "4,Mold,N/A,03/01/2011 02:27:57 PM,,0,0,,Open\n"
    )
    read = nyc.read(content.encode())
    assert [(error.row, error.column) for error in read.found.errors] == [
        (3, "Complaint Type"),
        (4, "Longitude"),
        (4, "Created Date"),
        (5, "经度"),
    ]
    with pytest.raises(InvalidError):
        read.found.accept()
    (row,) = read.found.accept(valid_only=True)
    # New York's 14:27 on 1 March is 03:27 of the next day in Shanghai; the place by hand from the mapping's figures.
    assert (row.report.key.code, row.report.reference) == ("06028", "1")
    assert row.report.seen_at_ms == round(datetime(2011, 3, 2, 3, 27, tzinfo=SHANGHAI).timestamp() * 1000)
    assert row.report.lon == pytest.approx(0.418247 * -73.99 + 143.489106, abs=1e-6)
    assert row.report.lat == pytest.approx(0.534718 * 40.66 + 16.095801, abs=1e-6)
    for bad in (b"\xff\xfe", HEADING.replace("Status", "State").encode()):
        with pytest.raises(InvalidError):
            nyc.read(bad)


@pytest.mark.skipif(not FILE.exists(), reason=f"{FILE} is not there")
def test_a_thousand_real_requests_from_filing_to_evaluation(nyc: Nyc) -> None:
    read = nyc.read(FILE.read_bytes())
    assert (read.found.rows, read.found.errors) == (999, [])
    rows = read.found.accept()
    first_ms = min(row.report.seen_at_ms or 0 for row in rows)
    arrivals = [
        (
            ((row.report.seen_at_ms or 0) - first_ms) / 1000,
            row.report,
            not row.report.key.code.startswith("90"),
            read.outcomes[row.report.reference or ""] == "closed",
        )
        for row in rows
    ]
    people = People(nyc.town, nyc.intake, seed=311)
    people.work(arrivals)
    nyc.town.clock.advance(60 * 86_400)
    last = nyc.town.clock.now().date()
    assert last - date(2026, 7, 6) < timedelta(days=366)
    question = Question("urban_management", "urban_case", date(2026, 7, 6), last, by=(Dimension.UNIT,))
    works = counted_work_of([nyc.town.scene])
    assert FactKeeper(nyc.town.store, works, CALENDAR).rebuild() == 999
    report = Evaluations(nyc.town.store, nyc.town.clock, works, nyc.tables).report(nyc.town.leader, question)
    counted = {name: getattr(report.total.counters, name) for name in COUNTERS}
    assert counted == {name: people.counted[name] for name in COUNTERS}
    unit_ids = {unit.id: unit.code for unit in nyc.town.units.list(nyc.town.leader)}
    by_unit = {unit_ids[group.key[0]]: group.counters.closed for group in report.groups if group.key[0]}
    assert by_unit == people.closed_by
    assert all(
        people.counted[name] for name in ("deferred", "late_exempted", "voided", "reworked", "dispatch_reworked")
    )

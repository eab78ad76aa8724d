"""The alert book on both databases: identity, corrections, scope, filters, pages, counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cityops.access import SYSTEM, Principal, Role
from cityops.detection import (
    AlertBook,
    AlertFilter,
    AlertIdentity,
    Detector,
    Episode,
    Finding,
    Reevaluation,
    Subject,
)  # fmt: skip
from cityops.kit import ConflictError, ForbiddenError, IdMaker, InvalidError, ManualClock, NotFoundError, Text, from_ms
from cityops.store import Store

T0 = 1_795_312_800_000
WHY = Text("迟到数据", "late data")
Fast = Callable[..., Detector]


@pytest.fixture
def book(store: Store, clock: ManualClock, ids: IdMaker) -> AlertBook:
    return AlertBook(store, clock, ids)


def episode(start_s: int, last_s: int, end_s: int | None = None, severity: int = 2, top: float = 60.0) -> Episode:
    at = (112.5, 37.8)
    end_ms = None if end_s is None else T0 + end_s * 1000
    start_ms, last_ms = T0 + start_s * 1000, T0 + last_s * 1000
    return Episode(start_ms, start_ms + 10_000, last_ms, end_ms, severity, {"top_kmh": top}, at, at, at)


@pytest.fixture
def finding(fast: Fast) -> Callable[..., Finding]:
    detector = fast()

    def make(
        start_s: int, last_s: int, end_s: int | None = None, device: int = 1, unit: str = "U1",
        area: str = "140105", **more: Any,
    ) -> Finding:  # fmt: skip
        subject = Subject(device, f"V{device}", "晋A12345", unit)
        place = {"lon": 112.5, "lat": 37.8, "district_code": area}
        return Finding(detector, subject, episode(start_s, last_s, end_s, **more), {"limit_kmh": 50.0}, place)

    return make


def principal(role: Role, unit_id: str | None = None, areas: tuple[str, ...] = ()) -> Principal:
    return Principal("A1", "someone", "某人", role, unit_id, None, areas)


class TestApply:
    def test_the_same_changes_twice_leave_one(self, book: AlertBook, store: Store, finding: Any) -> None:
        changes = [finding(0, 10), finding(0, 70, severity=3), finding(100, 130, 120)]
        for _ in range(2):
            for change in changes:
                book.apply([change], {"w": 5})
        first, second = reversed(book.list(SYSTEM, AlertFilter()).items)
        assert (first.state, first.severity, first.last_at) == ("active", "serious", from_ms(T0 + 70_000))
        assert (second.state, second.ended_at) == ("ended", from_ms(T0 + 120_000))
        assert [event.topic for event in store.events_after(0, 100)] == [
            "alert.raised", "alert.updated", "alert.raised", "alert.ended",
        ]  # fmt: skip
        assert book.progress() == {"w": 5}

    def test_several_news_of_one_alert_at_once(self, book: AlertBook, finding: Any) -> None:
        applied = book.apply([finding(0, 10), finding(0, 70, severity=3), finding(0, 90, 80, severity=3)])
        assert (applied.raised, applied.updated, applied.ended) == (1, 1, 1)
        assert book.list(SYSTEM, AlertFilter()).total == 1

    def test_older_news_do_not_undo_newer(self, book: AlertBook, finding: Any) -> None:
        book.apply([finding(0, 100, 90)])
        assert book.apply([finding(0, 70)]).unchanged == 1
        assert book.list(SYSTEM, AlertFilter()).items[0].state == "ended"

    def test_a_re_evaluation_keeps_corrects_withdraws_and_raises(self, book: AlertBook, finding: Any) -> None:
        book.apply([finding(0, 50, 40), finding(100, 150, 140), finding(200, 250, 240)])
        ids = {a.started_at: a.alert_id for a in book.list(SYSTEM, AlertFilter()).items}
        found = finding(0, 50, 40)
        later = (found, finding(90, 150, 140), finding(300, 330))
        applied = book.apply([Reevaluation(found.detector, found.subject, T0, later, WHY)])
        assert (applied.unchanged, applied.corrected, applied.withdrawn, applied.raised) == (1, 1, 1, 1)
        stands = {a.started_at: a for a in book.list(SYSTEM, AlertFilter()).items}
        assert stands[from_ms(T0 + 90_000)].alert_id == ids[from_ms(T0 + 100_000)]
        assert stands[from_ms(T0 + 200_000)].state == "withdrawn"
        assert stands[from_ms(T0 + 300_000)].state == "active"

    def test_alerts_before_the_cut_are_left_alone(self, book: AlertBook, finding: Any) -> None:
        book.apply([finding(0, 50, 40)])
        found = finding(100, 150)
        applied = book.apply([Reevaluation(found.detector, found.subject, T0 + 51_000, (), WHY)])
        assert applied.withdrawn == 0

    def test_other_vehicles_and_detectors_are_left_alone(self, book: AlertBook, finding: Any) -> None:
        book.apply([finding(0, 50, device=1), finding(0, 50, device=2)])
        found = finding(0, 50, device=1)
        book.apply([Reevaluation(found.detector, found.subject, T0, (), WHY)])
        assert [a.state for a in book.list(SYSTEM, AlertFilter(device=2)).items] == ["active"]
        assert [a.state for a in book.list(SYSTEM, AlertFilter(device=1)).items] == ["withdrawn"]

    def test_an_identity_is_handed_over_from_a_withdrawn_alert(self, book: AlertBook, finding: Any) -> None:
        detector, subject = finding(0, 10).detector, finding(0, 10).subject
        book.apply([finding(0, 50, 40), finding(60, 100)])
        book.apply([Reevaluation(detector, subject, T0, (finding(60, 100),), WHY)])  # the first is withdrawn
        book.apply([Reevaluation(detector, subject, T0, (finding(0, 100),), WHY)])  # the second began at 0
        rows = {a.state: a for a in book.list(SYSTEM, AlertFilter()).items}
        assert rows["active"].identity == f"test/fast/v1/1/{T0}"
        assert rows["withdrawn"].identity.startswith(f"test/fast/v1/1/{T0}~")

    def test_a_case_is_linked_once(self, book: AlertBook, store: Store, finding: Any) -> None:
        book.apply([finding(0, 50)])
        alert_id = book.list(SYSTEM, AlertFilter()).items[0].alert_id
        for _ in range(2):
            store.write(lambda conn: book.link_case(conn, alert_id, "C1"))
        with pytest.raises(ConflictError):
            store.write(lambda conn: book.link_case(conn, alert_id, "C2"))
        with pytest.raises(NotFoundError):
            store.write(lambda conn: book.link_case(conn, "none", "C2"))
        detail = book.get(SYSTEM, alert_id)
        assert detail.case_id == "C1"
        assert [event.action for event in detail.history] == ["raised", "case"]

    def test_a_case_stays_when_the_alert_goes_on(self, book: AlertBook, store: Store, finding: Any) -> None:
        book.apply([finding(0, 50)])
        alert_id = book.list(SYSTEM, AlertFilter()).items[0].alert_id
        store.write(lambda conn: book.link_case(conn, alert_id, "C1"))
        book.apply([finding(0, 110, top=99.0), replace(finding(0, 120, 115, top=99.0))])
        detail = book.get(SYSTEM, alert_id)
        assert (detail.case_id, detail.state, detail.version) == ("C1", "ended", 4)


class TestRead:
    @pytest.fixture
    def filled(self, book: AlertBook, finding: Any) -> AlertBook:
        book.apply(
            [
                finding(0, 50, 40, device=1, unit="U1", area="140105"),
                finding(60, 110, device=2, unit="U2", area="140106", severity=3, top=123.0),
                finding(7200, 7300, device=3, unit="U1", area="140105", severity=4),
            ]
        )
        return book

    def devices(self, book: AlertBook, who: Principal, **which: Any) -> list[int]:
        return [a.device for a in book.list(who, AlertFilter(**which)).items]

    def test_scope(self, filled: AlertBook) -> None:
        assert self.devices(filled, SYSTEM) == [3, 2, 1]
        assert self.devices(filled, principal(Role.DISPATCHER)) == [3, 2, 1]
        assert self.devices(filled, principal(Role.ENTERPRISE, "U2")) == [2]
        assert self.devices(filled, principal(Role.ENTERPRISE)) == []
        assert self.devices(filled, principal(Role.DISTRICT, areas=("140105",))) == [3, 1]

    def test_permission_comes_first(self, filled: AlertBook) -> None:
        with pytest.raises(ForbiddenError):
            filled.list(principal(Role.CREW, "U1"), AlertFilter())
        with pytest.raises(ForbiddenError):
            filled.counts(principal(Role.CREW, "U1"), AlertFilter(), "state")
        other = filled.list(SYSTEM, AlertFilter(device=2)).items[0].alert_id
        with pytest.raises(NotFoundError):
            filled.get(principal(Role.ENTERPRISE, "U1"), other)

    def test_plates_are_masked_by_role(self, filled: AlertBook) -> None:
        assert filled.list(principal(Role.ENTERPRISE, "U2"), AlertFilter()).items[0].plate == "晋A12345"
        assert filled.list(principal(Role.ANALYST), AlertFilter()).items[0].plate == "晋A·***45"

    def test_filters(self, filled: AlertBook) -> None:
        assert self.devices(filled, SYSTEM, state="ended") == [1]
        assert self.devices(filled, SYSTEM, severity="serious") == [2]
        assert self.devices(filled, SYSTEM, min_severity=3) == [3, 2]
        assert self.devices(filled, SYSTEM, unit_id="U1", from_ms=T0 + 1) == [3]
        assert self.devices(filled, SYSTEM, to_ms=T0 + 60_000) == [1]
        assert self.devices(filled, SYSTEM, q="123 km") == [2]
        assert self.devices(filled, SYSTEM, q="12345") == []  # not a search for plates
        assert self.devices(filled, SYSTEM, q="%") == []
        assert self.devices(filled, SYSTEM, detector="other") == []
        with pytest.raises(InvalidError):
            self.devices(filled, SYSTEM, severity="awful")

    def test_pages(self, filled: AlertBook) -> None:
        page = filled.list(SYSTEM, AlertFilter(), page=2, page_size=2)
        assert ([a.device for a in page.items], page.total, page.page) == ([1], 3, 2)
        for bad in ({"page": 0}, {"page_size": 0}, {"page_size": 501}):
            with pytest.raises(InvalidError):
                filled.list(SYSTEM, AlertFilter(), **bad)
        assert len(filled.export(SYSTEM, AlertFilter())) == 3

    def test_counts(self, filled: AlertBook) -> None:
        everything = AlertFilter()
        assert filled.counts(SYSTEM, everything, "severity") == {"warning": 1, "serious": 1, "critical": 1}
        assert filled.counts(SYSTEM, everything, "unit_id") == {"U1": 2, "U2": 1}
        assert filled.counts(SYSTEM, everything, "state") == {"ended": 1, "active": 2}
        assert filled.counts(SYSTEM, everything, "hour") == {"10": 2, "12": 1}
        assert filled.counts(SYSTEM, everything, "year") == {"2026": 3}
        assert filled.counts(principal(Role.ENTERPRISE, "U2"), everything, "detector") == {"fast": 1}


class TestIdentity:
    def test_written_and_read(self) -> None:
        identity = AlertIdentity("key_vehicles", "overspeed", 3, 17, T0)
        assert str(identity) == f"key_vehicles/overspeed/v3/17/{T0}"
        assert AlertIdentity.parse(str(identity)) == identity

    @pytest.mark.parametrize("text", ["", "a/b/c", "a/b/3/4/5", "a/b/v3/x/5", "A/b/v3/4/5", "a/b/v3/4/5/6"])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidError):
            AlertIdentity.parse(text)

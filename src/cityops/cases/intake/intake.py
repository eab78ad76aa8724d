"""The intake of reports (受理): what a report may be, where it would go, what is the same already; then it is filed."""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy import Connection, select

from cityops.access import Permission, Principal
from cityops.cases.catalogue import MAX_QUERY, Decision, ItemKey, Kind, Match
from cityops.cases.engine import Cases
from cityops.cases.evidence import EvidenceBook
from cityops.cases.intake.claims import Claims
from cityops.cases.intake.correcting import case_to_correct, write_matter
from cityops.cases.intake.filing import TWICE, Ready, filed_before, join_open, note_report, open_from
from cityops.cases.intake.near import like_case, near_cases
from cityops.cases.intake.routing import routed, suggested_units
from cityops.cases.intake.tables import intake_table
from cityops.cases.intake.values import (
    Filed,
    FittingStandard,
    NearCase,
    NewCaseReport,
    StageDue,
    Suggestion,
    check_report,
)
from cityops.cases.rulebook import Rulebook, Rules
from cityops.cases.scope import case_scope
from cityops.cases.stepping import not_found
from cityops.cases.tables import case_table
from cityops.cases.workflow import Workflows
from cityops.kit import Clock, ConflictError, IdMaker, InvalidError, Text, WorkingCalendar, from_ms
from cityops.places import City, PlaceInfo
from cityops.store import Store

RECENT: Final = 50
"""How many of a person's last reports say which matters come first."""
_RECENT_SCORE: Final = 0.1
_RECENT_WHY: Final = Text("最近上报过", "reported before")
_CHOSEN_WHY: Final = Text("已选定", "chosen")


class Intake:
    """Suggests while a report is written, and files it.

    Args:
        store: the relational store.
        clock: the time.
        ids: makes identifiers.
        cases: the engine.
        workflows: by (scene, kind); their ``intake`` says who takes which matter.
        rulebook: the rules in force.
        city: finds the place of a point.
        calendar: working days for the deadlines shown.
        evidence: what was uploaded before filing.

    Raises:
        ConfigError: two workflows claim the same matter.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        ids: IdMaker,
        cases: Cases,
        workflows: Workflows,
        rulebook: Rulebook,
        city: City,
        calendar: WorkingCalendar,
        evidence: EvidenceBook,
    ) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._cases = cases
        self._workflows = workflows
        self._claims = Claims(workflows)
        self._rulebook = rulebook
        self._city = city
        self._calendar = calendar
        self._evidence = evidence

    # --- while it is written -------------------------------------------------------------------------------

    def suggest(
        self,
        principal: Principal,
        *,
        words: str,
        lon: float | None = None,
        lat: float | None = None,
        at_ms: int | None = None,
        source: str = "hotline",
        key: ItemKey | None = None,
        limit: int = 8,
    ) -> Suggestion:
        """What a report may be and what would follow, from what is known so far.

        Args:
            principal: who reports.
            words: what was said so far, or a code, pinyin, initials; empty: the matters of this person's last reports.
            lon: WGS-84 degrees; None: the place is not known yet.
            lat: WGS-84 degrees.
            at_ms: when it was seen; None: now.
            source: one of ``SOURCES``.
            key: the matter that was chosen, listed first where the words do not find it; None: the best one found.
            limit: how many matters, 1 to 100.

        Raises:
            ForbiddenError: without ``cases.report``. NotFoundError: no such matter.
        """
        principal.require(Permission.CASES_REPORT)
        moment_ms = self._clock.now_ms() if at_ms is None else at_ms
        place = None if lon is None or lat is None else self._city.locate(lon, lat)
        with self._store.read() as conn:
            rules = self._rulebook.rules(conn)
            matters = self._matters(conn, rules, principal, words, limit)
            if key is not None and all(match.item.key != key for match in matters):
                matters = [Match(rules.catalogue.get(key), 1.0, _CHOSEN_WHY), *matters]
            chosen = key or (matters[0].item.key if matters else None)
            if chosen is None:
                return Suggestion(place, (), None, (), None, ())
            near: tuple[NearCase, ...] = ()
            if lon is not None and lat is not None:
                near = near_cases(conn, self._workflows, rules.duplicates, chosen, lon=lon, lat=lat, at_ms=moment_ms)
            route = suggested_units(conn, rules, routed(chosen, place, source, rules.on))
        return Suggestion(place, tuple(matters), chosen, near, route, self._standards(rules, chosen))

    def duplicates(
        self, principal: Principal, key: ItemKey, lon: float, lat: float, at_ms: int | None = None
    ) -> tuple[NearCase, ...]:
        """Open cases that may be about the same thing, nearest first."""
        principal.require(Permission.CASES_REPORT)
        moment_ms = self._clock.now_ms() if at_ms is None else at_ms
        with self._store.read() as conn:
            rules = self._rulebook.rules(conn).duplicates
            return near_cases(conn, self._workflows, rules, key, lon=lon, lat=lat, at_ms=moment_ms)

    def duplicates_of(self, principal: Principal, case_id: str) -> tuple[NearCase, ...]:
        """Other open cases that may be about the same as this one (疑似重复); a person decides whether to merge.

        Raises:
            ForbiddenError: without ``cases.open``. NotFoundError: no such case for this person.
        """
        principal.require(Permission.CASES_OPEN)
        query = select(case_table).where(case_table.c.id == case_id, case_scope(principal))
        with self._store.read() as conn:
            case = conn.execute(query).mappings().one_or_none()
            if case is None:
                raise not_found()
            return like_case(conn, self._workflows, self._rulebook.rules(conn).duplicates, case)

    def explain_route(self, key: ItemKey, place: PlaceInfo | None, source: str, on: date | None = None) -> Decision:
        """Which row of the routing table decides where a report goes, and every row that was looked at."""
        rules = self._rulebook.rules()
        return rules.router.explain(routed(key, place, source, on or rules.on))

    # --- filing --------------------------------------------------------------------------------------------

    def file(self, principal: Principal, new: NewCaseReport) -> Filed:
        """File a report: it is a case, or belongs to one, when this returns.

        Raises:
            ForbiddenError: without ``cases.report``, or a source that is not this person's.
            InvalidError: a field is wrong, or no scene takes the matter.
            NotFoundError: no such matter, no such case to join, no such evidence of this person.
            ConflictError: the case to join has ended; the ``client_id`` was used for another report.
        """
        place = self._city.locate(new.lon, new.lat)
        try:
            return self._store.write(lambda conn: self.file_in(conn, principal, new, place))
        except ConflictError as error:
            if error.code != TWICE:
                raise
        with self._store.read() as conn:
            before = filed_before(conn, principal, new)
        assert before is not None  # the other connection has committed
        return before

    def file_in(
        self, conn: Connection, principal: Principal, new: NewCaseReport, place: PlaceInfo | None = None
    ) -> Filed:
        """As ``file``, inside a transaction of the caller; ``place``: where it is, if the caller knows."""
        principal.require(Permission.CASES_REPORT)
        check_report(principal, new)
        before = filed_before(conn, principal, new)
        if before is not None:
            return before
        ready = self._ready(conn, new, place or self._city.locate(new.lon, new.lat))
        if new.join_case_id is None:
            case_id = open_from(conn, self._cases, principal, ready)
        else:
            case_id = join_open(conn, self._cases, principal, ready, self._near_ids(conn, new))
        self._evidence.attach(conn, principal, new.evidence_ids, case_id)
        return note_report(conn, principal, new, case_id, self._ids.next(), self._clock.now_ms())

    def correct(self, principal: Principal, case_id: str, key: ItemKey, version: int) -> None:
        """Correct the matter of a case that is still with the desk (更正事项); its unit is suggested anew.

        Raises:
            ForbiddenError: without ``cases.open``. NotFoundError: no such case for this person, no such matter.
            InvalidError: the case has no matter, or another scene takes this one.
            ConflictError: ``case.stale``; ``intake.filed``: it is filed already.
        """
        self._store.write(lambda conn: self._correct(conn, principal, case_id, key, version))

    # --- inside --------------------------------------------------------------------------------------------

    def _ready(self, conn: Connection, new: NewCaseReport, place: PlaceInfo) -> Ready:
        rules = self._rulebook.rules(conn)
        item = rules.catalogue.get(new.key)
        scene, kind = self._claims.of(new.key)
        units = suggested_units(conn, rules, routed(new.key, place, new.source, rules.on))
        return Ready(new, item, place, scene, kind, units)

    def _correct(self, conn: Connection, principal: Principal, case_id: str, key: ItemKey, version: int) -> None:
        case = case_to_correct(conn, self._cases, principal, case_id, version)
        rules = self._rulebook.rules(conn)
        item = rules.catalogue.get(key)
        if self._claims.of(key) != (case["scene"], case["kind"]):
            raise InvalidError(
                f"“{item.name}”由其他场景受理",
                f"another scene takes {item.name!r}",
                code="intake.other_scene",
                kept=Text("案件没有变化", "the case was not changed"),
                todo=Text("请作废此案，按该事项重新上报", "void this case and report it anew"),
            )
        place = self._city.locate(case["lon"], case["lat"])
        source = conn.execute(select(intake_table.c.source).where(intake_table.c.case_id == case_id).limit(1)).scalar()
        units = suggested_units(conn, rules, routed(key, place, source or "", rules.on))
        write_matter(conn, self._cases, principal, case, item, units)

    def _near_ids(self, conn: Connection, new: NewCaseReport) -> set[str]:
        at_ms = self._clock.now_ms() if new.seen_at_ms is None else new.seen_at_ms
        rules = self._rulebook.rules(conn).duplicates
        near = near_cases(conn, self._workflows, rules, new.key, lon=new.lon, lat=new.lat, at_ms=at_ms)
        return {one.case_id for one in near}

    def _matters(self, conn: Connection, rules: Rules, principal: Principal, words: str, limit: int) -> list[Match]:
        recent, search = _recent(conn, principal), rules.search  # made before the first word, while the desk waits
        if words.strip():
            return search.rate(words.strip()[:MAX_QUERY], limit, recent, Kind.MATTER)
        known = [rules.catalogue.get(key) for key in recent if rules.catalogue.has(key)]
        return [Match(item, _RECENT_SCORE, _RECENT_WHY) for item in known[:limit]]

    def _standards(self, rules: Rules, key: ItemKey) -> tuple[FittingStandard, ...]:
        now = from_ms(self._clock.now_ms())
        return tuple(
            FittingStandard(
                condition.number,
                condition.filing,
                condition.closing,
                condition.evidence,
                tuple(
                    StageDue(due.stage.name, due.result, due.planned)
                    for due in condition.deadlines(now, self._calendar)
                ),
            )
            for condition in rules.conditions.of(key, rules.on)
        )


def _recent(conn: Connection, principal: Principal) -> list[ItemKey]:
    """The matters of a person's last reports, the newest first."""
    i = intake_table.c
    query = select(i.standard, i.kind, i.code).where(i.account_id == principal.account_id)
    rows = conn.execute(query.order_by(i.id.desc()).limit(RECENT))
    return list(dict.fromkeys(ItemKey(row.standard, Kind(row.kind), row.code) for row in rows))

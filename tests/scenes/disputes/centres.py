"""The centres of three levels with their people on a real store, and shorthand for walking a case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.scenes.rooms import installed_scenes, scene_context
from tests.scenes.urban_management.town import OneHash

from cityops.access import SYSTEM, Accounts, Principal
from cityops.cases import CaseDetailView, DeadlineWatch, Step
from cityops.kit import IdMaker, ManualClock, WorkingCalendar
from cityops.places import City
from cityops.scenes import workflows_of
from cityops.scenes.disputes.demo import DEMO_ACCOUNTS, DEMO_UNITS, TOWN
from cityops.scenes.disputes.meetings import Meetings
from cityops.scenes.disputes.registering import NewDispute, NewParty, register
from cityops.scenes.people import CITY_ACCOUNTS, CITY_UNITS, seed_units
from cityops.store import Store

CALENDAR = WorkingCalendar.official()
PHONE = "13900000001"
NEIGHBOURS = NewDispute(
    field="neighbours",
    source="person",
    account="楼上渗水",
    parties=[NewParty("applicant", "甲某", PHONE), NewParty("respondent", "乙某")],
    people=2,
    amount_fen=300_000,
)


class Centres:
    """The demo's centres and people without its cases."""

    def __init__(self, store: Store, clock: ManualClock, city: City, folder: Path, like: Centres | None = None) -> None:
        """``like``: the store is a copy of theirs, with everybody in it."""
        self.clock, self.store = clock, store
        self.context = scene_context(store, clock, city, folder)
        self.cases = self.context.cases
        if like is None:
            self.units = seed_units(self.context, (*CITY_UNITS, *DEMO_UNITS))
            accounts = Accounts(store, clock, IdMaker(clock), OneHash())
            self.people = {one.username: self._person(accounts, one) for one in (*CITY_ACCOUNTS, *DEMO_ACCOUNTS)}
        else:
            self.units, self.people = like.units, like.people
        self.county, self.town, self.village = (self.people[f"dispute_{at}"] for at in ("county", "town", "village"))
        self.mediator, self.town_mediator = self.people["mediator_village"], self.people["mediator_town"]
        self.dispatcher, self.leader = self.people["dispatcher"], self.people["leader"]
        self.meetings = Meetings(self.context)

    def _person(self, accounts: Accounts, one: Any) -> Principal:
        made = accounts.create(
            SYSTEM,
            username=one.username,
            password="a test's password",
            display_name=one.display_name,
            role=one.role,
            unit_id=self.units[one.unit],
            area_codes=one.area_codes,
        )
        return Principal(
            made.id, made.username, made.display_name, made.role, made.unit_id, made.unit_name, made.area_codes
        )

    def watch(self) -> DeadlineWatch:
        workflows = workflows_of(installed_scenes().values())
        return DeadlineWatch(self.store, self.clock, IdMaker(self.clock), workflows, CALENDAR)

    def registered(self, new: NewDispute = NEIGHBOURS, who: Principal | None = None) -> CaseDetailView:
        return self.cases.get(self.leader, register(self.context, who or self.village, new))

    def take(
        self, who: Principal, case: CaseDetailView, action: str, comment: str | None = None, **form: Any
    ) -> CaseDetailView:
        """Take a step that is offered to this person, and nothing that is not."""
        seen = self.cases.get(who, case.case_id)
        offered = {one.name: one for one in seen.actions}
        assert action in offered, (action, sorted(offered), seen.state)
        step = Step(seen.version, offered[action].task_id, form, comment)
        return self.cases.act(who, case.case_id, action, step)

    def names(self, who: Principal, case: CaseDetailView) -> set[str]:
        return {one.name for one in self.cases.get(who, case.case_id).actions}

    def tasks(self, case: CaseDetailView, kind: str) -> list[tuple[str | None, str]]:
        seen = self.cases.get(self.leader, case.case_id)
        return [(task.unit_name, task.state) for task in seen.tasks if task.kind == kind]

    @property
    def now(self) -> str:
        return self.clock.now().isoformat()

    def mediating(self, who: Principal | None = None, mediator: str = "mediator_village") -> CaseDetailView:
        unit = who or self.village
        case = self.take(unit, self.registered(who=unit), "accept", answer="已受理")
        return self.take(unit, case, "name_mediator", mediator=mediator)

    def agreed(self) -> CaseDetailView:
        return self.take(self.mediator, self.mediating(), "agree", content="十日内修好防水，双方各半")

    def visited(self, case: CaseDetailView, performance: str = "kept") -> CaseDetailView:
        return self.take(self.mediator, case, "record_visit", visited_at=self.now, performance=performance)

    def closed(self) -> CaseDetailView:
        case = self.visited(self.agreed())
        case = self.take(self.mediator, case, "record_later_visit", visited_at=self.now, result="邻里和好")
        return self.take(self.village, case, "close", answer="已化解")

    def raised(self, case: CaseDetailView, to: str = TOWN, why: str = "两个社区都涉及") -> CaseDetailView:
        return self.take(self.village, case, "transfer", why, unit=to)

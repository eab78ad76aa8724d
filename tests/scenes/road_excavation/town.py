"""The scene with its demo on a real store, and shorthand for walking a case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.scenes.rooms import scene_context
from tests.scenes.urban_management.town import OneHash

from cityops.access import Accounts, Principal
from cityops.cases import CaseDetailView, Step
from cityops.kit import ManualClock
from cityops.places import City
from cityops.scenes import SceneContext, seed_city
from cityops.scenes.road_excavation import scene
from cityops.scenes.road_excavation.findings import NewFinding, report
from cityops.store import Store

MAIN = 112.55, 37.80
STOP: dict[str, Any] = {
    "party": "太原某建筑公司",
    "party_kind": "organisation",
    "area_m2": 8,
    "buried": "供热管道",
    "permit": "no_permit",
    "found_on": "2026-11-20T09:00:00+08:00",
    "stopped_on": "2026-11-20T10:30:00+08:00",
    "restore_by": "2026-11-27T18:00:00+08:00",
}
"""Sunday 2026-11-22 09:00 is now."""


class Town:
    """The rooms with the scene's demo; ``who[name]`` are its people."""

    def __init__(self, store: Store, clock: ManualClock, city: City, folder: Path) -> None:
        self.clock = clock
        context = scene_context(store, clock, city, folder)
        self.context: SceneContext = replace(context, accounts=Accounts(store, clock, context.ids, OneHash()))
        self.cases = self.context.cases

    def seed(self) -> None:
        """The city's people and the scene's demo."""
        seed_city(self.context)
        scene().demo(self.context)

    def who(self, username: str) -> Principal:
        found = self.context.accounts.find(username)
        assert found is not None, username
        return Principal(
            found.id, found.username, found.display_name, found.role, found.unit_id, found.unit_name, found.area_codes
        )

    def found(self, by: str = "road_collector") -> CaseDetailView:
        return report(self.context, self.who(by), NewFinding(*MAIN, "万柏林区上庄街", "挖了一条沟"))

    def take(
        self, username: str, case: CaseDetailView, action: str, comment: str | None = None, **form: Any
    ) -> CaseDetailView:
        """Take a step that is offered to this person, and nothing that is not."""
        who = self.who(username)
        seen = self.cases.get(who, case.case_id)
        offered = {one.name: one for one in seen.actions}
        assert action in offered, (action, sorted(offered), seen.state)
        step = Step(seen.version, offered[action].task_id, form, comment)
        return self.cases.act(who, case.case_id, action, step)

    def stopped(self, **changes: Any) -> CaseDetailView:
        case = self.take("dispatcher", self.found(), "send_inspector", inspectors="RE-INSPECTION")
        return self.take("road_inspector", case, "order_stop", **{**STOP, **changes})

    def transferred(self, team: str = "RE-TEAM-2", **changes: Any) -> CaseDetailView:
        return self.take("road_inspector", self.stopped(**changes), "transfer", team=team, opinion="事实清楚，请处罚")

    def proposed(self, grade: str = "ordinary", fine: float = 20000, **changes: Any) -> CaseDetailView:
        case = self.take("team2", self.transferred(**changes), "sign_receipt", receiver="李队")
        case = self.take("team2", case, "file_case", investigator="team2_h1")
        return self.take(
            "team2_h1", case, "propose", facts="现场照片三张、询问笔录。", heard=True, grade=grade, fine_yuan=fine
        )

    def decided(self) -> CaseDetailView:
        return self.take("team2", self.proposed(), "decide", grade="ordinary", fine_yuan=20000)

    def names(self, username: str, case: CaseDetailView) -> set[str]:
        return {one.name for one in self.cases.get(self.who(username), case.case_id).actions}

"""Two schools with canteens, their plans and checklists, and the people who inspect, rectify and supervise."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.api.world import small_city

from cityops.access import SYSTEM, Permission, Principal, Role, UnitKind, Units
from cityops.cases import CaseDetailView, Cases, Step
from cityops.cases.catalogue import RuleTables
from cityops.cases.evidence import EvidenceBook, EvidenceRole, NewEvidence
from cityops.dispatch import crew_effects
from cityops.inspections import (
    RECTIFICATION,
    Inspection,
    InspectionPlan,
    Inspections,
    ItemAnswer,
    NewInspection,
    RectificationSpec,
    SceneInspections,
    rectification_workflow,
)
from cityops.kit import SHANGHAI, IdMaker, ManualClock, Text, WorkingCalendar, to_ms
from cityops.registers import RegisterObject, Registers, RegisterSpec
from cityops.store import Files, Store

SCENE = "school"
WEST, EAST = "140105", "140106"
CANTEEN = RegisterSpec.model_validate(
    {
        "name": "canteen",
        "title": {"zh": "食堂", "en": "Canteens"},
        "states": {
            "active": {"title": {"zh": "供餐", "en": "Serving"}},
            "closed": {"title": {"zh": "停用", "en": "Closed"}, "idle": True},
        },
        "fields": [
            {
                "name": "kind",
                "title": {"zh": "类别", "en": "Kind"},
                "kind": "choice",
                "filter": True,
                "options": [{"value": one, "title": {"zh": one, "en": one}} for one in ("primary", "senior")],
            },
            {
                "name": "meals",
                "title": {"zh": "餐次", "en": "Meals"},
                "kind": "choices",
                "options": [{"value": one, "title": {"zh": one, "en": one}} for one in ("lunch", "dinner")],
            },
            {"name": "boarding", "title": {"zh": "寄宿", "en": "Boarding"}, "kind": "boolean"},
            {"name": "served", "title": {"zh": "人数", "en": "Served"}, "kind": "integer"},
            {"name": "note", "title": {"zh": "备注", "en": "Note"}},
        ],
        "read": ["dispatcher", "enterprise", "collector", "handler"],
        "write": ["unit", "district"],
    }
)
ITEMS = [
    {"no": "1.1", "class": "环境", "item": "地面清洁", "basis": "本市清单"},
    {
        "no": "1.2",
        "class": "环境",
        "item": "防鼠板完好",
        "evidence": "photo_if_failed",
        "weight": "3",
        "grade": "serious",
    },
    {"no": "2.1", "class": "留样", "item": "留样满 48 小时", "evidence": "photo", "weight": "0"},
]
PLANS: list[dict[str, Any]] = [
    {"name": "daily", "register": "canteen", "by": "unit", "rules": [{"every": "day"}], "calendar": "school"},
    {"name": "monthly", "register": "canteen", "checklist": "items", "rules": [
        {"every": "half_month", "when": [{"field": "served", "least": 1000}]}, {"every": "month"}]},
]  # fmt: skip
RECTIFIED: dict[str, Any] = {
    "number_prefix": "SC",
    "limits": {
        "general": {"amount": 10, "unit": "calendar_day"},
        "serious": {"amount": 5, "unit": "calendar_day"},
        "major": {"amount": 1, "unit": "calendar_day"},
    },
    "recheck": {"amount": 2, "unit": "working_day"},
    "look_back": {"amount": 30, "unit": "calendar_day"},
}


def at(text: str) -> int:
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))


def photo(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(out, "JPEG")
    return out.getvalue()


@dataclass
class Room:
    """The inspections of two canteens with all rooms under it."""

    store: Store
    clock: ManualClock
    ids: IdMaker
    files: Files
    registers: Registers
    cases: Cases
    evidence: EvidenceBook
    rules: RuleTables
    inspections: Inspections
    people: dict[str, Principal] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    objects: dict[str, RegisterObject] = field(default_factory=dict)
    sent: int = 0

    def canteen(self, code: str, unit: str | None, supervisor: str | None, area: str, **data: Any) -> RegisterObject:
        made = self.registers.create(
            self.people["keeper"],
            register="canteen",
            code=code,
            title=f"{code}食堂",
            unit_id=self.units[unit] if unit else None,
            supervisor_id=self.units[supervisor] if supervisor else None,
            area_code=area,
            lon=112.52 if area == WEST else 112.57,
            lat=37.70,
            data=data,
        )
        self.objects[code] = made
        return made

    def photo(self, who: str, colour: str = "red") -> str:
        self.sent += 1
        new = NewEvidence(f"photo-{self.sent:06d}", EvidenceRole.BEFORE)
        return self.evidence.add(self.people[who], new, [photo(colour)]).id

    def monthly(self, who: str, code: str, **changes: Any) -> NewInspection:
        """An inspection of every item, all passed, unless changed."""
        self.sent += 1
        now_ms = self.clock.now_ms()
        values: dict[str, Any] = {
            "client_id": f"phone-{self.sent:06d}",
            "scene": SCENE,
            "plan": "monthly",
            "object_id": self.objects[code].id,
            "started_ms": now_ms - 60_000,
            "finished_ms": now_ms,
            "checklist_version": 0,
        }
        if "items" not in changes:
            changes["items"] = self.answers(who)
        return NewInspection(**{**values, **changes})

    def answers(self, who: str, **results: ItemAnswer) -> Sequence[ItemAnswer]:
        passed = {
            "1.1": ItemAnswer("1.1", "passed"),
            "1.2": ItemAnswer("1.2", "passed"),
            "2.1": ItemAnswer("2.1", "passed", evidence_ids=(self.photo(who),)) if "i21" not in results else None,
        }
        for name, answer in results.items():
            passed[f"{name[1]}.{name[2]}"] = answer
        return [answer for answer in passed.values() if answer is not None]

    def daily(self, who: str, code: str, **changes: Any) -> NewInspection:
        return self.monthly(
            who, code, plan="daily", items=(), checklist_version=None, **{"comment": "已自查", **changes}
        )

    def record(self, who: str, new: NewInspection) -> Inspection:
        return self.inspections.record(self.people[who], new)

    def act(self, who: str, case_id: str, action: str, comment: str | None = None, **form: Any) -> CaseDetailView:
        """Take a step as the page offers it."""
        case = self.cases.get(self.people[who], case_id)
        offered = next(one for one in case.actions if one.name == action)
        step = Step(case.version, offered.task_id, form, comment)
        return self.cases.act(self.people[who], case_id, action, step)


@pytest.fixture
def clock() -> ManualClock:
    """Wednesday 2026-11-18 09:00 in Shanghai, standing still."""
    return ManualClock(datetime(2026, 11, 18, 9, 0, tzinfo=SHANGHAI))


def compose(store: Store, clock: ManualClock, ids: IdMaker, folder: Path) -> Room:
    city, calendar = small_city(), WorkingCalendar.official()
    workflow = rectification_workflow(RectificationSpec.model_validate(RECTIFIED))
    cases = Cases(store, clock, ids, {(SCENE, RECTIFICATION): workflow}, calendar, crew_effects())
    files = Files(folder / "files")
    evidence = EvidenceBook(store, files, clock, ids)
    rules = RuleTables(store, clock, Permission.RULES_PUBLISH)
    registers = Registers(store, clock, ids, [CANTEEN], city)
    plans = [InspectionPlan.model_validate({**plan, "title": {"zh": "计划", "en": "Plan"}}) for plan in PLANS]
    declared = SceneInspections(SCENE, plans, {"items": (Text("食堂检查表", "Canteen checklist"), ITEMS)})
    inspections = Inspections(
        store, clock, ids, registers=registers, cases=cases, evidence=evidence, rules=rules, calendar=calendar,
        city=city, declared=[declared],
    )  # fmt: skip
    return Room(store, clock, ids, files, registers, cases, evidence, rules, inspections)


def populate(room: Room, ids: IdMaker) -> None:
    units = Units(room.store, room.clock, ids)
    for code, kind, area in (
        ("school1", UnitKind.ENTERPRISE, WEST),
        ("school2", UnitKind.ENTERPRISE, EAST),
        ("market", UnitKind.DEPARTMENT, WEST),
    ):
        room.units[code] = units.create(SYSTEM, code=code, name=f"{code}单位", kind=kind, area_code=area).id
    scopes: dict[str, tuple[Role, dict[str, Any]]] = {
        "keeper": (Role.SHIFT_LEADER, {}),
        "dispatcher": (Role.DISPATCHER, {}),
        "school1": (Role.ENTERPRISE, {"unit_id": room.units["school1"]}),
        "school2": (Role.UNIT, {"unit_id": room.units["school2"]}),
        "market": (Role.UNIT, {"unit_id": room.units["market"]}),
        "inspector": (Role.HANDLER, {"unit_id": room.units["market"]}),
        "west": (Role.DISTRICT, {"area_codes": (WEST,)}),
        "east": (Role.DISTRICT, {"area_codes": (EAST,)}),
        "auditor": (Role.AUDITOR, {}),
    }
    for name, (role, scope) in scopes.items():
        room.people[name] = Principal(ids.next(), name, name, role, **scope)
    room.canteen("A", "school1", "market", WEST, kind="senior", served=1200)
    room.canteen("B", "school2", "market", EAST, kind="primary", served=300)


@pytest.fixture
def sqlite_room(sqlite_store: Store, clock: ManualClock, ids: IdMaker, tmp_path: Path) -> Room:
    """For what the database does not matter to."""
    made = compose(sqlite_store, clock, ids, tmp_path)
    populate(made, ids)
    return made


@pytest.fixture
def room(store: Store, clock: ManualClock, ids: IdMaker, tmp_path: Path) -> Room:
    made = compose(store, clock, ids, tmp_path)
    populate(made, ids)
    return made

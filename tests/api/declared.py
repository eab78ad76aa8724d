"""What the small city of the tests declares: public matters, registers, plans, drills, figures."""

from __future__ import annotations

from cityops.access import Role
from cityops.analysis import Measure, RateDetectors
from cityops.analysis.figures import FigureSpec
from cityops.cases.reports import Service, TipOffMatter
from cityops.inspections import InspectionPlan, RectificationSpec, SceneInspections
from cityops.kit import Text, Words
from cityops.plans import DrillSpec
from cityops.registers import FieldOption, RegisterField, RegisterSpec, RegisterState

TIP_OFFS = (TipOffMatter("fire", "消防隐患", "Fire hazard", "GB/T 47678.5-2026/matter/06013"),)
SERVICES = (
    Service("ice", "冰柱积冰", "挑檐冰柱", matter="GB/T 47678.5-2026/matter/10001", name_en="Ice", picture="ice"),
    Service("lamp", "路灯不亮", matter="GB/T 47678.5-2026/matter/01037", published=True, name_en="Lamp out"),
)
REGISTERS = (
    RegisterSpec(
        name="canteen",
        title=Words(zh="食堂", en="Canteens"),
        code_pattern=r"C-\d{3}",
        states={
            "open": RegisterState(title=Words(zh="在用", en="In use"), tone="good"),
            "holiday": RegisterState(title=Words(zh="放假停用", en="Holiday"), idle=True),
        },
        fields=(
            RegisterField(
                name="mode",
                title=Words(zh="经营方式", en="Mode"),
                kind="choice",
                options=(
                    FieldOption(value="own", title=Words(zh="自营", en="Own")),
                    FieldOption(value="contract", title=Words(zh="承包", en="Contract")),
                ),
                required=True,
                listed=True,
                filter=True,
            ),
            RegisterField(
                name="served", title=Words(zh="就餐人数", en="Served"), kind="integer", least=0, listed=True,
                unit=Words(zh="人", en="people"),
            ),
            RegisterField(name="phone", title=Words(zh="值班电话", en="Duty phone"), kind="phone", personal=True),
            RegisterField.model_validate(
                {"name": "main", "title": {"zh": "中心厨房", "en": "Central kitchen"}, "kind": "object",
                 "register": "canteen"}
            ),
        ),
        read=(Role.DISPATCHER, Role.DISTRICT, Role.ANALYST, Role.HANDLER, Role.COLLECTOR),
        write=(Role.UNIT, Role.SHIFT_LEADER),
        retention_days=30,
        layer=True,
    ),
    RegisterSpec(name="pipe", title=Words(zh="管线", en="Pipes"), geometry="line", read=tuple(Role), scope="city"),
)  # fmt: skip
MEASURES = (Measure("alert_to_case", Text("预警到立案", "Alert to case"), "alert", "open"),)
RATES = RateDetectors(fatigue=frozenset({"continuous_driving"}), speeding=frozenset({"overspeed"}))
FIGURES = (
    FigureSpec.model_validate({"name": "canteens", "title": {"zh": "食堂", "en": "Canteens"}, "register": "canteen"}),
    FigureSpec.model_validate(
        {"name": "served", "title": {"zh": "就餐人数", "en": "Served"}, "register": "canteen", "measure": "sum",
         "field": "served", "reported": {"value": 300, "source": "教育局", "on": "2026-05-01"}}
    ),
)  # fmt: skip
DRILL = DrillSpec.model_validate(
    {
        "name": "evacuation",
        "title": {"zh": "疏散演练", "en": "Evacuation"},
        "register": "canteen",
        "scenario": {"zh": "后厨起火", "en": "Fire in the kitchen"},
        "steps": [
            {"name": "out", "title": {"zh": "人员撤出", "en": "All out"}, "target_s": 120},
            {"name": "counted", "title": {"zh": "清点人数", "en": "Counted"}, "after": ["out"], "counts": True},
        ],
    }
)
DRILLS = {("canteens", "evacuation"): DRILL}
INSPECTIONS = SceneInspections(
    "canteens",
    (
        InspectionPlan.model_validate(
            {"name": "monthly", "title": {"zh": "每月检查", "en": "Monthly"}, "register": "canteen",
             "checklist": "canteen", "rules": [{"every": "month"}]}
        ),
    ),
    {
        "canteen": (
            Text("食堂检查表", "Canteen checklist"),
            [
                {"no": "1.1", "class": "环境", "item": "地面清洁", "class_en": "Premises", "item_en": "Clean floor"},
                {"no": "1.2", "class": "环境", "item": "防鼠板", "evidence": "photo_if_failed", "weight": "3"},
            ],
        )
    },
)  # fmt: skip
RECTIFIED = RectificationSpec.model_validate(
    {
        "number_prefix": "CR",
        "limits": {
            grade: {"amount": days, "unit": "calendar_day"}
            for grade, days in (("general", 7), ("serious", 3), ("major", 1))
        },
        "recheck": {"amount": 2, "unit": "working_day"},
        "look_back": {"amount": 30, "unit": "calendar_day"},
    }
)

"""What a scene declares about inspections: checklists, how often which object is due, and how a hazard is rectified."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cityops.cases import LimitSpec
from cityops.kit import CITY_FREQUENCY, Data, Name, Words, refusal
from cityops.registers import Condition

Grade = Literal["general", "serious", "major"]
"""How grave a hazard is: 一般隐患, 较大隐患, 重大隐患."""


ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Every(StrEnum):
    """How often something is due; a period is one of the calendar in Asia/Shanghai, so that none can be skipped."""

    TWO_HOURS = "two_hours"  # 每2小时: 0–2, 2–4, …
    DAY = "day"  # 每日
    WEEK = "week"  # 每周, from Monday
    HALF_MONTH = "half_month"  # 每半月: 1–15, 16–end
    MONTH = "month"  # 每月
    QUARTER = "quarter"  # 每季度
    HALF_YEAR = "half_year"  # 每半年
    YEAR = "year"  # 每年


class ChecklistSpec(Data):
    """A checklist (检查表) of a register's objects.

    ``file``: CSV in the scene's folder, UTF-8, one item a row: ``no, class, item, method, scope, basis, weight,
    evidence, grade, class_en, item_en``. It is version 0; a city publishes its own versions over it (rule table
    ``checklist:<name>``). ``evidence``: ``none``, ``photo``, ``photo_if_failed``; ``grade``: of the hazard when failed.
    """

    name: Name
    title: Words
    register_name: Annotated[Name, Field(alias="register")]
    file: Annotated[str, Field(pattern=r"^[a-z0-9_/]+\.csv$")]


class FrequencyRule(Data):
    """How often an object is due that fulfils all conditions; ``hours``: only while it is open (开放时段), HH:MM."""

    every: Annotated[Every, CITY_FREQUENCY]
    when: tuple[Condition, ...] = ()
    hours: Annotated[tuple[ClockTime, ...], Field(max_length=2)] = ()

    @model_validator(mode="after")
    def _opens_and_closes(self) -> Self:
        if len(self.hours) == 1:
            raise refusal("开放时段写两个时间：开、关", "hours are two times: opening and closing")
        return self


class CountedFigure(Data):
    """A number that is asked for on the way (计数), such as seconds of delay or tonnes; summed by a board's figures."""

    name: Name
    title: Words
    unit: Words | None = None
    required: bool = False


class InspectionPlan(Data):
    """A plan (检查计划): which objects of a register are due how often; the first rule that fits counts, none: not due.

    ``by``: ``unit``, the unit that answers for the object checks itself (自查), or ``supervisor``, the unit that
    supervises it (监督检查). ``checklist``: what is asked; without one the person states that it was done, with words
    and evidence. ``calendar``: ``school`` counts nothing as due in holidays (学期校历). ``figures``: numbers that are
    asked for beside the checklist. ``basis``: the rule's source.
    """

    name: Name
    title: Words
    register_name: Annotated[Name, Field(alias="register")]
    kind: Literal["patrol", "inspection", "assessment", "training", "drill", "maintenance", "test"] = "inspection"
    by: Literal["unit", "supervisor"] = "supervisor"
    checklist: Name | None = None
    rules: Annotated[tuple[FrequencyRule, ...], Field(min_length=1)]
    calendar: Literal["always", "school"] = "always"
    figures: Annotated[tuple[CountedFigure, ...], Field(max_length=20)] = ()
    basis: str = ""


class AlarmSpec(Data):
    """A state of an object that is a hazard without any inspection (设备报警), such as a fault the device reports.

    The machine opens the hazard's case when an object comes to fulfil all conditions and none is open for it already;
    a person closes it. ``title``: what is wrong.
    """

    name: Name
    title: Words
    register_name: Annotated[Name, Field(alias="register")]
    when: Annotated[tuple[Condition, ...], Field(min_length=1)]
    grade: Grade = "general"


class RectificationSpec(Data):
    """How the scene's hazards are rectified (隐患整改): every failed item becomes a case of the kind ``rectification``.

    The unit that answers for the object owes it within the grade's limit: interim measure, rectification, evidence.
    The part may be suspended (停用). The supervisor checks again (复查), and looks back (回头看) after ``look_back``.
    """

    number_prefix: Annotated[str, Field(pattern=r"^[A-Z]{1,6}$")]
    limits: dict[Grade, LimitSpec]
    recheck: LimitSpec
    look_back: LimitSpec | None = None

    @model_validator(mode="after")
    def _every_grade_has_a_limit(self) -> Self:
        missing = [grade for grade in ("general", "serious", "major") if grade not in self.limits]
        if missing:
            raise refusal(f"缺少时限：{'、'.join(missing)}", f"limits are missing for {', '.join(missing)}")
        return self

"""What a scene declares (场景声明): the model behind ``scene.yaml`` and its published JSON Schema."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cityops.access import Permission
from cityops.analysis.evaluation import CountedWork
from cityops.analysis.figures import FigureSpec
from cityops.cases import Fault, Workflow, check_workflow
from cityops.cases.reports import Attribute, Choice, DataType, Service, ServiceType
from cityops.inspections import AlarmSpec, ChecklistSpec, InspectionPlan, RectificationSpec, rectification_workflow
from cityops.kit import CITY_TEXT, CITY_THRESHOLD, Data, Text, Words, refusal
from cityops.plans import DrillSpec
from cityops.registers import RegisterSpec, unknown_fields

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
MatterPath = Annotated[str, Field(pattern=r"^(.+/(component|matter)/\d{4,5})?$")]
"""A catalogue entry: ``standard/kind/code``; empty: none."""
SeverityName = Literal["notice", "warning", "serious", "critical"]
SEVERITIES: dict[str, int] = {"notice": 1, "warning": 2, "serious": 3, "critical": 4}


DetectorParameters = dict[Name, int | float | dict[Name, int | float]]


class DetectorSpec(Data):
    """A detector that the scene uses: which case its alerts belong to, and from which severity they open one.

    ``parameters``: its own figures by name, for all classes of vehicles or by class (``coach: {limit_s: 14400}``).
    """

    id: Name
    case: Name | None = None
    opens_case_at: Annotated[SeverityName | None, CITY_THRESHOLD] = None
    parameters: DetectorParameters = Field(default_factory=dict)


class ResponseTime(Data):
    """A time between two steps of a case; ``alert`` and ``open`` stand for the alert raised and the case opened."""

    name: Name
    title: Words
    start: Annotated[Name, Field(alias="from")]
    end: Annotated[Name, Field(alias="to")]


class RateSpec(Data):
    """Which detectors' alerts count as fatigue and as speeding in the yearly rates."""

    fatigue: tuple[Name, ...] = ()
    speeding: tuple[Name, ...] = ()


class ChoiceSpec(Data):
    """One value of a list that a public service asks for."""

    key: Name
    name: Words


class AttributeSpec(Data):
    """A question that a public service asks (Open311: attribute)."""

    code: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,29}$")]
    title: Words
    datatype: DataType = DataType.STRING
    required: bool = False
    hint: str = ""
    choices: tuple[ChoiceSpec, ...] = ()


class ServiceSpec(Data):
    """A matter the public can report (公众可上报的事项), through the portal and Open311.

    ``matter``: the catalogue entry it is filed as by default, ``standard/kind/code``. ``published``: words and place
    are shown to everybody at once; else when somebody who accepts reports has read them.
    """

    code: Name
    name: Annotated[Words, CITY_TEXT]
    description: Annotated[Words, CITY_TEXT]
    group: Annotated[Words, CITY_TEXT]
    matter: MatterPath = ""
    keywords: tuple[str, ...] = ()
    type: ServiceType = ServiceType.REALTIME
    notice: Annotated[Words, CITY_TEXT]
    published: bool = False
    picture: Name = "other"
    attributes: tuple[AttributeSpec, ...] = ()

    @property
    def service(self) -> Service:
        """As the room that keeps reports takes it."""
        return Service(
            code=self.code,
            name=self.name.zh,
            description=self.description.zh,
            group=self.group.zh,
            keywords=self.keywords,
            type=self.type,
            attributes=tuple(_attribute(one) for one in self.attributes),
            notice=self.notice.zh,
            published=self.published,
            matter=self.matter,
            picture=self.picture,
            name_en=self.name.en,
            description_en=self.description.en,
            notice_en=self.notice.en,
        )


class TipOffSpec(Data):
    """A matter with a reward for tip-offs (有奖举报事项); ``matter`` as of a service."""

    code: Name
    name: Annotated[Words, CITY_TEXT]
    matter: MatterPath = ""


class SettingSpec(Data):
    """A figure that the scene's own Python computes with, and that a city may set; the bounds stay the scene's."""

    name: Name
    title: Words
    value: Annotated[float, CITY_THRESHOLD]
    least: float = 0
    most: float
    unit: Words | None = None

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if not self.least <= self.value <= self.most:
            raise refusal(f"应在 {self.least:g} 至 {self.most:g} 之间", f"must be from {self.least:g} to {self.most:g}")
        return self


def _attribute(spec: AttributeSpec) -> Attribute:
    return Attribute(
        code=spec.code,
        description=spec.title.zh,
        datatype=spec.datatype,
        required=spec.required,
        datatype_description=spec.hint,
        choices=tuple(Choice(one.key, one.name.zh, one.name.en) for one in spec.choices),
        description_en=spec.title.en,
    )


class SceneSpec(Data):
    """One city system (场景): everything that ``scene.yaml`` may say."""

    name: Name
    title: Words
    owner: Words
    workflows: tuple[Workflow, ...] = ()
    detectors: tuple[DetectorSpec, ...] = ()
    pages: tuple[Name, ...] = ()
    response_times: tuple[ResponseTime, ...] = ()
    rates: RateSpec = RateSpec()
    evaluation: CountedWork | None = None
    services: tuple[ServiceSpec, ...] = ()
    tip_offs: tuple[TipOffSpec, ...] = ()
    registers: tuple[RegisterSpec, ...] = ()
    checklists: tuple[ChecklistSpec, ...] = ()
    inspection_plans: tuple[InspectionPlan, ...] = ()
    alarms: tuple[AlarmSpec, ...] = ()
    rectification: RectificationSpec | None = None
    drills: tuple[DrillSpec, ...] = ()
    figures: tuple[FigureSpec, ...] = ()
    settings: tuple[SettingSpec, ...] = ()

    @property
    def all_workflows(self) -> tuple[Workflow, ...]:
        """The workflows declared, and the one of hazards where the scene says how they are rectified."""
        rectified = () if self.rectification is None else (rectification_workflow(self.rectification),)
        return (*self.workflows, *rectified)

    def detector(self, detector_id: str) -> DetectorSpec | None:
        """The declaration of a detector, or ``None``."""
        return next((spec for spec in self.detectors if spec.id == detector_id), None)


def check_scene(spec: SceneSpec) -> list[Fault]:
    """All faults that the model alone does not find: workflows, and names that lead nowhere."""
    permissions = [permission.value for permission in Permission]
    faults = [
        Fault(("workflows", index, *fault.path), fault.text)
        for index, workflow in enumerate(spec.workflows)
        for fault in check_workflow(workflow, permissions)
    ]
    faults += _repeated("workflows", [workflow.name for workflow in spec.workflows])
    faults += _repeated("detectors", [detector.id for detector in spec.detectors])
    faults += _evaluation_faults(spec)
    faults += _repeated("services", [service.code for service in spec.services])
    faults += _repeated("tip_offs", [matter.code for matter in spec.tip_offs])
    faults += _services_faults(spec.services)
    for part in ("registers", "checklists", "inspection_plans", "alarms", "drills", "figures", "settings"):
        faults += _repeated(part, [one.name for one in getattr(spec, part)])
    faults += _register_faults(spec)
    kinds = {workflow.name for workflow in spec.workflows}
    for index, detector in enumerate(spec.detectors):
        if detector.case is not None and detector.case not in kinds:
            text = Text(f"流程“{detector.case}”不存在", f"there is no workflow {detector.case!r}")
            faults.append(Fault(("detectors", index, "case"), text))
        if detector.opens_case_at is not None and detector.case is None:
            text = Text("要立案却没有写明流程", "opens cases and names no workflow")
            faults.append(Fault(("detectors", index), text))
    actions = {"alert", "open"} | {t.action for workflow in spec.workflows for t in workflow.transitions}
    for index, measure in enumerate(spec.response_times):
        for step in (measure.start, measure.end):
            if step not in actions:
                faults.append(Fault(("response_times", index), Text(f"没有步骤“{step}”", f"there is no step {step!r}")))
    return faults


def _register_faults(spec: SceneSpec) -> Iterable[Fault]:
    """Checklists, plans and figures that name a register, field, checklist or figure that is not there."""
    registers = {register.name: register for register in spec.registers}
    checklists = {checklist.name: checklist for checklist in spec.checklists}
    for part in ("checklists", "inspection_plans", "alarms", "drills", "figures"):
        for index, one in enumerate(getattr(spec, part)):
            if one.register_name not in registers:
                yield Fault((part, index, "register"), _no(one.register_name, "台账", "register"))
    for index, plan in enumerate(spec.inspection_plans):
        if plan.checklist is not None and plan.checklist not in checklists:
            yield Fault(("inspection_plans", index, "checklist"), _no(plan.checklist, "检查表", "checklist"))
        register = registers.get(plan.register_name)
        for number, rule in enumerate(plan.rules):
            for name in unknown_fields(rule.when, register) if register else ():
                yield Fault(("inspection_plans", index, "rules", number, "when"), _no(name, "字段", "field"))
    plans = {plan.name: plan.register_name for plan in spec.inspection_plans}
    for index, drill in enumerate(spec.drills):
        if drill.plan is not None and plans.get(drill.plan) != drill.register_name:
            yield Fault(("drills", index, "plan"), _no(drill.plan, "该台账的检查计划", "plan of this register called"))
    for index, alarm in enumerate(spec.alarms):
        register = registers.get(alarm.register_name)
        for name in unknown_fields(alarm.when, register) if register else ():
            yield Fault(("alarms", index, "when"), _no(name, "字段", "field"))
    for part in ("checklists", "alarms"):
        if getattr(spec, part) and spec.rectification is None:
            text = Text("没有写明所发现的隐患如何整改", "finds hazards, and no rectification says what becomes of them")
            yield Fault((part,), text)
    names = {figure.name for figure in spec.figures}
    divided = {figure.name for figure in spec.figures if figure.per is not None}
    for index, figure in enumerate(spec.figures):
        register = registers.get(figure.register_name)
        unknown = unknown_fields(figure.when, register) if register else []
        if register and figure.of == "objects" and figure.field and register.field(figure.field) is None:
            unknown.append(figure.field)
        for name in unknown:
            yield Fault(("figures", index), _no(name, "字段", "field"))
        if figure.per is not None and figure.per not in names:
            yield Fault(("figures", index, "per"), _no(figure.per, "数字", "figure"))
        elif figure.per in divided:
            text = Text(f"“{figure.per}”本身已是比值", f"{figure.per!r} is itself divided by something")
            yield Fault(("figures", index, "per"), text)


def relation_faults(spec: SceneSpec, others: Collection[str]) -> Iterable[Fault]:
    """Relations to registers that neither the scene nor ``others`` declare."""
    known = {*others, *(register.name for register in spec.registers)}
    for index, register in enumerate(spec.registers):
        for number, field in enumerate(register.fields):
            if field.register_name is not None and field.register_name not in known:
                path = ("registers", index, "fields", number, "register")
                yield Fault(path, _no(field.register_name, "台账", "register"))


def _no(name: str, zh: str, en: str) -> Text:
    return Text(f"{zh}“{name}”不存在", f"there is no {en} {name!r}")


def _services_faults(services: tuple[ServiceSpec, ...]) -> Iterable[Fault]:
    """Attributes with one code, lists without values, values without a list."""
    for place, service in enumerate(services):
        where = ("services", place, "attributes")
        for fault in _repeated("attributes", [attribute.code for attribute in service.attributes]):
            yield Fault((*where, fault.path[1]), fault.text)
        for index, attribute in enumerate(service.attributes):
            if (attribute.datatype in (DataType.SINGLE, DataType.MULTI)) != bool(attribute.choices):
                text = Text("列表类型需要且只有它需要选项", "a list, and nothing else, has choices")
                yield Fault((*where, index, "choices"), text)


def _evaluation_faults(spec: SceneSpec) -> Iterable[Fault]:
    if spec.evaluation is None:
        return
    workflow = next((one for one in spec.workflows if one.name == spec.evaluation.case), None)
    missing = [spec.evaluation.case] if workflow is None else spec.evaluation.unknown(workflow)
    for name in missing:
        text = Text(f"评价口径中的“{name}”不存在", f"the evaluation counts {name!r}, which does not exist")
        yield Fault(("evaluation",), text)


def _repeated(where: str, names: list[str]) -> Iterable[Fault]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Fault((where, index), Text(f"“{name}”重复", f"{name!r} is there twice"))

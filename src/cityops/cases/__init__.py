"""Workflow, tasks, deadlines, timeline, notices (案件)."""

from cityops.cases.checks import EFFECTS, check_workflow, ensure_sound
from cityops.cases.conditions import CONDITIONS
from cityops.cases.document_template import DocumentTemplate
from cityops.cases.effects import EffectHandler, StepRule
from cityops.cases.engine import Cases
from cityops.cases.inputs import CaseFilter, NewCase, Reporter, Step, TaskFilter
from cityops.cases.machines import Fault
from cityops.cases.records import Act, told_before
from cityops.cases.registration import CaseForm, Registered, Registration, Registrations
from cityops.cases.rulebook import LOCAL_STANDARD, RULE_TABLES, Rulebook, Rules
from cityops.cases.scope import case_scope, inside_scope, scope_parts
from cityops.cases.showing import field_view
from cityops.cases.standards import LimitSpec, Season, StageLimit, Standard
from cityops.cases.tables import (
    answer_table,
    case_table,
    deadline_table,
    notice_table,
    reporter_table,
    step_table,
    task_table,
)
from cityops.cases.views import (
    SEVERITY_NAMES,
    ActionView,
    BlockedView,
    CaseDetailView,
    CasePage,
    CaseView,
    ChoicePage,
    ChoiceView,
    DeadlineView,
    FieldView,
    HolderView,
    NoticeView,
    OfferView,
    Outcome,
    PageView,
    PlaceView,
    TaskPage,
    TaskView,
    TimelineStepView,
)
from cityops.cases.watch import DeadlineWatch
from cityops.cases.workflow import (
    Effect,
    FormField,
    Machine,
    OpeningForm,
    State,
    TaskKind,
    Transition,
    Workflow,
    Workflows,
)

__all__ = [
    "CONDITIONS",
    "EFFECTS",
    "LOCAL_STANDARD",
    "RULE_TABLES",
    "SEVERITY_NAMES",
    "Act",
    "ActionView",
    "BlockedView",
    "CaseDetailView",
    "CaseFilter",
    "CaseForm",
    "CasePage",
    "CaseView",
    "Cases",
    "ChoicePage",
    "ChoiceView",
    "DeadlineView",
    "DeadlineWatch",
    "DocumentTemplate",
    "Effect",
    "EffectHandler",
    "Fault",
    "FieldView",
    "FormField",
    "HolderView",
    "LimitSpec",
    "Machine",
    "NewCase",
    "NoticeView",
    "OfferView",
    "OpeningForm",
    "Outcome",
    "PageView",
    "PlaceView",
    "Registered",
    "Registration",
    "Registrations",
    "Reporter",
    "Rulebook",
    "Rules",
    "Season",
    "StageLimit",
    "Standard",
    "State",
    "Step",
    "StepRule",
    "TaskFilter",
    "TaskKind",
    "TaskPage",
    "TaskView",
    "TimelineStepView",
    "Transition",
    "Workflow",
    "Workflows",
    "answer_table",
    "case_scope",
    "case_table",
    "check_workflow",
    "deadline_table",
    "ensure_sound",
    "field_view",
    "inside_scope",
    "notice_table",
    "reporter_table",
    "scope_parts",
    "step_table",
    "task_table",
    "told_before",
]

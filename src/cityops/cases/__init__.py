"""Workflow, tasks, deadlines, timeline, notices (案件)."""

from cityops.cases.checks import EFFECTS, check_workflow, ensure_sound
from cityops.cases.conditions import CONDITIONS
from cityops.cases.document_template import DocumentTemplate
from cityops.cases.effects import EffectHandler, StepRule
from cityops.cases.engine import Cases
from cityops.cases.machines import Fault
from cityops.cases.records import Act
from cityops.cases.rulebook import LOCAL_STANDARD, RULE_TABLES, Rulebook, Rules
from cityops.cases.scope import case_scope
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
    CaseDetailView,
    CaseFilter,
    CasePage,
    CaseView,
    DeadlineView,
    FieldView,
    NewCase,
    NoticeView,
    Outcome,
    PageView,
    PlaceView,
    Reporter,
    Step,
    TaskPage,
    TaskView,
    TimelineStepView,
)
from cityops.cases.watch import DeadlineWatch
from cityops.cases.words import Data, Words
from cityops.cases.workflow import (
    Effect,
    FormField,
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
    "CaseDetailView",
    "CaseFilter",
    "CasePage",
    "CaseView",
    "Cases",
    "Data",
    "DeadlineView",
    "DeadlineWatch",
    "DocumentTemplate",
    "Effect",
    "EffectHandler",
    "Fault",
    "FieldView",
    "FormField",
    "LimitSpec",
    "NewCase",
    "NoticeView",
    "Outcome",
    "PageView",
    "PlaceView",
    "Reporter",
    "Rulebook",
    "Rules",
    "Season",
    "StageLimit",
    "Standard",
    "State",
    "Step",
    "StepRule",
    "TaskKind",
    "TaskPage",
    "TaskView",
    "TimelineStepView",
    "Transition",
    "Words",
    "Workflow",
    "Workflows",
    "answer_table",
    "case_scope",
    "case_table",
    "check_workflow",
    "deadline_table",
    "ensure_sound",
    "notice_table",
    "reporter_table",
    "step_table",
    "task_table",
]

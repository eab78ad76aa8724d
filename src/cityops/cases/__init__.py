"""Workflow, tasks, deadlines, timeline, notices (案件)."""

from cityops.cases.checks import EFFECTS, Fault, check_workflow, ensure_sound
from cityops.cases.effects import EffectHandler
from cityops.cases.engine import Cases
from cityops.cases.reading import case_scope
from cityops.cases.records import Act
from cityops.cases.tables import case_table, deadline_table, notice_table, step_table, task_table
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
    PageView,
    PlaceView,
    Step,
    TaskPage,
    TaskView,
    TimelineStepView,
)
from cityops.cases.watch import DeadlineWatch
from cityops.cases.workflow import (
    Data,
    Effect,
    FormField,
    LimitSpec,
    State,
    TaskKind,
    Transition,
    Words,
    Workflow,
    Workflows,
)

__all__ = [
    "EFFECTS",
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
    "Effect",
    "EffectHandler",
    "Fault",
    "FieldView",
    "FormField",
    "LimitSpec",
    "NewCase",
    "NoticeView",
    "PageView",
    "PlaceView",
    "State",
    "Step",
    "TaskKind",
    "TaskPage",
    "TaskView",
    "TimelineStepView",
    "Transition",
    "Words",
    "Workflow",
    "Workflows",
    "case_scope",
    "case_table",
    "check_workflow",
    "deadline_table",
    "ensure_sound",
    "notice_table",
    "step_table",
    "task_table",
]

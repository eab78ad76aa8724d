"""Intake of reports (受理): suggestions while they are written, filing, joining, import, calls back."""

from cityops.cases.intake.callbacks import Call, CallBacks, FullContact, OwedCall, OwedCalls, ReporterView
from cityops.cases.intake.foreign import ForeignReports, ReportMapping, import_foreign, read_mapping
from cityops.cases.intake.intake import Intake
from cityops.cases.intake.routing import finest_code, routed
from cityops.cases.intake.sheet import (
    IMPORT_MAX,
    REPORT_COLUMNS,
    ImportOutcome,
    ReportRow,
    file_rows,
    import_reports,
    template,
)
from cityops.cases.intake.tables import call_back_table, intake_table
from cityops.cases.intake.values import (
    OWN_SOURCES,
    SOURCES,
    Filed,
    FittingStandard,
    NearCase,
    NewCaseReport,
    StageDue,
    Suggestion,
)
from cityops.cases.rulebook import Rulebook

__all__ = [
    "IMPORT_MAX",
    "OWN_SOURCES",
    "REPORT_COLUMNS",
    "SOURCES",
    "Call",
    "CallBacks",
    "Filed",
    "FittingStandard",
    "ForeignReports",
    "FullContact",
    "ImportOutcome",
    "Intake",
    "NearCase",
    "NewCaseReport",
    "OwedCall",
    "OwedCalls",
    "ReportMapping",
    "ReportRow",
    "ReporterView",
    "Rulebook",
    "StageDue",
    "Suggestion",
    "call_back_table",
    "file_rows",
    "finest_code",
    "import_foreign",
    "import_reports",
    "intake_table",
    "read_mapping",
    "routed",
    "template",
]

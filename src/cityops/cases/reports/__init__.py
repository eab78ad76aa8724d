"""Reports of the public and anonymous tip-offs (公众上报、有奖举报)."""

from cityops.cases.reports.filing import FileAs, ReportFiling
from cityops.cases.reports.following import ReportDesk
from cityops.cases.reports.outcomes import ReportOutcomes
from cityops.cases.reports.reports import IDS_MAX, CaseReports
from cityops.cases.reports.rows import FollowUp, ReportDetail, ReportPage
from cityops.cases.reports.tables import report_table, report_update_table, tip_off_table
from cityops.cases.reports.tipoffs import NewTipOff, RewardState, TipOff, TipOffs, TipOffState
from cityops.cases.reports.values import (
    DESCRIPTION_MAX,
    LIST_MAX,
    SPAN_MS,
    Attribute,
    Choice,
    Contact,
    DataType,
    NewReport,
    PublicReport,
    Receipt,
    ReportFilter,
    ReportInvalidError,
    ReportList,
    ReportState,
    ReportUpdate,
    SenderWords,
    Service,
    ServiceType,
    Status,
    TipOffMatter,
    UpdateList,
)

__all__ = [
    "DESCRIPTION_MAX",
    "IDS_MAX",
    "LIST_MAX",
    "SPAN_MS",
    "Attribute",
    "CaseReports",
    "Choice",
    "Contact",
    "DataType",
    "FileAs",
    "FollowUp",
    "NewReport",
    "NewTipOff",
    "PublicReport",
    "Receipt",
    "ReportDesk",
    "ReportDetail",
    "ReportFiling",
    "ReportFilter",
    "ReportInvalidError",
    "ReportList",
    "ReportOutcomes",
    "ReportPage",
    "ReportState",
    "ReportUpdate",
    "RewardState",
    "SenderWords",
    "Service",
    "ServiceType",
    "Status",
    "TipOff",
    "TipOffMatter",
    "TipOffState",
    "TipOffs",
    "UpdateList",
    "report_table",
    "report_update_table",
    "tip_off_table",
]

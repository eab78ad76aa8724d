"""Checklists, inspection plans, inspections, and what is done about a hazard (检查与整改)."""

from cityops.inspections.declaration import (
    ChecklistSpec,
    Every,
    FrequencyRule,
    InspectionPlan,
    RectificationSpec,
)
from cityops.inspections.rectification import RECTIFICATION, rectification_workflow

__all__ = [
    "RECTIFICATION",
    "ChecklistSpec",
    "Every",
    "FrequencyRule",
    "InspectionPlan",
    "RectificationSpec",
    "rectification_workflow",
]

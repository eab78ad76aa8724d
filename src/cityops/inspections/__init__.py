"""Checklists, inspection plans, inspections, and what is done about a hazard (检查与整改)."""

from cityops.inspections.declaration import (
    ChecklistSpec,
    Every,
    FrequencyRule,
    InspectionPlan,
    RectificationSpec,
)

__all__ = [
    "ChecklistSpec",
    "Every",
    "FrequencyRule",
    "InspectionPlan",
    "RectificationSpec",
]

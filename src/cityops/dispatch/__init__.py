"""Crews, shifts, recommendation, assignment, closures (调度)."""

from cityops.dispatch.closures import Closures, Stretch
from cityops.dispatch.crews import Crews, crew_effects
from cityops.dispatch.dispatch import Dispatch, place_view
from cityops.dispatch.meeting import Meeting, exits_ahead, motion_of
from cityops.dispatch.patrol import (
    Coverage,
    GridWalked,
    Patrol,
    PatrolKept,
    PatrolPoint,
    PatrolShift,
    StreetCoverage,
)
from cityops.dispatch.ranking import RankingRules
from cityops.dispatch.views import (
    ClosureView,
    CrewRouteView,
    CrewView,
    Motion,
    RecommendationsView,
    RecommendationView,
    Target,
)
from cityops.dispatch.windows import DailyWindow

__all__ = [
    "ClosureView",
    "Closures",
    "Coverage",
    "CrewRouteView",
    "CrewView",
    "Crews",
    "DailyWindow",
    "Dispatch",
    "GridWalked",
    "Meeting",
    "Motion",
    "Patrol",
    "PatrolKept",
    "PatrolPoint",
    "PatrolShift",
    "RankingRules",
    "RecommendationView",
    "RecommendationsView",
    "StreetCoverage",
    "Stretch",
    "Target",
    "crew_effects",
    "exits_ahead",
    "motion_of",
    "place_view",
]

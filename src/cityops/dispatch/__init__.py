"""Crews, shifts, recommendation, assignment, closures (调度)."""

from cityops.dispatch.closures import Closures
from cityops.dispatch.crews import Crews, crew_effects
from cityops.dispatch.dispatch import Dispatch, place_view
from cityops.dispatch.meeting import Meeting, exits_ahead, motion_of
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

__all__ = [
    "ClosureView",
    "Closures",
    "CrewRouteView",
    "CrewView",
    "Crews",
    "Dispatch",
    "Meeting",
    "Motion",
    "RankingRules",
    "RecommendationView",
    "RecommendationsView",
    "Target",
    "crew_effects",
    "exits_ahead",
    "motion_of",
    "place_view",
]

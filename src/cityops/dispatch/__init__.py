"""Crews, shifts, recommendation, assignment (调度)."""

from cityops.dispatch.crews import Crews, crew_effects
from cityops.dispatch.views import (
    ClosureView,
    CrewView,
    Motion,
    RecommendationsView,
    RecommendationView,
    Target,
)

__all__ = [
    "ClosureView",
    "CrewView",
    "Crews",
    "Motion",
    "RecommendationView",
    "RecommendationsView",
    "Target",
    "crew_effects",
]

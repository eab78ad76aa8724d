"""The way of a crew to where it is needed (行进路线): to the named meeting point, or else to the case's place."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from cityops.cases import CaseDetailView, Workflow
from cityops.places import RoadNetwork, Route

MEET_FIELD: Final = "meet"
"""The field of a dispatching step's form that names the meeting point (拦截点)."""


def meeting_name(case: CaseDetailView, workflow: Workflow) -> str | None:
    """The meeting point that the latest dispatch named, or ``None``."""
    dispatching = {t.action for t in workflow.transitions if t.field_of("crew") is not None}
    latest = next((step for step in reversed(case.timeline) if step.action in dispatching), None)
    name = None if latest is None else latest.data.get(MEET_FIELD)
    return name if isinstance(name, str) and name else None


def meeting_nodes(network: RoadNetwork, name: str | None) -> list[int]:
    """The nodes of the exit with this name, one on each carriageway; none when it is no exit of the network."""
    return [place.node for place in network.exits if place.name == name]


def fastest(network: RoadNetwork, start: int, ends: Collection[int], closures: frozenset[int]) -> Route | None:
    """The fastest way to any of ``ends`` on open roads; ``None`` where there is none."""
    routes = [route for end in ends if (route := network.route(start, end, closures)) is not None]
    return min(routes, key=lambda route: route.duration_s, default=None)

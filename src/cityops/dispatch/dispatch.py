"""Dispatch (调度): who is best sent, by road travel time on the network as it is now. A person decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from sqlalchemy import true

from cityops.access import Permission, Principal
from cityops.cases import CaseDetailView, Cases, PlaceView
from cityops.dispatch.closures import Closures
from cityops.dispatch.crews import Crews
from cityops.dispatch.meeting import Meeting, exits_ahead
from cityops.dispatch.patrol import Patrol
from cityops.dispatch.ranking import DEFAULT_RULES, Candidate, RankingRules, best_meeting, rank, reason, unable_reason
from cityops.dispatch.views import (
    CrewRouteView,
    CrewView,
    Motion,
    RecommendationsView,
    RecommendationView,
    Target,
)
from cityops.dispatch.way import fastest, meeting_name, meeting_nodes
from cityops.kit import Clock, ConflictError, IdMaker, InvalidError, NotFoundError, Text, from_ms, to_ms
from cityops.places import City
from cityops.places import PlaceInfo as CityPlace
from cityops.store import Store

MAX_ITEMS: Final = 20
"""Crews shown in a ranking, each with its route."""

_PLACE_FIELDS: Final = ("district_code", "district_name", "street_name", "community_name", "grid_code", "road_name")


class Dispatch:
    """Recommends crews for a case. Crews, closures and patrols hang on it: ``dispatch.crews`` and so on."""

    def __init__(
        self, store: Store, clock: Clock, ids: IdMaker, city: City, cases: Cases, rules: RankingRules = DEFAULT_RULES
    ) -> None:
        self._store = store
        self._clock = clock
        self._city = city
        self._cases = cases
        self._rules = rules
        self.crews = Crews(store, clock, ids)
        self.closures = Closures(store, clock, ids, city.network)
        self.patrol = Patrol(store, clock, ids, city)

    def recommend_case(self, principal: Principal, case_id: str, motion: Motion | None = None) -> RecommendationsView:
        """The ranking for a case in the person's scope; ``motion``: the vehicle's latest position, if it is known.

        Raises:
            NotFoundError: no such case for this person. InvalidError: ``dispatch.no_place``: nobody knows where it is.
        """
        case = self._cases.get(principal, case_id)
        return self.recommend(principal, self._target(case, motion))

    def recommend(self, principal: Principal, target: Target) -> RecommendationsView:
        """The ranking for a target: able crews, best first, and the others with the reason why not."""
        principal.require(Permission.CREWS_READ)
        began_s = self._clock.monotonic_s()
        now_ms = self._clock.now_ms()
        closed = self.closures.edges_in_force(now_ms)
        with self._store.read() as conn:
            crews = self.crews.read(conn, true())
        able, unable = self._sorted_out(crews, target, now_ms)
        candidates = self._candidates(able, target, now_ms, closed, unable)
        ranked = rank(candidates, self._rules)[:MAX_ITEMS]
        items = [self._item(place, candidate, target, closed) for place, candidate in enumerate(ranked, start=1)]
        took_ms = (self._clock.monotonic_s() - began_s) * 1000
        return RecommendationsView(items, unable, from_ms(now_ms), round(took_ms, 1))

    def crew_route(self, principal: Principal, task_id: str, own: tuple[float, float] | None = None) -> CrewRouteView:
        """The way to a task's meeting point or its case's place, for the crew or the person it was given to only.

        Args:
            principal: who asks.
            task_id: the task.
            own: where the person is (lon, lat), WGS-84 degrees; a crew's position is known. It is kept nowhere.

        Raises:
            NotFoundError: no such task of this crew or person. ConflictError: ``dispatch.task_over``: it is done or
                taken back. InvalidError: nobody knows where the case (``dispatch.no_place``) or the person
                (``dispatch.no_start``) is.
        """
        principal.require(Permission.CASES_HANDLE)
        task = self._cases.task(principal, task_id)
        of_crew = task.crew_id is not None and task.crew_id == principal.crew_id
        if not of_crew and task.person_id != principal.account_id:
            raise NotFoundError("没有这项任务，或不属于您", "no such task, or not yours", code="case.no_task")
        if task.done_at is not None:
            raise ConflictError("任务已结束，不再需要路线", "the task is over", code="dispatch.task_over")
        case = self._cases.get(principal, task.case_id)
        start = _whereabouts(self.crews.get(principal, task.crew_id)) if of_crew and task.crew_id else own
        if start is None:
            raise _no_start()
        name, ends = self._destination(case)
        network, now_ms = self._city.network, self._clock.now_ms()
        route = fastest(network, network.nearest_node(*start), ends, self.closures.edges_in_force(now_ms))
        end = ends[0] if route is None else int(route.nodes[-1])
        meet = self._place(float(network.node_lon[end]), float(network.node_lat[end]))
        return CrewRouteView(
            task_id=task_id,
            from_lon=start[0],
            from_lat=start[1],
            to=case.place if name is None and case.place is not None else meet,
            to_name=name,
            line=[] if route is None else route.line,
            length_m=None if route is None else round(route.length_m, 1),
            duration_s=None if route is None else round(route.duration_s, 1),
            computed_at=from_ms(now_ms),
        )

    def _destination(self, case: CaseDetailView) -> tuple[str | None, list[int]]:
        """The meeting point's name and nodes, or no name and the node nearest to the case's place."""
        network = self._city.network
        name = meeting_name(case, self._cases.workflow(case.scene, case.kind))
        nodes = meeting_nodes(network, name)
        if nodes:
            return name, nodes
        if case.place is None:
            raise _no_place()
        return None, [network.nearest_node(case.place.lon, case.place.lat)]

    def _target(self, case: CaseDetailView, motion: Motion | None) -> Target:
        field = next(
            (
                field
                for transition in self._cases.workflow(case.scene, case.kind).transitions
                if (field := transition.field_of("crew")) is not None
            ),
            None,
        )
        capability = field.capability if field else None
        if motion is not None:
            return Target(motion.lon, motion.lat, capability, self._place(motion.lon, motion.lat), motion)
        if case.place is None:
            raise _no_place()
        return Target(case.place.lon, case.place.lat, capability, case.place)

    def _sorted_out(
        self, crews: Sequence[CrewView], target: Target, now_ms: int
    ) -> tuple[list[CrewView], list[dict[str, Any]]]:
        """Crews that can be sent at all, and those that cannot, with the reason."""
        able, unable = [], []
        for crew in crews:
            why = unable_reason(crew, target.capability, on_shift_s(crew, now_ms), self._rules)
            if why is None:
                able.append(crew)
            else:
                unable.append(_unable(crew, *why))
        return able, unable

    def _candidates(
        self,
        able: Sequence[CrewView],
        target: Target,
        now_ms: int,
        closed: frozenset[int],
        unable: list[dict[str, Any]],
    ) -> list[Candidate]:
        network = self._city.network
        meetings = exits_ahead(network, target.motion, now_ms, closed) if target.motion else []
        meetings = meetings or [Meeting(network.nearest_node(target.lon, target.lat), None, None)]
        times_s = [network.times_to(m.node, limit_s=self._rules.reach_s, closures=closed) for m in meetings]
        at_node = {crew.crew_id: network.nearest_node(*self._position(crew, now_ms)) for crew in able}
        candidates = []
        for crew in able:
            node = at_node[crew.crew_id]
            found = best_meeting([(m, float(t[node])) for m, t in zip(meetings, times_s, strict=True)], self._rules)
            if found is None:
                minutes = self._rules.reach_s / 60
                why = Text(f"{minutes:g} 分钟内无法到达", f"not in reach within {minutes:g} min")
                unable.append(_unable(crew, "out_of_reach", why))
                continue
            covered = self._stays_covered(crew, able, at_node, closed)
            candidates.append(Candidate(crew, found[0], found[1], on_shift_s(crew, now_ms), covered))
        return candidates

    def _stays_covered(
        self, crew: CrewView, able: Sequence[CrewView], at_node: dict[str, int], closed: frozenset[int]
    ) -> bool:
        """Whether another free crew reaches this crew's base in time when this crew is away."""
        base = self._city.network.nearest_node(crew.base_lon, crew.base_lat)
        times_s = self._city.network.times_to(base, limit_s=self._rules.coverage_s, closures=closed)
        others = [at_node[other.crew_id] for other in able if other.crew_id != crew.crew_id]
        return bool(others) and bool(np.isfinite(times_s[others]).any())

    def _position(self, crew: CrewView, now_ms: int) -> tuple[float, float]:
        """Where a crew is; its base when it has not said so, or not for half an hour."""
        if crew.at is None or now_ms - to_ms(crew.at) > self._rules.stale_position_s * 1000:
            return crew.base_lon, crew.base_lat
        return _whereabouts(crew)

    def _item(self, place: int, candidate: Candidate, target: Target, closed: frozenset[int]) -> RecommendationView:
        network, meeting, crew = self._city.network, candidate.meeting, candidate.crew
        start = network.nearest_node(*self._position(crew, self._clock.now_ms()))
        route = network.route(start, meeting.node, closed)
        distance_m = 0.0 if route is None else route.length_m
        if meeting.vehicle_eta_s is None and target.place is not None:
            meet = target.place
        else:
            meet = self._place(float(network.node_lon[meeting.node]), float(network.node_lat[meeting.node]))
        return RecommendationView(
            rank=place,
            crew=crew,
            travel_time_s=round(candidate.travel_time_s, 1),
            distance_m=round(distance_m, 1),
            meet=meet,
            meet_name=meeting.name,
            vehicle_eta_s=None if meeting.vehicle_eta_s is None else round(meeting.vehicle_eta_s, 1),
            margin_s=None if candidate.margin_s is None else round(candidate.margin_s, 1),
            on_shift_s=candidate.on_shift_s,
            stays_covered=candidate.stays_covered,
            reason=reason(candidate, distance_m, self._rules),
            route=[] if route is None else route.line,
        )

    def _place(self, lon: float, lat: float) -> PlaceView:
        return place_view(lon, lat, self._city.locate(lon, lat))


def place_view(lon: float, lat: float, found: CityPlace) -> PlaceView:
    """A point with the names of the places that hold it."""
    return PlaceView(lon, lat, **{name: value for name, value in _named(found).items() if name in _PLACE_FIELDS})


def _named(found: CityPlace) -> dict[str, str | None]:
    return {name: value or None for name, value in asdict(found).items()}


def _whereabouts(crew: CrewView) -> tuple[float, float]:
    """A crew's latest position, or its base when there is none."""
    return (crew.base_lon, crew.base_lat) if crew.lon is None or crew.lat is None else (crew.lon, crew.lat)


def on_shift_s(crew: CrewView, now_ms: int) -> float:
    """Seconds since the crew's shift began."""
    return 0.0 if crew.on_shift_since is None else max(0.0, (now_ms - to_ms(crew.on_shift_since)) / 1000)


def _no_start() -> InvalidError:
    return InvalidError(
        "不知道您在哪里，无法计算路线",
        "nobody knows where you are, so no way can be found",
        code="dispatch.no_start",
        todo=Text("请允许手机定位后重试", "let the phone tell its position and try again"),
    )


def _no_place() -> InvalidError:
    return InvalidError(
        "案件没有位置，无法计算路线",
        "the case has no place, so no way to it can be found",
        code="dispatch.no_place",
        kept=Text("案件没有变化", "the case was not changed"),
    )


def _unable(crew: CrewView, code: str, why: Text) -> dict[str, Any]:
    return {
        "crew_id": crew.crew_id,
        "name": crew.name,
        "unit_name": crew.unit_name,
        "code": code,
        "reason": {"zh": why.zh, "en": why.en},
    }

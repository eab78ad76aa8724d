"""Simulated crews: their phones sign in over HTTP, go on shift, and report where they are.

A crew patrols around its base and drives to the place of the task it has accepted. It decides nothing: accepting,
arriving and finishing stay with a person (or with a story that plays one).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
import numpy as np

from cityops.kit import Clock
from cityops.places import RoadNetwork
from cityops.simulation.journeys import distance_m

_REPORT_S: Final = 5.0
_TASKS_EVERY: Final = 2
_PATROL_RADIUS_M: Final = 2_500.0
_RETRY_S: Final = 3.0
_PATROL_SHARE: Final = 0.6

_logger = logging.getLogger(__name__)


@dataclass
class _Way:
    """A line being driven: vertices, seconds from the start at each, and when it was begun."""

    lon: np.ndarray[tuple[int], np.dtype[np.float64]]
    lat: np.ndarray[tuple[int], np.dtype[np.float64]]
    time_s: np.ndarray[tuple[int], np.dtype[np.float64]]
    begun_s: float
    task_id: str | None

    def at(self, now_s: float) -> tuple[float, float]:
        since_s = min(now_s - self.begun_s, float(self.time_s[-1]))
        return float(np.interp(since_s, self.time_s, self.lon)), float(np.interp(since_s, self.time_s, self.lat))

    def is_over(self, now_s: float) -> bool:
        return now_s - self.begun_s >= float(self.time_s[-1])


class CrewPhone:
    """One crew's phone."""

    def __init__(
        self, address: str, username: str, password: str, *, network: RoadNetwork, clock: Clock, seed: int
    ) -> None:
        self._client = httpx.AsyncClient(base_url=address, timeout=10.0)
        self._account = {"username": username, "password": password}
        self._network = network
        self._clock = clock
        self._random = np.random.default_rng(seed)
        self._way: _Way | None = None
        self._base: tuple[float, float] | None = None

    async def run(self) -> None:
        """Stay on shift and report until cancelled; signs in again when the server was away."""
        try:
            while True:
                try:
                    await self._shift()
                except (httpx.HTTPError, KeyError, IndexError) as error:
                    _logger.info("crew %s: %s; trying again", self._account["username"], error or type(error).__name__)
                await asyncio.sleep(_RETRY_S)
        finally:
            await self._client.aclose()

    async def _shift(self) -> None:
        answer = await self._client.post("/api/session", json=self._account)
        answer.raise_for_status()
        self._client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        crew = (await self._get("/api/crews"))["items"][0]
        (await self._client.post(f"/api/crews/{crew['crew_id']}/shift", json={"on": True})).raise_for_status()
        if self._base is None:
            self._base = (crew["lon"], crew["lat"]) if crew["lon"] is not None else self._somewhere()
        rounds = 0
        while True:
            if rounds % _TASKS_EVERY == 0:
                await self._look_at_tasks()
            rounds += 1
            lon, lat = self._position()
            answer = await self._client.post(
                f"/api/crews/{crew['crew_id']}/position", json={"lon": round(lon, 6), "lat": round(lat, 6)}
            )
            answer.raise_for_status()
            await asyncio.sleep(_REPORT_S)

    async def _get(self, path: str) -> Any:
        answer = await self._client.get(path)
        answer.raise_for_status()
        return answer.json()

    async def _look_at_tasks(self) -> None:
        tasks = (await self._get("/api/tasks?mine=true"))["items"]
        mine = [task for task in tasks if task["kind"] == "field" and task["state"] == "accepted" and task["place"]]
        if not mine:
            if self._way is not None and self._way.task_id is not None:
                self._way = None
            return
        task = mine[0]
        if self._way is None or self._way.task_id != task["task_id"]:
            self._drive_to(task["place"]["lon"], task["place"]["lat"], task["task_id"])

    def _position(self) -> tuple[float, float]:
        now_s = self._clock.monotonic_s()
        if self._way is None or (self._way.task_id is None and self._way.is_over(now_s)):
            self._patrol()
        way = self._way
        return way.at(now_s) if way is not None else self._home()

    def _home(self) -> tuple[float, float]:
        return self._base if self._base is not None else self._somewhere()

    def _somewhere(self) -> tuple[float, float]:
        node = int(self._random.integers(len(self._network.node_lon)))
        return float(self._network.node_lon[node]), float(self._network.node_lat[node])

    def _patrol(self) -> None:
        """To a random node near the base, or stand for a while."""
        lon, lat = self._home()
        for _ in range(20):
            east, north = self._random.uniform(-1, 1, size=2) * _PATROL_RADIUS_M / 111_000
            target = (lon + float(east), lat + float(north))
            if distance_m(lon, lat, *target) <= _PATROL_RADIUS_M and self._random.random() < _PATROL_SHARE:
                self._drive_to(*target, None)
                return

    def _drive_to(self, lon: float, lat: float, task_id: str | None) -> None:
        now_s = self._clock.monotonic_s()
        here = self._way.at(now_s) if self._way is not None else self._home()
        start, end = self._network.nearest_node(*here), self._network.nearest_node(lon, lat)
        route = self._network.route(start, end) if start != end else None
        line: Sequence[tuple[float, float]] = route.line if route is not None else [here, (lon, lat)]
        points = np.asarray([here, *line], dtype=np.float64)
        share = np.linspace(0.0, 1.0, len(points))
        duration_s = route.duration_s if route is not None else 30.0
        self._way = _Way(points[:, 0], points[:, 1], share * duration_s, now_s, task_id)

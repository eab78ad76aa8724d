"""Simulated crews: their phones sign in over HTTP, go on shift, and report where they are.

A crew patrols around its base, drives to the place of the task it has accepted, and stays there until that is done. It
decides nothing: accepting, arriving and finishing stay with a person (or with a story that plays one).
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Final

import httpx
import numpy as np
from numpy.typing import NDArray

from cityops.kit import Clock
from cityops.places import RoadNetwork
from cityops.simulation.journeys import distance_m

_REPORT_S: Final = 5.0
_TASKS_EVERY: Final = 2
_PATROL_RADIUS_M: Final = 2_500.0
_METRES_A_DEGREE: Final = 111_195.0  # of latitude, on the mean Earth radius
_FIRST_RETRY_S: Final = 2.0
_LONGEST_RETRY_S: Final = 30.0
_AT_WORK: Final = ("accepted", "on_scene")

Point = tuple[float, float]
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Way:
    """A line being driven: vertices (WGS-84), seconds from the start at each, and when it was begun."""

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    time_s: NDArray[np.float64]
    begun_s: float

    def at(self, now_s: float) -> Point:
        """Where the crew is; at the end of the line from then on."""
        since_s = now_s - self.begun_s
        return float(np.interp(since_s, self.time_s, self.lon)), float(np.interp(since_s, self.time_s, self.lat))

    def is_over(self, now_s: float) -> bool:
        """Whether the end has been reached."""
        return now_s - self.begun_s >= float(self.time_s[-1])


def plan_way(network: RoadNetwork, here: Point, there: Point, now_s: float) -> Way:
    """From ``here`` to ``there`` at an even pace that takes as long as the roads between them do.

    Without a road between them the crew goes straight, at 30 km/h.
    """
    route = network.route(network.nearest_node(*here), network.nearest_node(*there))
    points = np.asarray([here, *(route.line if route is not None else []), there], dtype=np.float64)
    legs_m = [distance_m(*start, *end) for start, end in zip(points[:-1].tolist(), points[1:].tolist(), strict=True)]
    metres = np.concatenate(([0.0], np.cumsum(legs_m)))
    duration_s = route.duration_s if route is not None and route.duration_s > 0 else float(metres[-1]) / (30 / 3.6)
    share = metres / metres[-1] if metres[-1] > 0 else metres
    return Way(points[:, 0], points[:, 1], share * duration_s, now_s)


class CrewPhone:
    """One crew's phone."""

    def __init__(
        self,
        address: str,
        username: str,
        password: str,
        *,
        network: RoadNetwork,
        clock: Clock,
        seed: int,
        first_retry_s: float = _FIRST_RETRY_S,
    ) -> None:
        self._client = httpx.AsyncClient(base_url=address, timeout=10.0, trust_env=False)
        self._account = {"username": username, "password": password}
        self._network = network
        self._clock = clock
        self._random = np.random.default_rng(seed)
        self._base: Point = (0.0, 0.0)
        self._way: Way | None = None
        self._task_id: str | None = None
        self._first_retry_s = self._retry_s = first_retry_s
        self._away = False

    async def run(self) -> None:
        """Stay on shift and report until cancelled; signs in again when the server was away, which is said once."""
        try:
            while True:
                try:
                    await self._shift()
                except httpx.HTTPError as error:
                    self._note(error)
                await asyncio.sleep(self._retry_s)
                self._retry_s = min(self._retry_s * 2, _LONGEST_RETRY_S)
        finally:
            await self._client.aclose()

    def _note(self, error: httpx.HTTPError) -> None:
        if not self._away:
            name, reason = self._account["username"], str(error) or type(error).__name__
            _logger.warning("%s does not reach the server and keeps trying: %s", name, reason)
        self._away = True

    async def _shift(self) -> None:
        """Sign in, go on shift, report; ends by raising ``httpx.HTTPError``."""
        session = await self._post("/api/session", self._account)
        self._client.headers["X-CSRF-Token"] = session["csrf_token"]
        crew = (await self._get("/api/crews"))["items"][0]
        await self._post(f"/api/crews/{crew['crew_id']}/shift", {"on": True})
        self._base = (crew["base_lon"], crew["base_lat"])
        if self._way is None:
            here = self._base if crew["lon"] is None else (crew["lon"], crew["lat"])
            self._way = plan_way(self._network, here, here, self._clock.monotonic_s())
        rounds = 0
        while True:
            if rounds % _TASKS_EVERY == 0:
                await self._look_at_tasks()
            rounds += 1
            lon, lat = self._position()
            await self._post(f"/api/crews/{crew['crew_id']}/position", {"lon": round(lon, 6), "lat": round(lat, 6)})
            self._retry_s, self._away = self._first_retry_s, False
            await asyncio.sleep(_REPORT_S)

    async def _get(self, path: str) -> Any:
        answer = await self._client.get(path)
        answer.raise_for_status()
        return answer.json()

    async def _post(self, path: str, content: dict[str, Any]) -> Any:
        answer = await self._client.post(path, json=content)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def _look_at_tasks(self) -> None:
        """Set out to the place of a task that was accepted since the last look."""
        tasks = (await self._get("/api/tasks?mine=true"))["items"]
        mine = [task for task in tasks if task["kind"] == "field" and task["state"] in _AT_WORK and task["place"]]
        task_id = mine[0]["task_id"] if mine else None
        if mine and task_id != self._task_id:
            self._drive_to((mine[0]["place"]["lon"], mine[0]["place"]["lat"]))
        self._task_id = task_id

    def _position(self) -> Point:
        """Where the crew is now; without a task it goes on patrol from wherever it has come to."""
        assert self._way is not None  # set when the shift began
        now_s = self._clock.monotonic_s()
        if self._task_id is None and self._way.is_over(now_s):
            self._drive_to(self._patrol_point())
        return self._way.at(now_s)

    def _patrol_point(self) -> Point:
        """A random point around the base."""
        angle, reach_m = self._random.uniform(0, 2 * np.pi), _PATROL_RADIUS_M * np.sqrt(self._random.random())
        lon, lat = self._base
        north = reach_m * np.cos(angle) / _METRES_A_DEGREE
        east = reach_m * np.sin(angle) / _METRES_A_DEGREE / np.cos(np.radians(lat))
        return float(lon + east), float(lat + north)

    def _drive_to(self, there: Point) -> None:
        assert self._way is not None  # set when the shift began
        now_s = self._clock.monotonic_s()
        self._way = plan_way(self._network, self._way.at(now_s), there, now_s)

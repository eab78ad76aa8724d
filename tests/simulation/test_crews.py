"""Crew phones: ways that take as long as the roads do, and little said while the server is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

import pytest
from tests.simulation.conftest import running, until

from cityops.kit import SystemClock
from cityops.places import City
from cityops.simulation.crews import CrewPhone, plan_way
from cityops.simulation.journeys import distance_m

Run = Callable[[Coroutine[Any, Any, None]], None]


def test_a_way_begins_here_ends_there_and_takes_the_time_of_the_route(city: City) -> None:
    network = city.network
    start, end = network.nearest_node(*city.center), network.nearest_node(city.center[0] + 0.05, city.center[1])
    here, there = ((float(network.node_lon[node]), float(network.node_lat[node])) for node in (start, end))
    route = network.route(start, end)
    assert route is not None
    way = plan_way(network, here, there, now_s=1000.0)
    assert way.at(1000.0) == here
    assert way.at(1000.0 + route.duration_s) == pytest.approx(there)
    assert way.at(1e9) == pytest.approx(there)
    assert not way.is_over(1000.0 + route.duration_s - 1)
    assert way.is_over(1000.0 + route.duration_s + 0.001)


def test_the_pace_is_even(city: City) -> None:
    way = plan_way(city.network, city.center, (city.center[0] + 0.05, city.center[1] + 0.03), now_s=0.0)
    whole_s = float(way.time_s[-1])
    vertices = list(zip(way.lon.tolist(), way.lat.tolist(), strict=True))
    length_m = sum(distance_m(*start, *end) for start, end in pairwise(vertices))
    for at_s in (0.0, 0.3 * whole_s, 0.9 * whole_s):
        assert distance_m(*way.at(at_s), *way.at(at_s + 1)) <= 1.001 * length_m / whole_s


def test_standing_is_a_way_too(city: City) -> None:
    way = plan_way(city.network, city.center, city.center, now_s=5.0)
    assert way.at(6.0) == pytest.approx(city.center, abs=0.02)


def test_a_phone_without_a_server_says_so_once(city: City, run: Run, caplog: pytest.LogCaptureFixture) -> None:
    phone = CrewPhone(
        "http://127.0.0.1:1", "crew1", "secret", network=city.network, clock=SystemClock(), seed=1, first_retry_s=0.01
    )

    async def story() -> None:
        async with running(phone.run()):
            await until(lambda: caplog.records, "a word")
            await asyncio.sleep(0.5)

    with caplog.at_level(logging.INFO):
        run(story())
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 1
    assert said[0].startswith("crew1 does not reach the server and keeps trying: ")
    assert "secret" not in said[0]

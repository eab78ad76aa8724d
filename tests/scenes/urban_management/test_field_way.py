"""The way of a collector to a check: by road from where the phone is, for that person only."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.scenes.rooms import scene_context

from cityops.access import SYSTEM, Principal, Role
from cityops.cases import NewCase, Step
from cityops.kit import InvalidError, ManualClock, NotFoundError, Text
from cityops.places import City
from cityops.scenes import SceneContext
from cityops.store import Store


def person(context: SceneContext, username: str, role: Role) -> Principal:
    made = context.accounts.create(
        SYSTEM, username=username, password="a test's password", display_name=username, role=role
    )
    return Principal(made.id, username, username, role)


def test_the_way_begins_where_the_person_is(
    sqlite_store: Store, clock: ManualClock, city: City, tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    context = scene_context(sqlite_store, clock, city, tmp_path)
    desk, mine, other = (
        person(context, name, role)
        for name, role in (("desk", Role.ACCEPTOR), ("mine", Role.COLLECTOR), ("other", Role.COLLECTOR))
    )
    lon, lat = city.center
    new = NewCase("urban_management", "urban_case", Text("井盖", "Cover"), 2, lon=lon + 0.02, lat=lat)
    case = context.cases.open(desk, new)
    form = {"collector": mine.account_id}
    case = context.cases.act(desk, case.case_id, "request_precheck", Step(case.version, None, form))
    (task_id,) = [task.task_id for task in case.tasks if task.kind == "precheck"]
    route = context.dispatch.crew_route(mine, task_id, (lon, lat))
    network = city.network
    direct = network.route(network.nearest_node(lon, lat), network.nearest_node(lon + 0.02, lat))
    assert direct is not None
    assert (route.from_lon, route.from_lat) == (lon, lat)
    assert (route.to.lon, route.to.lat, route.to_name) == (lon + 0.02, lat, None)
    assert (route.length_m, route.duration_s) == (round(direct.length_m, 1), round(direct.duration_s, 1))
    assert route.line == direct.line
    with pytest.raises(InvalidError) as unknown:
        context.dispatch.crew_route(mine, task_id)
    assert unknown.value.code == "dispatch.no_start"
    with pytest.raises(NotFoundError):
        context.dispatch.crew_route(other, task_id, (lon, lat))

"""The routes that scenes bring are documented as every route of the product is."""

from __future__ import annotations

import pytest
from tests.api.test_openapi import test_a_route_is_complete as check_route
from tests.scenes.rooms import installed_scenes
from tests.scenes.serving import documented, names

from cityops.api.declare import TAGS
from cityops.scenes import routers_of

OWN = {
    path: operations
    for base in ("/api/scenes", "/api/trials")
    for path, operations in documented(routers_of(installed_scenes().values()), base).items()
}


@pytest.mark.parametrize("route", sorted(names(OWN)))
def test_a_route_says_what_it_does_in_two_languages_with_examples(route: str) -> None:
    method, path = route.split()
    operation = OWN[path][method.lower()]
    check_route(method.lower(), path, {**operation, "tags": [*operation["tags"], TAGS[0]["name"]]})

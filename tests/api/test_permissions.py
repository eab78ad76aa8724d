"""Every route with every role and with nobody signed in, against a table written by hand."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from tests.api.world import World

EVERYBODY = "administrator acceptor dispatcher crew enterprise district analyst auditor"
PUBLIC = "public"

ALLOWED = {
    "GET /api/product": PUBLIC,
    "POST /api/session": PUBLIC,
    "GET /api/session": EVERYBODY,
    "DELETE /api/session": EVERYBODY,
    "GET /api/map": "administrator acceptor dispatcher crew enterprise district analyst",
    "GET /api/map/layers/{name}": "administrator acceptor dispatcher crew enterprise district analyst",
    "GET /api/vehicles/live": "administrator acceptor dispatcher crew enterprise district analyst",
    "GET /api/vehicles/{vehicle_id}": "acceptor dispatcher crew enterprise",
    "GET /api/alerts": "acceptor dispatcher enterprise district analyst auditor",
    "GET /api/alerts.xlsx": "acceptor dispatcher enterprise district analyst auditor",
    "GET /api/alerts/{alert_id}": "acceptor dispatcher enterprise district analyst auditor",
    "GET /api/alerts/{alert_id}/track": "acceptor dispatcher enterprise district analyst auditor",
    "POST /api/alerts/{alert_id}/case": "acceptor dispatcher",
    "GET /api/cases": "acceptor dispatcher crew enterprise district analyst auditor",
    "GET /api/cases.xlsx": "acceptor dispatcher crew enterprise district analyst auditor",
    "GET /api/cases/{case_id}": "acceptor dispatcher crew enterprise district analyst auditor",
    "POST /api/cases/{case_id}/read": "acceptor dispatcher crew enterprise district analyst auditor",
    "GET /api/cases/{case_id}/track": "acceptor dispatcher crew enterprise district analyst auditor",
    "GET /api/cases/{case_id}/print": "acceptor dispatcher crew enterprise district analyst auditor",
    "GET /api/cases/{case_id}/recommendations": "dispatcher",
    "POST /api/cases/{case_id}/steps/{action}": "acceptor dispatcher crew enterprise",
    "GET /api/tasks": "acceptor dispatcher crew enterprise district analyst auditor",
    "GET /api/tasks/{task_id}/route": "crew",
    "GET /api/crews": "acceptor dispatcher crew district",
    "POST /api/crews/{crew_id}/position": "crew",
    "POST /api/crews/{crew_id}/shift": "crew",
    "GET /api/closures": "administrator acceptor dispatcher crew enterprise district analyst",
    "POST /api/closures": "dispatcher",
    "DELETE /api/closures/{closure_id}": "dispatcher",
    "GET /api/units": "administrator acceptor dispatcher enterprise district analyst",
    "GET /api/devices": "administrator dispatcher",
    "GET /api/devices/pending": "administrator dispatcher",
    "POST /api/devices/pending/{pending_id}/approve": "administrator",
    "GET /api/accounts": "administrator",
    "POST /api/accounts": "administrator",
    "POST /api/accounts/{account_id}/password": "administrator",
    "DELETE /api/accounts/{account_id}": "administrator",
    "POST /api/accounts/{account_id}/activate": "administrator",
    "GET /api/audit": "administrator auditor",
    "GET /api/learn/today": "administrator acceptor dispatcher enterprise district analyst",
    "GET /api/learn/rates": "administrator acceptor dispatcher enterprise district analyst",
    "GET /api/live": EVERYBODY,
    "GET /api/health": PUBLIC,
    "GET /metrics": "metrics token",
    "GET /api/openapi.json": PUBLIC,
    "GET /api/docs": PUBLIC,
    "GET /{path:path}": PUBLIC,
    "HEAD /{path:path}": PUBLIC,
}
ROLES = EVERYBODY.split()


def routes_of(world: World) -> set[str]:
    found = set()
    for route in iter_route_contexts(world.app.routes):
        found |= {f"{method} {route.path}" for method in route.methods or ()}
    return found


def test_the_table_names_every_route_and_no_other(shared_world: World) -> None:
    assert routes_of(shared_world) == ALLOWED.keys()


def denied(answer: httpx.Response) -> bool:
    """Whether the route refused this person, which is not the room saying 'not yours' about a thing."""
    if answer.status_code == 401:
        return True
    return answer.status_code == 403 and answer.json()["code"] in ("access.forbidden", "metrics.closed")


@pytest.mark.parametrize("who", [*ROLES, "nobody"])
def test_every_route_opens_to_exactly_the_roles_of_the_table(shared_world: World, who: str) -> None:
    shared_world.app.state.parts.hub.closed = True  # a live stream that may be opened answers 429 at once

    async def run() -> dict[str, bool]:
        opened = {}
        shared_world.signed_in.clear()  # the role before has signed out
        async with shared_world.client(None if who == "nobody" else who) as client:
            last_first = sorted(ALLOWED, key=lambda route: route == "DELETE /api/session")
            for route in last_first:
                method, path = route.split()
                address = re.sub(r"\{\w+(:path)?\}", "1", path)
                answer = await client.request(method, address, json={} if method == "POST" else None)
                assert answer.status_code != 500, (route, answer.text)
                opened[route] = not denied(answer)
                if who == "nobody" and not opened[route] and path != "/metrics":
                    assert answer.status_code == 401, route
        return opened

    opened = asyncio.run(run())
    expected = {route: roles == PUBLIC or who in roles.split() for route, roles in ALLOWED.items()}
    assert opened == expected

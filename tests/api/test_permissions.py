"""Every route with every role and with nobody signed in, against a table written by hand."""

from __future__ import annotations

import asyncio
import re

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from tests.api.world import World

EVERYBODY = (
    "administrator acceptor dispatcher shift_leader collector unit handler crew enterprise district analyst auditor"
)
PUBLIC = "public"
DESK = "acceptor dispatcher shift_leader"
URBAN = "collector unit handler"
INSPECTORS = f"{URBAN} crew enterprise district"
RULE_READERS = f"administrator {DESK} collector unit"

ALLOWED = {
    "GET /api/product": PUBLIC,
    "POST /api/session": PUBLIC,
    "GET /api/session": PUBLIC,
    "DELETE /api/session": EVERYBODY,
    "GET /api/map": PUBLIC,
    "GET /api/map/layers/{name}": PUBLIC,
    "GET /api/vehicles/live": f"administrator {DESK} crew enterprise district analyst {URBAN}",
    "GET /api/vehicles/{vehicle_id}": f"{DESK} crew enterprise",
    "GET /api/alerts": f"{DESK} enterprise district analyst auditor",
    "GET /api/alerts.xlsx": f"{DESK} enterprise district analyst auditor",
    "GET /api/alerts/{alert_id}": f"{DESK} enterprise district analyst auditor",
    "GET /api/alerts/{alert_id}/track": f"{DESK} enterprise district analyst auditor",
    "POST /api/alerts/{alert_id}/case": f"{DESK}",
    "GET /api/intake/places": f"{DESK} {URBAN}",
    "POST /api/intake/suggestions": f"{DESK} {URBAN}",
    "GET /api/intake/duplicates": f"{DESK} {URBAN}",
    "POST /api/intake/reports": f"{DESK} {URBAN}",
    "GET /api/cases/{case_id}/duplicates": DESK,
    "GET /api/intake/template.xlsx": DESK,
    "POST /api/intake/import": DESK,
    "GET /api/intake/call-backs": DESK,
    "POST /api/intake/call-backs/{reporter_id}": DESK,
    "POST /api/cases/{case_id}/matter": DESK,
    "GET /api/cases/{case_id}/reporters": DESK,
    "POST /api/intake/reporters/{reporter_id}/contact": DESK,
    "GET /api/figures/{scene}": EVERYBODY,
    "GET /api/figures/{scene}.xlsx": EVERYBODY,
    "GET /api/figures/{scene}/{figure}/reported": EVERYBODY,
    "POST /api/figures/{scene}/{figure}/reported": "administrator shift_leader",
    "GET /api/drills/kinds": EVERYBODY,
    "GET /api/drills": EVERYBODY,
    "POST /api/drills": f"crew enterprise district {URBAN}",
    "GET /api/drills/{drill_id}": EVERYBODY,
    "POST /api/drills/{drill_id}/presses": f"crew enterprise district {URBAN}",
    "POST /api/drills/{drill_id}/presses/{press_id}/withdrawal": f"crew enterprise district {URBAN}",
    "POST /api/drills/{drill_id}/abort": f"crew enterprise district {URBAN}",
    "GET /api/case-forms": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "POST /api/case-forms/{scene}/{kind}": f"{DESK} {URBAN}",
    "GET /api/cases": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "GET /api/cases.xlsx": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "GET /api/cases/{case_id}": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "POST /api/cases/{case_id}/read": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "GET /api/cases/{case_id}/track": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "GET /api/cases/{case_id}/print": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "GET /api/cases/{case_id}/recommendations": "dispatcher shift_leader",
    "POST /api/cases/{case_id}/steps/{action}": f"{DESK} crew enterprise {URBAN}",
    "GET /api/cases/{case_id}/documents": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "GET /api/documents/{document_id}.docx": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "GET /api/documents/{document_id}.pdf": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "GET /api/cases/{case_id}/steps/{action}/choices": f"{DESK} crew enterprise {URBAN}",
    "GET /api/steps": f"{DESK} crew enterprise {URBAN}",
    "POST /api/steps/{action}": f"{DESK} crew enterprise {URBAN}",
    "GET /api/hand-over": "dispatcher shift_leader unit handler",
    "GET /api/hand-over/{account_id}": "dispatcher shift_leader unit handler",
    "POST /api/hand-over": "dispatcher shift_leader unit handler",
    "GET /api/notices": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "GET /api/tasks": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "GET /api/tasks/{task_id}/route": "collector crew",
    "POST /api/tasks/{task_id}/answers": f"crew enterprise {URBAN}",
    "POST /api/evidence": f"administrator {DESK} crew enterprise district {URBAN}",
    "DELETE /api/evidence/{evidence_id}": f"administrator {DESK} crew enterprise district {URBAN}",
    "GET /api/cases/{case_id}/evidence": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "GET /api/evidence/{evidence_id}/{rendition}": f"{DESK} crew enterprise district analyst auditor {URBAN}",
    "GET /api/field/catalogue": f"{DESK} {URBAN}",
    "PUT /api/patrol/shifts/{client_id}": "collector",
    "POST /api/patrol/shifts/{client_id}/points": "collector",
    "GET /api/patrol/coverage": "dispatcher shift_leader",
    "GET /api/crews": f"{DESK} crew district",
    "POST /api/crews/{crew_id}/position": "crew",
    "POST /api/crews/{crew_id}/shift": "crew",
    "GET /api/closures": f"administrator {DESK} crew enterprise district analyst {URBAN}",
    "POST /api/closures": "dispatcher shift_leader",
    "DELETE /api/closures/{closure_id}": "dispatcher shift_leader",
    "GET /api/inspections/plans": EVERYBODY,
    "GET /api/inspections/due": EVERYBODY,
    "GET /api/inspections/coverage": EVERYBODY,
    "GET /api/inspections/bundle": INSPECTORS,
    "GET /api/inspections/checklists/{name}": EVERYBODY,
    "POST /api/inspections": INSPECTORS,
    "GET /api/inspections": EVERYBODY,
    "GET /api/inspections/{inspection_id}": EVERYBODY,
    "GET /api/inspections/{inspection_id}/print": EVERYBODY,
    "GET /api/hazards": EVERYBODY,
    "GET /api/objects/{object_id}/attachments": EVERYBODY,
    "POST /api/objects/{object_id}/attachments": f"administrator shift_leader {INSPECTORS}",
    "GET /api/attachments/{evidence_id}/{rendition}": EVERYBODY,
    "GET /api/public/services": PUBLIC,
    "GET /api/public/place": PUBLIC,
    "GET /api/public/reports": PUBLIC,
    "POST /api/public/reports": PUBLIC,
    "POST /api/public/reports/photos": PUBLIC,
    "POST /api/public/reports/follow": PUBLIC,
    "POST /api/public/reports/not-fixed": PUBLIC,
    "POST /api/public/reports/rating": PUBLIC,
    "POST /api/public/tip-offs": PUBLIC,
    "POST /api/public/tip-offs/photos": PUBLIC,
    "POST /api/public/tip-offs/follow": PUBLIC,
    "GET /api/reports": f"{DESK}",
    "GET /api/reports/{report_id}": f"{DESK}",
    "POST /api/reports/{report_id}/contact": f"{DESK}",
    "POST /api/reports/{report_id}/publication": f"{DESK}",
    "POST /api/reports/{report_id}/filing": f"{DESK}",
    "POST /api/reports/{report_id}/refusal": f"{DESK}",
    "GET /api/tip-offs": "shift_leader",
    "GET /api/tip-offs/{tip_off_id}": "shift_leader",
    "POST /api/tip-offs/{tip_off_id}/decision": "shift_leader",
    "POST /api/tip-offs/{tip_off_id}/filing": "shift_leader",
    "POST /api/tip-offs/counter/look-up": "shift_leader",
    "POST /api/tip-offs/counter/payment": "shift_leader",
    "GET /api/units": f"administrator {DESK} enterprise district analyst unit",
    "GET /api/registers": EVERYBODY,
    "GET /api/registers/{register}": EVERYBODY,
    "GET /api/registers/{register}/objects": EVERYBODY,
    "POST /api/registers/{register}/objects": EVERYBODY,
    "POST /api/registers/{register}/bulk": EVERYBODY,
    "GET /api/registers/{register}/layer": EVERYBODY,
    "GET /api/registers/objects/{object_id}": EVERYBODY,
    "POST /api/registers/objects/{object_id}": EVERYBODY,
    "GET /api/registers/objects/{object_id}/history": EVERYBODY,
    "GET /api/registers/objects/{object_id}/related": EVERYBODY,
    "GET /api/registers/objects/{object_id}/qr.svg": EVERYBODY,
    "GET /api/registers/{register}/objects.xlsx": EVERYBODY,
    "GET /api/registers/{register}/template.xlsx": EVERYBODY,
    "POST /api/registers/{register}/import": EVERYBODY,
    "GET /api/registers/imports/{job_id}": EVERYBODY,
    "GET /api/registers/{register}/labels": EVERYBODY,
    "GET /api/devices": "administrator dispatcher shift_leader",
    "GET /api/devices/pending": "administrator dispatcher shift_leader",
    "POST /api/devices/pending/{pending_id}/approve": "administrator",
    "GET /api/accounts": "administrator",
    "POST /api/accounts": "administrator",
    "POST /api/accounts/{account_id}/password": "administrator",
    "DELETE /api/accounts/{account_id}": "administrator",
    "POST /api/accounts/{account_id}/activate": "administrator",
    "GET /api/audit": "administrator auditor",
    "GET /api/learn/today": f"administrator {DESK} enterprise district analyst unit",
    "GET /api/learn/rates": f"administrator {DESK} enterprise district analyst unit",
    "GET /api/rules": RULE_READERS,
    "GET /api/rules/{table}": RULE_READERS,
    "GET /api/rules/{table}/versions": RULE_READERS,
    "GET /api/rules/{table}/changes": RULE_READERS,
    "GET /api/rules/{table}/sheet.xlsx": RULE_READERS,
    "POST /api/rules/{table}/check": "administrator",
    "POST /api/rules/{table}/versions": "administrator",
    "POST /api/rules/{table}/roll-back": "administrator",
    "GET /api/catalogue": RULE_READERS,
    "POST /api/route-test": RULE_READERS,
    "GET /api/evaluation": f"administrator {DESK} enterprise district analyst unit",
    "GET /api/evaluation/cases": f"administrator {DESK} enterprise district analyst unit",
    "GET /api/evaluation.xlsx": f"administrator {DESK} enterprise district analyst unit",
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

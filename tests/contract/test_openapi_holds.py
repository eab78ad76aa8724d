"""Random requests to every documented route: no server error, and no status that the document does not name.

The whole product runs with the routes of all scenes; people of several roles ask, and nobody. ``CITYOPS_EXAMPLES`` sets
how many requests each route gets.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import status_code_conformance
from tests.stories.processes import PATIENCE_S

pytestmark = pytest.mark.xdist_group("contract")  # one product for both

PASSWORD = "cityops-demo"
EXAMPLES = int(os.environ.get("CITYOPS_EXAMPLES", "6"))
PEOPLE = ("admin", "dispatcher", "leader", "lamps", "collector1")
LEFT_OUT = ("GET /api/live", "POST /api/session", "DELETE /api/session")
"""A stream without an end; signing in and out would throttle or end the asker (tests/api/test_session.py)."""
CHECKS = [not_a_server_error, status_code_conformance]


@pytest.fixture(scope="module")
def document(address: str) -> Any:
    return schemathesis.openapi.from_url(f"{address}/api/openapi.json", timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def askers(address: str) -> list[dict[str, str]]:
    """The headers of a session of each of the people, and of nobody."""
    found: list[dict[str, str]] = [{}]
    for username in PEOPLE:
        sent = {"username": username, "password": PASSWORD}
        answer = httpx.post(f"{address}/api/session", json=sent, trust_env=False, timeout=PATIENCE_S)
        answer.raise_for_status()
        token = answer.cookies["cityops_session"]
        found.append({"Cookie": f"cityops_session={token}", "X-CSRF-Token": answer.json()["csrf_token"]})
    return found


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.timeout(1200)
def test_no_server_error_and_no_undocumented_status(
    document: Any, askers: list[dict[str, str]], mode: GenerationMode
) -> None:
    operations = [found.ok() for found in document.get_all_operations()]
    asked = [one for one in operations if one.label not in LEFT_OUT]
    assert len(asked) > 100
    faults = {one.label: fault for one in asked if (fault := fault_of(one, askers, mode)) is not None}
    assert not faults, "\n".join(f"{label}: {fault}" for label, fault in faults.items())


def fault_of(operation: Any, askers: list[dict[str, str]], mode: GenerationMode) -> str | None:
    """What the route did wrong, if anything."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        phases=(Phase.generate,),
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), headers=st.sampled_from(askers))
    def ask(case: Any, headers: Mapping[str, str]) -> None:
        case.call_and_validate(headers=dict(headers), checks=CHECKS, timeout=PATIENCE_S)

    try:
        ask()
    except Unsatisfiable:  # a route without parameters takes no wrong ones
        return None
    except FailureGroup as error:
        return str(error)[:800]
    return None

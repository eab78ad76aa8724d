"""Every route says what it does, in two languages, with an example, its refusals and its permission."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cityops.access import Permission
from cityops.api import openapi_document
from cityops.api.declare import TAGS

DOCUMENT = openapi_document()
OPERATIONS = [
    (method, path, operation)
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
]


def words(part: object) -> str:
    return part if isinstance(part, str) else ""


NO_CONTENT = {"204"}


@pytest.mark.parametrize(
    ("method", "path", "operation"), OPERATIONS, ids=lambda part: part if isinstance(part, str) else ""
)
def test_a_route_is_complete(method: str, path: str, operation: dict[str, Any]) -> None:
    assert re.search("[\u4e00-\u9fff]", operation["summary"])
    assert re.search("[A-Za-z]{2,}", operation["summary"])
    assert operation["description"].strip()
    assert [tag for tag in operation["tags"] if tag in {one["name"] for one in TAGS}]
    assert "422" not in operation["responses"]
    check_answers(operation)
    if "requestBody" in operation:
        (body,) = operation["requestBody"]["content"].values()
        assert body["example"]
    if not operation["x-public"]:
        assert {"401", "403"} <= operation["responses"].keys()
        assert set(operation["x-permissions"]) <= {permission.value for permission in Permission}
    if "{" in path and method != "post" and path.startswith("/api/") and "layers" not in path:
        assert "404" in operation["responses"]


def check_answers(operation: dict[str, Any]) -> None:
    refusals = 0
    for code, response in operation["responses"].items():
        if code in NO_CONTENT:
            continue
        (media_type,) = response["content"]
        assert response["content"][media_type].get("example"), f"{code} has no example"
        if int(code) >= 400:
            refusals += 1
            assert media_type == "application/problem+json"
            assert response["description"]
    assert refusals >= 3


def test_the_document_holds_every_schema_that_it_names() -> None:
    named = set(re.findall(r"#/components/schemas/(\w+)", str(DOCUMENT)))
    assert named <= DOCUMENT["components"]["schemas"].keys()
    assert "HTTPValidationError" not in DOCUMENT["components"]["schemas"]


def test_the_contract_of_the_web_is_all_there() -> None:
    paths = {(method.upper(), path) for method, path, _ in OPERATIONS}
    assert {
        ("GET", "/api/product"),
        ("POST", "/api/session"),
        ("GET", "/api/session"),
        ("DELETE", "/api/session"),
        ("GET", "/api/map"),
        ("GET", "/api/map/layers/{name}"),
        ("GET", "/api/vehicles/live"),
        ("GET", "/api/vehicles/{vehicle_id}"),
        ("GET", "/api/alerts"),
        ("GET", "/api/alerts/{alert_id}"),
        ("GET", "/api/alerts/{alert_id}/track"),
        ("POST", "/api/alerts/{alert_id}/case"),
        ("GET", "/api/cases"),
        ("GET", "/api/cases/{case_id}"),
        ("GET", "/api/cases/{case_id}/track"),
        ("POST", "/api/cases/{case_id}/steps/{action}"),
        ("GET", "/api/cases/{case_id}/recommendations"),
        ("GET", "/api/tasks"),
        ("GET", "/api/tasks/{task_id}/route"),
        ("GET", "/api/crews"),
        ("POST", "/api/crews/{crew_id}/position"),
        ("POST", "/api/crews/{crew_id}/shift"),
        ("GET", "/api/closures"),
        ("POST", "/api/closures"),
        ("DELETE", "/api/closures/{closure_id}"),
        ("GET", "/api/units"),
        ("GET", "/api/devices"),
        ("GET", "/api/devices/pending"),
        ("POST", "/api/devices/pending/{pending_id}/approve"),
        ("GET", "/api/accounts"),
        ("POST", "/api/accounts"),
        ("GET", "/api/audit"),
        ("GET", "/api/learn/today"),
        ("GET", "/api/learn/rates"),
        ("GET", "/api/alerts.xlsx"),
        ("GET", "/api/cases.xlsx"),
        ("GET", "/api/cases/{case_id}/print"),
        ("GET", "/api/health"),
        ("GET", "/metrics"),
        ("GET", "/api/live"),
    } <= paths


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=words)
def test_a_route_is_in_the_reference_with_its_permission(method: str, path: str, operation: dict[str, Any]) -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "http.md"
    who = "public" if operation["x-public"] else ", ".join(operation["x-permissions"]) or "signed in"
    assert f"| `{method.upper()} {path}` | {operation['summary']} | {who} |" in page.read_text(encoding="utf-8")

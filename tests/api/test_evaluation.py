"""The evaluation over HTTP: the published month from case rows to published rates, scopes, drill-down, sheet."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from tests.api.published_month import ACCEPTED, CLOSED, DUE, FILED, IN_TIME, Month
from tests.api.test_routes import ask, did
from tests.api.world import PASSWORD, World, compose

from cityops.access import SYSTEM, Role, UnitKind
from cityops.analysis.evaluation import FactKeeper
from cityops.api import ApiSettings
from cityops.kit import WorkingCalendar
from cityops.scenes import counted_work_of
from cityops.scenes.urban_management import scene

APRIL = {"from": "2026-04-01", "to": "2026-04-30"}


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world of its own with the published month in its store."""
    folder: Path = tmp_path_factory.mktemp("month")
    for world in compose(folder, f"sqlite:///{folder}/m.db", ApiSettings(version="1.2.3")):
        context = world.context
        unit_ids = [
            context.units.create(SYSTEM, code=code, name=code, kind=UnitKind.DEPARTMENT).id for code in ("水务", "环卫")
        ]
        account = context.accounts.create(
            SYSTEM, username="water", password=PASSWORD, display_name="水务", role=Role.UNIT, unit_id=unit_ids[0]
        )
        assert account.unit_id == unit_ids[0]
        context.store.write(Month(unit_ids).write)
        assert FactKeeper(context.store, counted_work_of([scene()]), WorkingCalendar.official()).rebuild() == ACCEPTED
        yield world


def evaluated(month: World, who: str = "dispatcher", **query: Any) -> dict[str, Any]:
    found: dict[str, Any] = did(ask(month, who, "GET", "/api/evaluation", params={**APRIL, **query}))
    return found


def test_the_published_month(month: World) -> None:
    total = (evaluated(month))["total"]
    counted = {name: total["counters"][name] for name in ("accepted", "filed", "close_due", "closed", "closed_in_time")}
    assert counted == {
        "accepted": 1_054, "filed": 996, "close_due": 972, "closed": 911, "closed_in_time": 737,
    }  # fmt: skip
    assert total["rates"]["closing_rate"]["percent"] == "93.72"
    assert total["rates"]["timely_closing_rate"]["percent"] == "75.82"
    assert total["rates"]["filing_rate"]["percent"] == "94.50"


def test_the_parts_add_up_to_the_whole_and_lead_to_their_cases(month: World) -> None:
    answer = evaluated(month, by=["unit", "period"], period="week")
    for name, whole in {"filed": FILED, "close_due": DUE, "closed": CLOSED, "closed_in_time": IN_TIME}.items():
        assert sum(group["counters"][name] for group in answer["groups"]) == whole
    assert {group["labels"][0] for group in answer["groups"]} == {"水务", "环卫", ""}  # "": refused, nobody's
    group = next(group for group in answer["groups"] if group["labels"] == ["环卫", "2026-04-06"])
    query = {**APRIL, "unit_id": group["key"][0], "from": "2026-04-06", "to": "2026-04-12", "counter": "closed"}
    cases = did(ask(month, "dispatcher", "GET", "/api/evaluation/cases", params=query))
    assert cases["page"]["total"] == group["counters"]["closed"] > 0
    assert all(case["done"] and case["number"].startswith("UM-") for case in cases["items"])


def test_a_unit_sees_its_own_and_nobody_elses(month: World) -> None:
    answer = evaluated(month, "water", by="unit")
    assert [group["labels"] for group in answer["groups"]] == [["水务"]]
    assert answer["total"]["counters"]["filed"] == FILED // 2
    assert answer["total"]["counters"]["accepted"] == FILED // 2  # those that became its cases
    did(ask(month, "auditor", "GET", "/api/evaluation"), 403)


def test_a_score_names_its_rules_and_lines(month: World) -> None:
    answer = evaluated(month, by="unit", post="unit")
    assert answer["rules"]["name"] == "example"
    assert [one["key"] for one in answer["indicators"]] == ["closing_rate", "timely_closing_rate", "rework_rate"]
    score = answer["total"]["score"]
    lines = {line["indicator"]: (line["weight"], line["score"]) for line in score["items"]}
    # 911 / 972, 737 / 972, no rework; weights 30 each, the 10 of the filed count without a value for 100 points.
    assert lines["closing_rate"] == (30, pytest.approx(100 * 911 / 972))
    assert score["total"] == pytest.approx((100 * 911 / 972 + 100 * 737 / 972 + 100) / 3)
    assert score["weight_with_data"] == 90


def test_the_sheet_has_the_same_figures(month: World) -> None:
    answer = ask(month, "dispatcher", "GET", "/api/evaluation.xlsx", params={**APRIL, "by": "unit"})
    rows = list(load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))
    heading, total = [str(cell) for cell in rows[0]], rows[-1]
    assert total[0] == "合计 Total"
    assert total[heading.index("结案数 closed")] == 911
    assert total[heading.index("结案率 closing rate %")] == 93.72


def test_what_cannot_be_asked_is_refused_in_words(month: World) -> None:
    for query, code in (
        ({"from": "2025-01-01"}, "evaluation.span"),
        ({"from": "2026-05-01"}, "evaluation.span"),
        ({"scene": "key_vehicles"}, "evaluation.kind"),
    ):
        answer = ask(month, "dispatcher", "GET", "/api/evaluation", params={**APRIL, **query})
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    did(ask(month, "dispatcher", "GET", "/api/evaluation/cases", params={**APRIL, "counter": "none"}), 404)

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from cityops.api import examples, schemas
from cityops.api.excel import ALERT_COLUMNS, CASE_COLUMNS, alert_row, case_row, write_sheet
from cityops.api.print_case import case_page
from cityops.kit import SHANGHAI

PAIRS = [
    (schemas.Me, examples.ME),
    (schemas.Product, examples.PRODUCT),
    (schemas.MapBase, examples.MAP),
    (schemas.VehicleLiveList, examples.VEHICLES_LIVE),
    (schemas.Vehicle, examples.VEHICLE),
    (schemas.AlertList, examples.ALERT_LIST),
    (schemas.AlertDetail, examples.ALERT_DETAIL),
    (schemas.Track, examples.TRACK),
    (schemas.CaseList, examples.CASE_LIST),
    (schemas.CaseDetail, examples.CASE_DETAIL),
    (schemas.TaskList, examples.TASK_LIST),
    (schemas.Evidence, examples.EVIDENCE),
    (schemas.EvidenceList, examples.EVIDENCE_LIST),
    (schemas.FieldCatalogue, examples.FIELD_CATALOGUE),
    (schemas.NewTaskAnswer, examples.NEW_TASK_ANSWER),
    (schemas.TaskAnswered, examples.TASK_ANSWERED),
    (schemas.NewPatrolShift, examples.NEW_PATROL_SHIFT),
    (schemas.PatrolShift, examples.PATROL_SHIFT),
    (schemas.PatrolPoints, examples.PATROL_POINTS),
    (schemas.PatrolKept, examples.PATROL_KEPT),
    (schemas.PatrolCoverage, examples.PATROL_COVERAGE),
    (schemas.CrewList, examples.CREW_LIST),
    (schemas.Recommendations, examples.RECOMMENDATIONS),
    (schemas.ClosureList, examples.CLOSURE_LIST),
    (schemas.UnitList, examples.UNIT_LIST),
    (schemas.DeviceList, examples.DEVICE_LIST),
    (schemas.PendingDeviceList, examples.PENDING_LIST),
    (schemas.AccountList, examples.ACCOUNT_LIST),
    (schemas.AuditList, examples.AUDIT_LIST),
    (schemas.LearnToday, examples.LEARN_TODAY),
    (schemas.LearnRates, examples.LEARN_RATES),
    (schemas.Health, examples.HEALTH),
    (schemas.Problem, examples.PROBLEM),
    (schemas.SignIn, examples.SIGN_IN),
    (schemas.Step, examples.STEP),
    (schemas.OpenCase, examples.OPEN_CASE),
    (schemas.CrewPosition, examples.CREW_POSITION),
    (schemas.CrewShift, examples.CREW_SHIFT),
    (schemas.NewClosure, examples.NEW_CLOSURE),
    (schemas.ApproveDevice, examples.APPROVE_DEVICE),
    (schemas.NewAccount, examples.NEW_ACCOUNT),
    (schemas.NewPassword, examples.NEW_PASSWORD),
]


@pytest.mark.parametrize(("model", "example"), PAIRS, ids=lambda value: getattr(value, "__name__", ""))
def test_an_example_says_exactly_what_its_schema_says(model: type[schemas.Model], example: dict[str, Any]) -> None:
    parsed = model.model_validate(example)
    said = parsed.model_dump(mode="json", exclude_unset=True)
    assert said == example


def alert(**changes: Any) -> schemas.Alert:
    return schemas.Alert.model_validate({**examples.ALERT, **changes})


def test_an_alert_sheet_holds_shanghai_times_and_plain_text() -> None:
    hostile = alert(plate="=HYPERLINK(1)", unit_name="a\x07b", started_at=datetime(2026, 5, 12, 16, 0, tzinfo=UTC))
    content = write_sheet("预警", ALERT_COLUMNS, [alert_row(alert()), alert_row(hostile)])
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]] == [name for name, _ in ALERT_COLUMNS]
    assert rows[1][0].value == datetime(2026, 5, 12, 19, 40, 5)
    assert rows[1][1].value == "严重 serious"
    assert rows[1][5].value == "晋A12345"
    assert rows[1][7].value == "小店区"
    assert rows[2][0].value == datetime(2026, 5, 13, 0, 0)
    assert (rows[2][5].value, rows[2][5].data_type) == ("=HYPERLINK(1)", "s")
    assert rows[2][6].value == "ab"


def test_a_case_sheet_holds_one_row_a_case() -> None:
    late = schemas.Case.model_validate(
        {**examples.CASE, "deadline": {**examples.DEADLINE, "overdue": True}, "place": None}
    )
    content = write_sheet("案件", CASE_COLUMNS, [case_row(late)])
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    _, row = list(sheet.iter_rows(values_only=True))
    assert row[0] == "ZD-20260512-0007"
    assert row[10:12] == (datetime(2026, 5, 13, 0, 11, 5), "是 yes")


def printed(**changes: Any) -> str:
    case = schemas.CaseDetail.model_validate({**examples.CASE_DETAIL, **changes})
    at = datetime(2026, 5, 13, 8, 0, tzinfo=SHANGHAI)
    return case_page(case, city="太原（合成）", synthetic=True, printed_by="调度员", printed_at=at)


def test_the_case_file_is_an_a4_page_in_two_languages() -> None:
    page = printed()
    assert "size: A4" in page
    for words in (
        "案卷",
        "Case file",
        "ZD-20260512-0007",
        "晋A12345",
        "2026-05-12 23:42:10",
        "就近派小店一中队",
        "Timeline",
    ):
        assert words in page
    assert "合成演示数据" in page
    assert "2026-05-13 08:00:00" in page


def test_the_case_file_escapes_everything() -> None:
    evil = "<script>alert(1)</script>"
    text = {"zh": evil, "en": evil}
    step = {**examples.STEP_TAKEN, "title": text, "actor": evil, "comment": evil, "unit_name": evil}
    task = {**examples.TASK, "title": text, "state_title": text, "unit_name": evil}
    page = printed(
        title=text,
        state_title=text,
        plate=evil,
        unit_name=evil,
        crew_name=evil,
        number=evil,
        timeline=[step],
        tasks=[task],
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 12

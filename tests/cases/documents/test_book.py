"""Documents made by steps: numbered by year and kind, once each, kept under their hash, read with permission."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from cityops.access import AuditFilter, Principal, Role, list_audit
from cityops.cases import Cases, NewCase, Step, Workflow, check_workflow
from cityops.cases.documents import Documents, document_effects
from cityops.cases.documents.tables import document_table
from cityops.kit import (
    SHANGHAI,
    CityOpsError,
    ConflictError,
    IdMaker,
    ManualClock,
    NotFoundError,
    Text,
    WorkingCalendar,
)
from cityops.store import Files, Store

TEMPLATE = {
    "title": {"zh": "通知书", "en": "Notice"},
    "mark": "测通",
    "paragraphs": [{"text": "{found_on}{who}{case_number}{amount:capital}"}],
    "seal": "测试单位",
}
RAW: dict[str, Any] = {
    "name": "small",
    "title": {"zh": "小流程", "en": "Small"},
    "number_prefix": "S",
    "initial": "open",
    "states": {
        "open": {"title": {"zh": "开", "en": "Open"}},
        "ended": {"title": {"zh": "终", "en": "End"}, "end": True},
    },
    "documents": {"notice": TEMPLATE},
    "transitions": [
        {
            "action": "make",
            "title": {"zh": "制作", "en": "Make"},
            "from": ["open"],
            "to": "stay",
            "permission": "cases.open",
            "form": [
                {"name": "found_on", "title": {"zh": "发现", "en": "Found"}, "kind": "datetime"},
                {
                    "name": "who",
                    "title": {"zh": "谁", "en": "Who"},
                    "kind": "choice",
                    "options": [{"value": "person", "title": {"zh": "个人", "en": "Person"}}],
                },
                {"name": "amount", "title": {"zh": "金额", "en": "Amount"}, "kind": "number"},
            ],
            "effects": [{"do": "make_document", "document": "notice"}],
        },
        {
            "action": "end",
            "title": {"zh": "终", "en": "End"},
            "from": ["open"],
            "to": "ended",
            "permission": "cases.open",
            "form": [],
            "effects": [],
        },
    ],
}
DESK = Principal("A-desk", "desk", "受理员", Role.ACCEPTOR, "U-1", "中心")
ELSEWHERE = Principal("A-else", "else", "别区", Role.DISTRICT, area_codes=("140106",))


class Room:
    """An engine with one workflow that makes a document at each step."""

    def __init__(self, store: Store, clock: ManualClock, folder: Path) -> None:
        ids = IdMaker(clock)
        self.store, self.clock, self.files = store, clock, Files(folder / "files")
        self.documents = Documents(store, self.files, clock, ids)
        workflows = {("test", "small"): Workflow.model_validate(RAW)}
        effects = document_effects(self.documents)
        self.cases = Cases(store, clock, ids, workflows, WorkingCalendar.official(), effects)

    def made(self, **form: Any) -> str:
        """A case with one document; its id."""
        new = NewCase("test", "small", Text("题", "T"), 1, area_code="140105")
        case = self.cases.open(DESK, new)
        self.cases.act(DESK, case.case_id, "make", Step(1, form=form))
        return case.case_id

    def number(self, case_id: str) -> str:
        return self.documents.of_case(DESK, case_id)[-1].number


@pytest.fixture
def room(store: Store, clock: ManualClock, tmp_path: Path) -> Room:
    return Room(store, clock, tmp_path)


def test_numbers_run_by_year_and_kind(room: Room) -> None:
    assert [room.number(room.made()) for _ in range(2)] == ["测通〔2026〕1号", "测通〔2026〕2号"]
    to_midnight = datetime(2027, 1, 1, tzinfo=SHANGHAI) - room.clock.now()
    room.clock.advance(to_midnight.total_seconds() - 1)
    assert room.number(room.made()) == "测通〔2026〕3号"
    room.clock.advance(1)
    assert room.number(room.made()) == "测通〔2027〕1号"


def test_forms_fill_the_fields_and_a_later_form_only_what_it_says_anew(room: Room) -> None:
    case_id = room.made(found_on="2026-11-20T23:30:00+00:00", who="person")
    room.cases.act(DESK, case_id, "make", Step(2, form={"amount": 5000}))
    first, second = (room.documents.of_case(DESK, case_id)[i].document_id for i in (0, 1))
    with room.store.read() as conn:
        contents = {
            row.id: row.content["paragraphs"]
            for row in conn.execute(select(document_table.c.id, document_table.c.content))
        }
    number = room.cases.get(DESK, case_id).number
    assert contents[first] == [f"2026年11月21日个人{number}／"]
    assert contents[second] == [f"2026年11月21日个人{number}伍仟元整"]


@pytest.mark.parametrize("form", ["docx", "pdf"])
def test_what_is_read_is_what_was_made_and_renders_again_to_the_same_bytes(room: Room, form: Any) -> None:
    case_id = room.made(amount=5000)
    view = room.documents.of_case(DESK, case_id)[0]
    file = room.documents.read(DESK, view.document_id, form)
    assert len(file.content) == getattr(view, f"{form}_size")
    assert file.filename == f"通知书 测通〔2026〕1号.{form}"
    room.clock.advance(86_400)
    assert room.documents.render_again(DESK, view.document_id, form) == file.content


def test_a_file_that_was_changed_is_not_given_out(room: Room) -> None:
    view = room.documents.of_case(DESK, room.made())[0]
    path = room.files.path(view.pdf_sha256)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(ConflictError, match="is not the one that was made"):
        room.documents.read(DESK, view.document_id, "pdf")
    assert room.documents.read(DESK, view.document_id, "docx").content


def test_a_step_that_fails_leaves_no_document_and_no_gap(room: Room) -> None:
    case_id = room.made()
    with pytest.raises(CityOpsError):
        room.cases.act(DESK, case_id, "make", Step(2, form={"amount": -1}))
    assert len(room.documents.of_case(DESK, case_id)) == 1
    assert room.number(room.made()) == "测通〔2026〕2号"


def test_whoever_does_not_see_the_case_does_not_see_its_documents(room: Room) -> None:
    case_id = room.made()
    document_id = room.documents.of_case(DESK, case_id)[0].document_id
    with pytest.raises(NotFoundError):
        room.documents.of_case(ELSEWHERE, case_id)
    with pytest.raises(NotFoundError):
        room.documents.read(ELSEWHERE, document_id, "pdf")
    with pytest.raises(NotFoundError):
        room.documents.read(DESK, "no such", "pdf")


def test_making_one_is_in_the_audit_with_its_hashes(room: Room) -> None:
    view = room.documents.of_case(DESK, room.made())[0]
    auditor = Principal("A-audit", "audit", "审计员", Role.AUDITOR)
    with room.store.read() as conn:
        (line,) = list_audit(conn, auditor, AuditFilter(action="document.make")).items
    assert (line.actor_name, line.object_id) == ("受理员", view.document_id)
    assert line.detail == {"number": view.number, "docx": view.docx_sha256, "pdf": view.pdf_sha256}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"documents": {}}, "names no template of the workflow: 'notice'"),
        ({"documents": {"notice": {**TEMPLATE, "seal": "{nobody}"}}}, "gives the field 'nobody'"),
        (
            {"documents": {"notice": {**TEMPLATE, "paragraphs": [{"text": "x", "when": "never"}]}}},
            "gives the field 'never'",
        ),
    ],
)
def test_a_workflow_is_checked_for_its_documents(change: dict[str, Any], words: str) -> None:
    faults = check_workflow(Workflow.model_validate({**RAW, **change}), ["cases.open"])
    assert [words in fault.text.en for fault in faults] == [True]


def test_a_document_named_by_another_effect_is_a_fault() -> None:
    steps = [RAW["transitions"][0] | {"effects": [{"do": "count_rework", "document": "notice"}]}, RAW["transitions"][1]]
    faults = check_workflow(Workflow.model_validate({**RAW, "transitions": steps}), ["cases.open"])
    assert len(faults) == 1

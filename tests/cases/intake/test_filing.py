"""Filing a report: a case in the scene that claims the matter, or one more report of an open case; once."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from PIL import Image

from cityops.access import Principal, Role
from cityops.cases import Workflow, Workflows, case_table
from cityops.cases.catalogue import NATIONAL, ItemKey, Kind
from cityops.cases.evidence import EvidenceRole, NewEvidence
from cityops.cases.intake.claims import Claims
from cityops.kit import ConfigError, ConflictError, ForbiddenError, InvalidError, NotFoundError

from .conftest import LAMP, LAT, LON, NORTH_30_M, REFUSE, Desk, report


def test_a_call_becomes_a_case_that_knows_matter_place_words_and_unit(desk: Desk) -> None:
    filed = desk.hotline()
    assert not filed.joined
    case = desk.seen(filed.case_id)
    assert (case.number, case.scene, case.kind, case.state) == (
        filed.number,
        "urban_management",
        "urban_case",
        "reported",
    )
    assert case.title.zh == "学府街 暴露垃圾"
    assert case.description == "学府街公交站旁有一堆垃圾"
    assert case.matter is not None
    assert (case.matter.standard, case.matter.kind, case.matter.code) == (NATIONAL, "matter", "06010")
    assert case.suggested is not None
    assert case.suggested.unit is not None
    assert case.suggested.unit.unit_id == desk.sanitation_id
    assert case.place is not None
    assert (case.place.address, case.place.road_name) == ("学府街，公交站东侧", "学府街")
    assert case.place.grid_code == desk.city.locate(LON, LAT).grid_code
    [shown] = desk.calls.reporters(desk.acceptor, filed.case_id)
    assert (shown.channel, shown.name, shown.contact, shown.call_back) == ("hotline", "王**", "138****5678", "owed")


def test_its_filing_standards_are_those_of_the_matter(desk: Desk) -> None:
    filed = desk.hotline()
    action = next(one for one in desk.cases.get(desk.acceptor, filed.case_id).actions if one.name == "file")
    assert [option["value"] for option in action.fields[0].options] == ["m06010_1"]


def test_the_same_client_id_is_the_same_report(desk: Desk) -> None:
    first = desk.hotline(client_id="call-1")
    assert desk.hotline(client_id="call-1") == first
    assert desk.intake.file(desk.dispatcher, report(client_id="call-1")).case_id != first.case_id
    with pytest.raises(ConflictError, match="another report"):
        desk.hotline(client_id="call-1", description="另一件事")
    assert len(desk.near()) == 2


def test_two_connections_with_one_report_make_one_case(desk: Desk) -> None:
    with ThreadPoolExecutor(4) as pool:
        filed = [future.result() for future in [pool.submit(desk.hotline, client_id="twice") for _ in range(4)]]
    assert len(set(filed)) == 1
    assert desk.near() == [filed[0].case_id]


def test_a_second_call_about_it_is_joined_and_both_are_told(desk: Desk) -> None:
    first = desk.hotline()
    version = desk.seen(first.case_id).version
    second = desk.hotline(
        lat=LAT + NORTH_30_M,
        description="垃圾还在",
        reporter_name="李四",
        join_case_id=first.case_id,
        client_id="call-2",
    )
    assert (second.case_id, second.joined) == (first.case_id, True)
    assert (
        desk.hotline(
            lat=LAT + NORTH_30_M,
            description="垃圾还在",
            reporter_name="李四",
            join_case_id=first.case_id,
            client_id="call-2",
        )
        == second
    )
    case = desk.seen(first.case_id)
    assert case.version == version  # nobody's open form becomes stale by another call
    line = next(step for step in case.timeline if step.action == "report_joined")
    assert line.data == {"source": "hotline", "description": "垃圾还在", "address": "学府街，公交站东侧"}
    desk.close(first.case_id)
    told = {one.name: one.told for one in desk.calls.reporters(desk.acceptor, first.case_id)}
    assert set(told) == {"王**", "李*"}
    assert all(words is not None and "垃圾已清运" in words.zh for words in told.values())


def test_a_closed_case_is_no_duplicate_until_it_is_open_again(desk: Desk) -> None:
    filed = desk.hotline()
    assert desk.near() == [filed.case_id]
    desk.close(filed.case_id)
    assert desk.near() == []
    with pytest.raises(ConflictError, match="has ended"):
        desk.hotline(join_case_id=filed.case_id)
    desk.take(desk.acceptor, filed.case_id, "reopen", "市民说没清完")
    assert desk.near() == [filed.case_id]


@pytest.mark.parametrize(
    ("action", "form"), [("void", {}), ("reject", {"answer": "不属于城市管理"}), ("merge", {"into": "first"})]
)
def test_every_end_takes_the_case_out(small_desk: Desk, action: str, form: dict[str, Any]) -> None:
    first, second = small_desk.hotline(), small_desk.hotline()
    assert sorted(small_desk.near()) == sorted([first.case_id, second.case_id])
    form = {name: first.case_id if value == "first" else value for name, value in form.items()}
    small_desk.take(small_desk.acceptor, second.case_id, action, "理由", **form)
    assert small_desk.near() == [first.case_id]


def test_a_part_that_was_split_off_keeps_the_matter(small_desk: Desk) -> None:
    filed = small_desk.hotline()
    small_desk.take(small_desk.acceptor, filed.case_id, "split", parts="路边另有一堆")
    assert len(small_desk.near()) == 2


def test_a_collector_joins_a_case_seen_nearby_but_none_elsewhere(small_desk: Desk) -> None:
    filed = small_desk.hotline()
    own = {"source": "field", "reporter_name": None, "reporter_contact": None, "wants_answer": False}
    with pytest.raises(NotFoundError):
        small_desk.cases.get(small_desk.collector, filed.case_id)
    small_desk.intake.file(small_desk.collector, report(**own, join_case_id=filed.case_id))
    assert small_desk.cases.get(small_desk.collector, filed.case_id).number == filed.number
    far = report(**own, join_case_id=filed.case_id, lat=LAT + 10 * NORTH_30_M)
    with pytest.raises(NotFoundError):
        small_desk.intake.file(small_desk.other_collector, far)
    with pytest.raises(NotFoundError):
        small_desk.intake.file(small_desk.collector, report(**own, join_case_id="no such case"))


def test_a_collector_sees_the_own_report(small_desk: Desk) -> None:
    filed = small_desk.intake.file(
        small_desk.collector,
        report(source="field", reporter_name=None, reporter_contact=None, wants_answer=False),
    )
    assert small_desk.cases.get(small_desk.collector, filed.case_id).case_id == filed.case_id
    with pytest.raises(NotFoundError):
        small_desk.cases.get(small_desk.other_collector, filed.case_id)


def photo() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), "gray").save(buffer, "JPEG")
    return buffer.getvalue()


def test_evidence_uploaded_before_is_the_cases_own(small_desk: Desk) -> None:
    new = NewEvidence(role=EvidenceRole.REPORT, client_id="photo-0001", name="a.jpg", case_id=None)
    item = small_desk.evidence.add(small_desk.acceptor, new, [photo()])
    filed = small_desk.hotline(evidence_ids=(item.id,))
    assert [one.id for one in small_desk.evidence.of_case(small_desk.dispatcher, filed.case_id)] == [item.id]
    with pytest.raises(NotFoundError):
        small_desk.hotline(evidence_ids=("another's",))
    assert small_desk.near() == [filed.case_id]  # the refused report left no case behind


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "rumour"},
        {"lon": float("nan")},
        {"lat": 89.0},
        {"description": "字" * 4001},
        {"address": "字" * 201},
        {"severity": 5},
        {"client_id": ""},
        {"reference": "x" * 81},
        {"reporter_contact": None},
        {"evidence_ids": tuple(str(number) for number in range(31))},
    ],
)
def test_a_wrong_field_is_refused_and_nothing_is_kept(small_desk: Desk, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidError) as refused:
        small_desk.hotline(**wrong)
    assert refused.value.kept is not None
    assert small_desk.near() == []


def test_who_reports_what(small_desk: Desk) -> None:
    with pytest.raises(ForbiddenError):
        small_desk.intake.file(small_desk.collector, report())
    with pytest.raises(ForbiddenError):
        small_desk.intake.file(Principal("A-crew", "crew", "警组", Role.CREW), report())
    with pytest.raises(NotFoundError):
        small_desk.hotline(key=ItemKey(NATIONAL, Kind.MATTER, "99999"))
    with small_desk.store.read() as conn:
        assert conn.execute(case_table.select()).first() is None


def test_a_wrong_matter_is_corrected_while_the_case_is_with_the_desk(desk: Desk) -> None:
    filed = desk.hotline(key=LAMP)
    before = desk.seen(filed.case_id)
    assert before.suggested is not None
    assert before.suggested.unit is None
    desk.intake.correct(desk.acceptor, filed.case_id, REFUSE, before.version)
    case = desk.seen(filed.case_id)
    assert case.matter is not None
    assert (case.matter.code, case.matter.name) == ("06010", "暴露垃圾")
    assert case.suggested is not None
    assert case.suggested.unit is not None
    assert case.suggested.unit.unit_id == desk.sanitation_id
    assert case.timeline[-1].title.zh == "更正事项：路灯异常 → 暴露垃圾"
    assert (desk.near(LAMP), desk.near(REFUSE)) == ([], [filed.case_id])
    with pytest.raises(ConflictError, match="changed by somebody else"):
        desk.intake.correct(desk.acceptor, filed.case_id, LAMP, before.version)
    with pytest.raises(ForbiddenError):
        desk.intake.correct(desk.unit, filed.case_id, LAMP, case.version)
    desk.take(desk.acceptor, filed.case_id, "file", standard="m06010_1")
    with pytest.raises(ConflictError, match="is filed"):
        desk.intake.correct(desk.acceptor, filed.case_id, LAMP, desk.seen(filed.case_id).version)


def claiming(workflows: Workflows, **claims: tuple[str, ...]) -> Workflows:
    urban = workflows["urban_management", "urban_case"]

    def named(name: str) -> Workflow:
        return urban.model_copy(update={"name": name, "intake": claims[name]})

    return {("s", name): named(name) for name in claims}


def test_the_most_precise_claim_wins(small_desk: Desk) -> None:
    claims = Claims(
        claiming(
            small_desk.workflows,
            rest=("*",),
            lamps=(f"{NATIONAL}/matter/01037",),
            components=(f"{NATIONAL}/matter/01",),
        )
    )
    assert claims.of(LAMP) == ("s", "lamps")
    assert claims.of(ItemKey(NATIONAL, Kind.MATTER, "01001")) == ("s", "components")
    assert claims.of(REFUSE) == ("s", "rest")
    with pytest.raises(InvalidError, match="no scene takes"):
        Claims(claiming(small_desk.workflows, lamps=(f"{NATIONAL}/matter/01037",))).of(REFUSE)


def test_two_claims_of_one_matter_stop_the_start(small_desk: Desk) -> None:
    with pytest.raises(ConfigError, match="two workflows claim"):
        Claims(claiming(small_desk.workflows, one=("*",), other=("*",)))

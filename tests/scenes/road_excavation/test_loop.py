"""The loop with its roles, every way back with its reason, and what the scene's rules refuse."""

from __future__ import annotations

import io
from typing import Any

import docx
import pypdfium2
import pytest

from cityops.cases import CaseDetailView, Step
from cityops.kit import CityOpsError

from .town import STOP, Town


def documents(town: Town, case: CaseDetailView) -> list[str]:
    made = town.context.documents.of_case(town.who("dispatcher"), case.case_id)
    return [one.template for one in made]


def text_of_pdf(content: bytes) -> str:
    with pypdfium2.PdfDocument(content) as pdf:
        pages = [pdf[number].get_textpage().get_text_range() for number in range(len(pdf))]
        return "".join("".join(pages).split())


def refusal(words: str) -> Any:
    """Expects a refusal whose Chinese words contain these."""
    return pytest.raises(CityOpsError, check=lambda error: words in error.text.zh)


def test_from_the_finder_to_the_restored_road(town: Town) -> None:
    case = town.decided()
    assert case.state == "decided"
    case = town.take("team2", case, "pay", paid_yuan=20000, bill_number="晋财0001")
    inspector = town.who("road_inspector")
    assert "close" not in {one.name for one in town.cases.get(town.who("team2"), case.case_id).actions}
    assert {one.name for one in town.cases.get(inspector, case.case_id).actions} == {
        "restoration_passed",
        "restoration_failed",
    }
    case = town.take("road_inspector", case, "restoration_failed", "沥青未压实")
    case = town.take("road_inspector", case, "restoration_passed", checked_by="王工")
    case = town.take("team2", case, "close", conclusion="已履行")
    assert (case.state, case.unit_name) == ("closed", "城乡管理综合行政执法队二大队（演示）")
    assert all(task.state_title.en != "Ended with the case" for task in case.tasks)
    assert documents(town, case) == ["stop_notice", "transfer_letter", "receipt", "decision"]


def test_the_decision_names_everything_in_both_renderings(town: Town) -> None:
    case, leader = town.decided(), town.who("leader")
    made = town.context.documents.of_case(leader, case.case_id)[-1]
    assert made.number == "城执罚〔2026〕1号"
    assert (made.maker, made.maker_unit) == ("二大队负责人", "城乡管理综合行政执法队二大队（演示）")
    word = docx.Document(io.BytesIO(town.context.documents.read(leader, made.document_id, "docx").content))
    text = "".join(paragraph.text for paragraph in word.paragraphs)
    pdf = text_of_pdf(town.context.documents.read(leader, made.document_id, "pdf").content)
    for words in (
        "行政处罚决定书",
        "城执罚〔2026〕1号",
        "太原某建筑公司（单位）",
        "2026年11月20日在万柏林区上庄街擅自挖掘城市道路，面积8平方米",
        "罚款人民币贰万元整（20000元）",
        "《城市道路管理条例》第二十七条第一款",
        "一般：1至10平方米，5000至20000元",
        "决定人：二大队负责人",
    ):
        assert words in text.replace(" ", ""), words
        assert words in pdf, words
    assert "超出裁量幅度" not in text  # paragraphs without their value are left out
    assert "此前同类案件" not in text


def test_a_transfer_is_not_done_until_the_receipt_is_signed(town: Town) -> None:
    case = town.transferred()
    assert (case.state, case.unit_name) == ("transferring", "城乡管理综合行政执法队二大队（演示）")
    assert {one.name for one in town.cases.get(town.who("team2"), case.case_id).actions} == {
        "sign_receipt",
        "refuse_receipt",
    }
    case = town.take("team2", case, "refuse_receipt", "不属于本辖区")
    assert (case.state, case.unit_name) == ("stopped", "市政建管中心（演示）")
    case = town.take("road_inspector", case, "transfer", team="RE-TEAM-1", opinion="改送一大队")
    case = town.take("team1", case, "sign_receipt", receiver="张队")
    assert (case.state, case.unit_name) == ("received", "城乡管理综合行政执法队一大队（演示）")
    assert [task.state for task in case.tasks if task.kind == "receipt"] == ["signed"]
    reasons = [step.comment for step in case.timeline if step.action == "refuse_receipt"]
    assert reasons == ["不属于本辖区"]
    case = town.take("team1", case, "return_transfer", "缺现场照片")
    assert (case.state, case.unit_name) == ("stopped", "市政建管中心（演示）")


@pytest.mark.parametrize(
    ("username", "action"),
    [("team2", "refuse_receipt"), ("road_inspector", "withdraw_transfer")],
)
def test_a_way_back_needs_its_reason(town: Town, username: str, action: str) -> None:
    case = town.transferred()
    with refusal("必须写明理由"):
        town.take(username, case, action)


def test_a_returned_proposal_and_a_revoked_decision_are_decided_anew(town: Town) -> None:
    case = town.take("team2", town.proposed(), "return_proposal", "缺测量记录")
    assert (case.state, case.rework) == ("investigating", 1)
    case = town.take("team2_h1", case, "propose", facts="补充测量记录。", heard=True, grade="ordinary", fine_yuan=20000)
    case = town.take("team2", case, "decide", grade="ordinary", fine_yuan=20000)
    case = town.take("team2", case, "note_objection", objection="reconsideration", objection_number="复议1号")
    assert case.state == "contested"
    case = town.take("team2", case, "revoked", "程序瑕疵", outcome="复决1号")
    case = town.take("team2", case, "decide", grade="ordinary", fine_yuan=10000)
    with refusal("不一致"):
        town.take("team2", case, "pay", paid_yuan=20000, bill_number="晋财0002")
    assert town.take("team2", case, "pay", paid_yuan=10000, bill_number="晋财0003").state == "paid"
    assert documents(town, case).count("decision") == 2
    latest = [one.latest for one in town.context.documents.of_case(town.who("leader"), case.case_id)]
    assert latest == [True, True, True, False, True]


def test_a_fine_outside_the_range_needs_a_reason_and_the_leader(town: Town) -> None:
    case = town.proposed(fine=3000)
    with refusal("不在该档次的幅度 5000 至 20000 元内"):
        town.take("team2", case, "decide", grade="ordinary", fine_yuan=3000)
    with refusal("直接作出决定"):
        town.take("team2", case, "ask_leader", grade="ordinary", fine_yuan=6000, outside_reason="无")
    with refusal("超出法定幅度"):
        town.take("team2", case, "ask_leader", grade="serious", fine_yuan=20001, outside_reason="情节恶劣")
    case = town.take("team2", case, "ask_leader", grade="ordinary", fine_yuan=3000, outside_reason="主动恢复")
    assert town.names("team2", case) == set()
    case = town.take("leader", case, "refuse_outside", "理由不足")
    case = town.take("team2", case, "ask_leader", grade="ordinary", fine_yuan=3000, outside_reason="主动恢复，生活困难")
    case = town.take("leader", case, "approve_outside", leader_opinion="同意")
    made = town.context.documents.of_case(town.who("leader"), case.case_id)[-1]
    word = docx.Document(io.BytesIO(town.context.documents.read(town.who("leader"), made.document_id, "docx").content))
    text = "".join(paragraph.text for paragraph in word.paragraphs)
    assert "超出裁量幅度的理由：主动恢复，生活困难。负责人意见：同意。" in text
    assert "叁仟元整" in text
    assert (made.maker, case.state) == ("值班长", "decided")


def test_case_2_is_refused_on_entry(town: Town) -> None:
    """Found on 2023-11-15 and fined on 2023-11-07, as it was published."""
    day = {"found_on": "2023-11-15T09:00:00+08:00", "stopped_on": "2023-11-15T10:00:00+08:00"}
    case = town.stopped(**day)
    step: dict[str, Any] = {"team": "RE-TEAM-2", "opinion": "请处罚", "transferred_on": "2023-11-15T16:00:00+08:00"}
    case = town.take("road_inspector", case, "transfer", **step)
    case = town.take("team2", case, "sign_receipt", receiver="李队", received_on="2023-11-15T17:00:00+08:00")
    case = town.take("team2", case, "file_case", investigator="team2_h1", filed_on="2023-11-15T17:30:00+08:00")
    case = town.take("team2_h1", case, "propose", facts="…", heard=True, grade="ordinary", fine_yuan=20000)
    with refusal("处罚决定日期 2023-11-07 早于发现日期 2023-11-15"):
        town.take("team2", case, "decide", grade="ordinary", fine_yuan=20000, decided_on="2023-11-07T09:00:00+08:00")
    assert town.cases.get(town.who("team2"), case.case_id).state == "proposed"
    assert documents(town, case).count("decision") == 0


def test_nothing_happens_in_the_future_and_nothing_before_the_finding(town: Town) -> None:
    case = town.take("dispatcher", town.found(), "send_inspector", inspectors="RE-INSPECTION")
    with refusal("在今天之后"):
        town.take("road_inspector", case, "order_stop", **{**STOP, "stopped_on": "2026-11-23T09:00:00+08:00"})
    with refusal("责令停工日期 2026-11-19 早于发现日期 2026-11-20"):
        town.take("road_inspector", case, "order_stop", **{**STOP, "stopped_on": "2026-11-19T09:00:00+08:00"})
    with refusal("面积应大于 0"):
        town.take("road_inspector", case, "order_stop", **{**STOP, "area_m2": 0})
    with refusal("统一社会信用代码"):
        town.take("road_inspector", case, "order_stop", **{**STOP, "party_code": "12345"})


def test_the_desk_gets_back_what_is_not_an_inspectors(town: Town) -> None:
    case = town.take("dispatcher", town.found(), "send_inspector", inspectors="RE-INSPECTION")
    case = town.take("road_inspector", case, "return_finding", "不是城市道路")
    assert case.state == "found"
    case = town.take("dispatcher", case, "send_inspector", inspectors="RE-INSPECTION")
    case = town.take("road_inspector", case, "permitted", "许可有效", permit_number="掘许2026-0012")
    assert case.state == "lawful"


def test_an_inspecting_unit_takes_on_its_own_finding(town: Town) -> None:
    case = town.take("road_inspector", town.found("road_inspector"), "take_on")
    assert case.state == "on_site"


def test_only_a_shift_leader_voids(town: Town) -> None:
    case = town.stopped()
    assert "void" not in town.names("dispatcher", case)
    voided = town.take("leader", case, "void", "重复上报")
    assert (voided.state, [task.state for task in voided.tasks if task.state != "done"]) == ("void", ["cancelled"] * 2)
    with refusal("当前状态“作废”下不能“作废”"):
        town.cases.act(town.who("leader"), case.case_id, "void", Step(voided.version, comment="再次"))


def test_the_other_ways_back(town: Town) -> None:
    case = town.take("road_inspector", town.transferred(), "withdraw_transfer", "补充材料后再移送")
    assert (case.state, case.unit_name) == ("stopped", "市政建管中心（演示）")
    assert {one.name for one in town.cases.get(town.who("road_inspector"), case.case_id).actions} == {
        "transfer",
        "restoration_passed",
        "restoration_failed",
    }
    case = town.take("road_inspector", case, "transfer", team="RE-TEAM-2", opinion="材料齐全")
    case = town.take("team2", case, "sign_receipt", receiver="李队")
    with refusal("team1_h1"):  # of another team
        town.take("team2", case, "file_case", investigator="team1_h1")
    case = town.take("team2", case, "file_case", investigator="team2_h1")
    case = town.take("team2", case, "change_investigator", "原承办人休假", investigator="team2_h1")
    case = town.take("team2_h1", case, "propose", facts="已恢复。", heard=True, grade="minor", fine_yuan=5000)
    assert "no_penalty" not in town.names("team2", case)  # the road first
    case = town.take("road_inspector", case, "restoration_passed", checked_by="王工")
    case = town.take("team2", case, "no_penalty", "初次且及时改正", basis="初次违法、危害后果轻微并及时改正")
    seen = town.cases.get(town.who("leader"), case.case_id)
    assert (seen.state, {task.state for task in seen.tasks}) == (
        "not_punished",
        {"done", "signed", "withdrawn", "restored"},
    )


def test_a_decision_that_is_upheld_is_paid(town: Town) -> None:
    case = town.take("team2", town.decided(), "note_objection", objection="suit", objection_number="行初1号")
    assert "pay" not in town.names("team2", case)
    case = town.take("team2", case, "upheld", outcome="行初1号判决")
    assert town.take("team2", case, "pay", paid_yuan=20000, bill_number="晋财0009").state == "paid"


def test_nobody_else_takes_a_units_steps(town: Town) -> None:
    case = town.transferred()
    assert town.names("road_collector", town.found()) == set()
    for other in ("team1", "team2_h1"):
        with refusal("没有这个案件"):
            town.cases.get(town.who(other), case.case_id)
    assert town.names("dispatcher", case) == set()

"""The print-ready record of an inspection (检查记录): answers, what was left out and why, hazards."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Final

from cityops.api.print_parts import about_line, both, fact_rows, moment, page, printed, table, text
from cityops.api.schemas.inspections import InspectionDetail
from cityops.inspections import GRADE_WORDS

_RESULTS: Final = {
    "passed": "合格 <small>passed</small>",
    "failed": "<b>不合格</b> <small>failed</small>",
    "not_applicable": "不适用 <small>not applicable</small>",
    "left_out": "<b>未检</b> <small>not inspected</small>",
}


def inspection_page(
    made: InspectionDetail, *, city: str, synthetic: bool, printed_by: str, printed_at: datetime
) -> str:
    """The whole page as HTML."""
    comment = f"<h2>说明 <small>Comment</small></h2><p>{escape(made.comment)}</p>" if made.comment else ""
    body = (
        f"<table><tbody>{_facts(made)}</tbody></table>{comment}{_items(made)}{_hazards(made)}"
        '<div class="sign"><span>检查人 <small>Inspector</small>：____________</span>'
        "<span>被检查单位 <small>Inspected unit</small>：____________</span>"
        "<span>日期 <small>Date</small>：____________</span></div>"
    )
    about = about_line(city, made.inspection_id, synthetic=synthetic)
    return page(made.inspection_id, ("检查记录", "Inspection"), about, body, printed(printed_by, printed_at))


def _facts(made: InspectionDetail) -> str:
    version = "—" if made.checklist is None else f"{text(made.checklist)}（{made.checklist_version}）"
    score = "—" if made.score is None else f"{made.score:g}"
    figures = "；".join(f"{escape(name)} {value:g}" for name, value in made.figures.items())
    return fact_rows(
        (
            ("对象", "Object", f"{text(made.object_title)} <small>{text(made.object_code)}</small>"),
            ("计划", "Plan", both(made.plan_title)),
            ("结果", "Result", _RESULTS[made.result]),
            ("得分", "Score", score),
            ("检查人", "Inspector", text(made.inspector_name)),
            ("检查表及版本", "Checklist", version),
            ("开始", "Started", moment(made.started_at)),
            ("结束", "Finished", moment(made.finished_at)),
            ("不合格", "Failed", str(made.failed)),
            ("未检", "Not inspected", str(made.left_out)),
            ("照片和文件", "Photos, documents", str(len(made.attachments))),
            ("计数", "Figures", figures or "—"),
        )
    )


def _items(made: InspectionDetail) -> str:
    if not made.items:
        return ""
    rows = (
        (text(one.no), both(one.item), _RESULTS[one.result], text(one.words), text(one.basis)) for one in made.items
    )
    heads = (("编号", "No"), ("检查项目", "Item"), ("结果", "Result"), ("说明", "Words"), ("依据", "Basis"))
    return f"<h2>检查项目 <small>Items</small></h2>{table(heads, rows)}"


def _hazards(made: InspectionDetail) -> str:
    if not made.hazards:
        return ""
    grades = {name: f"{words['zh']} <small>{words['en']}</small>" for name, words in GRADE_WORDS.items()}
    rows = (
        (text(one.number), both(one.title), grades[one.grade], both(one.state_title), moment(one.due_at))
        for one in made.hazards
    )
    heads = (("案号", "Case"), ("隐患", "Hazard"), ("等级", "Grade"), ("状态", "State"), ("时限", "Due"))
    return f"<h2>隐患 <small>Hazards</small></h2>{table(heads, rows)}"

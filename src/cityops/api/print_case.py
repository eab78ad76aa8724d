"""The print-ready case file (案卷): one self-contained A4 page in two languages, everything escaped, no script."""

from __future__ import annotations

from datetime import datetime
from html import escape

from cityops.api import schemas
from cityops.api.excel import SEVERITIES
from cityops.api.print_parts import about_line, both, fact_rows, moment, page, printed, table, text


def _place(place: schemas.Place | None) -> str:
    if place is None:
        return "—"
    names = [name for name in (place.district_name, place.street_name, place.road_name) if name]
    return f"{text(' '.join(names))} <small>{place.lon:.6f}, {place.lat:.6f} (CGCS2000)</small>"


def _facts(case: schemas.CaseDetail) -> str:
    deadline = case.deadline
    due = "—"
    if deadline:
        mark = "（暂定）<small>provisional</small>" if deadline.provisional else ""
        due = f"{moment(deadline.due_at)}{mark}<br><small>{escape(deadline.explanation.zh)}</small>"
    return fact_rows(
        (
            ("案由", "Title", both(case.title)),
            ("状态", "State", both(case.state_title)),
            ("等级", "Severity", f"{SEVERITIES[case.severity]} <small>{case.severity}</small>"),
            ("地点", "Place", _place(case.place)),
            ("车牌", "Plate", text(case.plate)),
            ("责任单位", "Unit", text(case.unit_name)),
            ("处置力量", "Crew", text(case.crew_name)),
            ("时限", "Due", due),
            ("立案", "Opened", moment(case.opened_at)),
            ("结案", "Closed", moment(case.closed_at)),
        )
    )


def _tasks(case: schemas.CaseDetail) -> str:
    rows = (
        (
            both(task.title),
            text(task.unit_name or task.crew_name),
            both(task.state_title),
            moment(task.deadline.due_at if task.deadline else None),
            moment(task.done_at),
        )
        for task in case.tasks
    )
    heads = (("任务", "Task"), ("承办", "Owner"), ("状态", "State"), ("时限", "Due"), ("完成", "Done"))
    return table(heads, rows)


def _timeline(case: schemas.CaseDetail) -> str:
    rows = (
        (
            moment(step.at),
            both(step.title),
            f"{text(step.actor)}<br><small>{text(step.unit_name)}</small>",
            text(step.comment),
        )
        for step in case.timeline
    )
    return table((("时间", "Time"), ("步骤", "Step"), ("经办", "By"), ("意见", "Comment")), rows)


def case_page(case: schemas.CaseDetail, *, city: str, synthetic: bool, printed_by: str, printed_at: datetime) -> str:
    """The whole page as HTML."""
    body = (
        f"<table><tbody>{_facts(case)}</tbody></table>"
        f"<h2>任务 <small>Tasks</small></h2>{_tasks(case)}"
        f"<h2>办理过程 <small>Timeline</small></h2>{_timeline(case)}"
        f'<div class="sign"><span>经办人 <small>Handled by</small>：____________</span>'
        f"<span>审核人 <small>Reviewed by</small>：____________</span>"
        f"<span>日期 <small>Date</small>：____________</span></div>"
    )
    about = about_line(city, case.number, synthetic=synthetic)
    return page(case.number, ("案卷", "Case file"), about, body, printed(printed_by, printed_at))

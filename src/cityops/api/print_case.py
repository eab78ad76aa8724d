"""The print-ready case file (案卷): one self-contained A4 page in two languages, everything escaped, no script."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Final

from cityops.api import schemas
from cityops.api.excel import SEVERITIES
from cityops.kit import SHANGHAI

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
)

_STYLE: Final = """
@page { size: A4; margin: 18mm 16mm }
* { box-sizing: border-box }
body { font: 10.5pt/1.5 "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif;
  color: #000; max-width: 178mm; margin: 0 auto; padding: 8mm 0 }
h1 { font-size: 17pt; text-align: center; margin: 0 0 2mm }
h2 { font-size: 12pt; border-bottom: 0.4mm solid #000; margin: 7mm 0 2mm; break-after: avoid }
small { font-size: 8pt; color: #444; font-weight: normal }
p.about { text-align: center; margin: 0 0 5mm; color: #333 }
table { width: 100%; border-collapse: collapse }
th, td { border: 0.2mm solid #666; padding: 1.2mm 2mm; text-align: left; vertical-align: top; overflow-wrap: anywhere }
th { background: #f0f0f0; font-weight: 600; width: 18% }
thead th { width: auto } thead { display: table-header-group } tr { break-inside: avoid }
footer { margin-top: 8mm; font-size: 8.5pt; color: #444 }
.sign { display: flex; justify-content: space-between; margin-top: 12mm }
@media print { body { padding: 0 } }
"""


def _moment(value: datetime | None) -> str:
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if value else "—"


def _both(text: schemas.Bilingual | None) -> str:
    return f"{escape(text.zh)} <small>{escape(text.en)}</small>" if text else "—"


def _text(value: object | None) -> str:
    return escape(str(value)) if value not in (None, "") else "—"


def _fact_rows(pairs: Iterable[tuple[str, str, str]]) -> str:
    """Rows of (Chinese label, English label, HTML value), two facts in a row."""
    cells = [f"<th>{zh}<br><small>{en}</small></th><td>{value}</td>" for zh, en, value in pairs]
    if len(cells) % 2:
        cells.append("<th></th><td></td>")
    return "".join(f"<tr>{left}{right}</tr>" for left, right in zip(cells[::2], cells[1::2], strict=True))


def _table(heads: Iterable[tuple[str, str]], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f"<th>{zh}<br><small>{en}</small></th>" for zh, en in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _place(place: schemas.Place | None) -> str:
    if place is None:
        return "—"
    names = [name for name in (place.district_name, place.street_name, place.road_name) if name]
    return f"{_text(' '.join(names))} <small>{place.lon:.6f}, {place.lat:.6f} (CGCS2000)</small>"


def _facts(case: schemas.CaseDetail) -> str:
    deadline = case.deadline
    due = "—"
    if deadline:
        mark = "（暂定）<small>provisional</small>" if deadline.provisional else ""
        due = f"{_moment(deadline.due_at)}{mark}<br><small>{escape(deadline.explanation.zh)}</small>"
    return _fact_rows(
        (
            ("案由", "Title", _both(case.title)),
            ("状态", "State", _both(case.state_title)),
            ("等级", "Severity", f"{SEVERITIES[case.severity]} <small>{case.severity}</small>"),
            ("地点", "Place", _place(case.place)),
            ("车牌", "Plate", _text(case.plate)),
            ("责任单位", "Unit", _text(case.unit_name)),
            ("处置力量", "Crew", _text(case.crew_name)),
            ("时限", "Due", due),
            ("立案", "Opened", _moment(case.opened_at)),
            ("结案", "Closed", _moment(case.closed_at)),
        )
    )


def _tasks(case: schemas.CaseDetail) -> str:
    rows = (
        (
            _both(task.title),
            _text(task.unit_name or task.crew_name),
            _both(task.state_title),
            _moment(task.deadline.due_at if task.deadline else None),
            _moment(task.done_at),
        )
        for task in case.tasks
    )
    heads = (("任务", "Task"), ("承办", "Owner"), ("状态", "State"), ("时限", "Due"), ("完成", "Done"))
    return _table(heads, rows)


def _timeline(case: schemas.CaseDetail) -> str:
    rows = (
        (
            _moment(step.at),
            _both(step.title),
            f"{_text(step.actor)}<br><small>{_text(step.unit_name)}</small>",
            _text(step.comment),
        )
        for step in case.timeline
    )
    return _table((("时间", "Time"), ("步骤", "Step"), ("经办", "By"), ("意见", "Comment")), rows)


def case_page(case: schemas.CaseDetail, *, city: str, synthetic: bool, printed_by: str, printed_at: datetime) -> str:
    """The whole page as HTML."""
    mark = "　合成演示数据 <small>synthetic demo data</small>" if synthetic else ""
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(case.number)}</title>'
        f"<style>{_STYLE}</style></head><body>"
        f"<h1>案卷 <small>Case file</small></h1>"
        f'<p class="about">{escape(city)}　{escape(case.number)}{mark}</p>'
        f"<table><tbody>{_facts(case)}</tbody></table>"
        f"<h2>任务 <small>Tasks</small></h2>{_tasks(case)}"
        f"<h2>办理过程 <small>Timeline</small></h2>{_timeline(case)}"
        f'<div class="sign"><span>经办人 <small>Handled by</small>：____________</span>'
        f"<span>审核人 <small>Reviewed by</small>：____________</span>"
        f"<span>日期 <small>Date</small>：____________</span></div>"
        f"<footer>打印 <small>printed</small> {_moment(printed_at)}，{escape(printed_by)}。"
        f"本页查阅已记入审计。<small>This reading is in the audit chain.</small></footer>"
        f"</body></html>"
    )

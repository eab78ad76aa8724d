"""Parts of print-ready pages (打印件): self-contained A4 in two languages, everything escaped, no script."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Final

from cityops.api import schemas
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


def moment(value: datetime | None) -> str:
    """A moment in Shanghai; a dash for none."""
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if value else "—"


def both(words: schemas.Bilingual | None) -> str:
    """Words in both languages."""
    return f"{escape(words.zh)} <small>{escape(words.en)}</small>" if words else "—"


def text(value: object | None) -> str:
    """A value, escaped; a dash for none."""
    return escape(str(value)) if value not in (None, "") else "—"


def fact_rows(pairs: Iterable[tuple[str, str, str]]) -> str:
    """Rows of (Chinese label, English label, HTML value), two facts in a row."""
    cells = [f"<th>{zh}<br><small>{en}</small></th><td>{value}</td>" for zh, en, value in pairs]
    if len(cells) % 2:
        cells.append("<th></th><td></td>")
    return "".join(f"<tr>{left}{right}</tr>" for left, right in zip(cells[::2], cells[1::2], strict=True))


def table(heads: Iterable[tuple[str, str]], rows: Iterable[Iterable[str]]) -> str:
    """A table with its heading; the cells are HTML."""
    head = "".join(f"<th>{zh}<br><small>{en}</small></th>" for zh, en in heads)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def page(number: str, title: tuple[str, str], about: str, body: str, foot: str) -> str:
    """The whole page; ``title`` in Chinese and English, ``about``, ``body`` and ``foot`` are HTML."""
    return (
        f'<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>{escape(number)}</title>'
        f"<style>{_STYLE}</style></head><body>"
        f"<h1>{title[0]} <small>{title[1]}</small></h1>"
        f'<p class="about">{about}</p>{body}'
        f"<footer>{foot}</footer></body></html>"
    )


def about_line(city: str, number: str, *, synthetic: bool) -> str:
    """City, number, and that the data are synthetic where they are."""
    mark = "　合成演示数据 <small>synthetic demo data</small>" if synthetic else ""
    return f"{escape(city)}　{escape(number)}{mark}"


def printed(by: str, at: datetime) -> str:
    """Who printed it, when, and that it was noted."""
    return (
        f"打印 <small>printed</small> {moment(at)}，{escape(by)}。"
        "本页查阅已记入审计。<small>This reading is in the audit chain.</small>"
    )

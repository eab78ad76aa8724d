"""A document as pdf, with ReportLab (BSD). The same words in the same font (``font.py``) give the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any, Final

from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from cityops.cases.documents.filling import FilledDocument
from cityops.cases.documents.font import PLACES, chinese_font

_SIZE_PT: Final = 15
_LEFT, _RIGHT, _TOP, _BOTTOM = 28 * mm, 26 * mm, 37 * mm, 30 * mm
_WIDTH: Final = A4[0] - _LEFT - _RIGHT - 12  # the frame of a page is padded by 6 points on either side
_CELL_PADDING: Final = 12
# ReportLab's own breaking knows Japanese punctuation only: a comma (，) could begin a line.
_TOGETHER: Final = re.compile(r"[（《“‘〔【]*(?:[0-9A-Za-z.-]+|.)[，。；：、！？）》”’〕】％]*")
"""What no line break may part: a number or word, with the brackets before and the punctuation after it."""


def render_pdf(document: FilledDocument, fonts: Sequence[Path] = PLACES) -> bytes:
    """An A4 pdf of the document; ``fonts``: files to embed the first of that is there."""
    body = ParagraphStyle(
        "body",
        fontName=chinese_font(fonts),
        fontSize=_SIZE_PT,
        leading=26,
        wordWrap="CJK",
        firstLineIndent=2 * _SIZE_PT,
    )
    flush = ParagraphStyle("flush", body, firstLineIndent=0)
    centred = ParagraphStyle("centred", flush, alignment=TA_CENTER)
    right = ParagraphStyle("right", flush, alignment=TA_RIGHT)
    title = ParagraphStyle("title", centred, fontSize=22, leading=34)
    flow: list[Flowable] = [_line(document.title, title), _line(document.number, centred), Spacer(0, 8)]
    if document.addressee:
        flow.append(_line(document.addressee, flush))
    flow += [_line(text, body) for text in document.paragraphs]
    if document.columns:
        flow += _table(document, centred)
    flow.append(Spacer(0, 14))
    flow += [_line(f"{role}：{name or '________________'}", flush) for role, name in document.signatures]
    flow.append(KeepTogether([Spacer(0, 22), _line(f"{document.seal}（印章）", right), _line(document.dated, right)]))
    return _build(flow, document, body.fontName)


def _build(flow: list[Flowable], document: FilledDocument, font: str) -> bytes:
    def foot(canvas: Any, template: Any) -> None:
        canvas.setFont(font, 9)
        canvas.drawCentredString(A4[0] / 2, 15 * mm, f"{document.footer}　　第 {template.page} 页")

    buffer = io.BytesIO()
    template = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=_LEFT,
        rightMargin=_RIGHT,
        topMargin=_TOP,
        bottomMargin=_BOTTOM,
        title=f"{document.title} {document.number}",
        author=document.seal,
        subject=document.footer,
        creator="CityOps",
        invariant=1,
        pageCompression=0,
    )
    template.build(flow, onFirstPage=foot, onLaterPages=foot)
    return buffer.getvalue()


def _line(text: str, style: ParagraphStyle, width: float = _WIDTH) -> Paragraph:
    lines: list[str] = []
    for part in text.split("\n"):
        lines += _broken(part, style, width, width if lines else width - style.firstLineIndent)
    return Paragraph("<br/>".join(map(escape, lines)), style)


def _broken(text: str, style: ParagraphStyle, width: float, room: float) -> list[str]:
    """The lines of a text, ``width`` points wide; the first has ``room``."""
    lines = [""]
    used = 0.0
    for piece in _TOGETHER.findall(text):
        wide = stringWidth(piece, style.fontName, style.fontSize)
        for part in piece if wide > width else (piece,):
            wide = stringWidth(part, style.fontName, style.fontSize)
            if used + wide > room and lines[-1]:
                lines.append("")
                used, room = 0.0, width
            lines[-1] += part
            used += wide
    return lines


def _table(document: FilledDocument, centred: ParagraphStyle) -> list[Flowable]:
    cell = ParagraphStyle("cell", fontName=centred.fontName, fontSize=11, leading=16, wordWrap="CJK")
    width = _WIDTH / len(document.columns)
    inside = width - _CELL_PADDING
    rows = [[_line(text, cell, inside) for text in row] for row in (document.columns, *document.rows)]
    grid = TableStyle([("GRID", (0, 0), (-1, -1), 0.6, "black"), ("VALIGN", (0, 0), (-1, -1), "TOP")])
    table = Table(rows, colWidths=[width] * len(document.columns), repeatRows=1, style=grid)
    head = [_line(document.table_title, centred)] if document.table_title else []
    return [Spacer(0, 10), *head, table]

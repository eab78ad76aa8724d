"""A document as docx (Word), with python-docx (MIT). The same words give the same bytes."""

from __future__ import annotations

import io
import zipfile
from typing import Any, Final

import docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from cityops.cases.documents.filling import FilledDocument

_FONT: Final = "仿宋"
_HEADING_FONT: Final = "宋体"
_LATIN: Final = "Times New Roman"
_ZIP_BEGIN: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest moment that a zip knows; a part's own time would differ at every rendering."""


def render_docx(document: FilledDocument) -> bytes:
    """An A4 docx of the document."""
    word = docx.Document()
    _page(word)
    _line(word, document.title, WD_ALIGN_PARAGRAPH.CENTER, size_pt=22, font=_HEADING_FONT, bold=True)
    _line(word, document.number, WD_ALIGN_PARAGRAPH.CENTER)
    if document.addressee:
        _line(word, document.addressee, WD_ALIGN_PARAGRAPH.LEFT)
    for text in document.paragraphs:
        _line(word, text, WD_ALIGN_PARAGRAPH.JUSTIFY).paragraph_format.first_line_indent = Pt(32)
    if document.columns:
        _table(word, document)
    for role, name in document.signatures:
        _line(word, f"{role}：{name or '________________'}", WD_ALIGN_PARAGRAPH.LEFT)
    _line(word, f"{document.seal}（印章）", WD_ALIGN_PARAGRAPH.RIGHT).paragraph_format.space_before = Pt(24)
    _line(word, document.dated, WD_ALIGN_PARAGRAPH.RIGHT)
    footer = word.sections[0].footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _write(footer, document.footer, size_pt=9)
    _properties(word, document)
    buffer = io.BytesIO()
    word.save(buffer)
    return _with_fixed_times(buffer.getvalue())


def _page(word: Any) -> None:
    """A4 with the margins of official papers (GB/T 9704: 37 mm above, 28 mm at the binding, 26 mm outside)."""
    section = word.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)


def _line(
    word: Any,
    text: str,
    alignment: WD_ALIGN_PARAGRAPH,
    *,
    size_pt: int = 16,
    font: str = _FONT,
    bold: bool = False,
) -> Any:
    paragraph = word.add_paragraph()
    paragraph.alignment = alignment
    paragraph.paragraph_format.space_after = Pt(6)
    _write(paragraph, text, size_pt=size_pt, font=font, bold=bold)
    return paragraph


def _write(paragraph: Any, text: str, *, size_pt: int, font: str = _FONT, bold: bool = False) -> None:
    run = paragraph.add_run(text)
    run.bold, run.font.size, run.font.name = bold, Pt(size_pt), _LATIN
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _table(word: Any, document: FilledDocument) -> None:
    if document.table_title:
        _line(word, document.table_title, WD_ALIGN_PARAGRAPH.CENTER, size_pt=14)
    table = word.add_table(rows=0, cols=len(document.columns), style="Table Grid")
    for number, texts in enumerate((document.columns, *document.rows)):
        for cell, text in zip(table.add_row().cells, texts, strict=True):
            _write(cell.paragraphs[0], text, size_pt=12, bold=number == 0)
    word.add_paragraph()


def _properties(word: Any, document: FilledDocument) -> None:
    properties = word.core_properties
    properties.title, properties.subject = document.title, document.number
    properties.author = properties.last_modified_by = document.seal
    properties.created = properties.modified = document.made_at.replace(tzinfo=None, microsecond=0)
    properties.comments = document.footer


def _with_fixed_times(content: bytes) -> bytes:
    """The same parts with a fixed time each."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as made, zipfile.ZipFile(buffer, "w") as packed:
        for part in made.infolist():
            name = zipfile.ZipInfo(part.filename, _ZIP_BEGIN)
            packed.writestr(name, made.read(part), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()

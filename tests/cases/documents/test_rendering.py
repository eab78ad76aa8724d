"""The same words give the same bytes; both renderings hold every word; nothing in a value becomes markup."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import docx
import pypdfium2
import pytest
import reportlab
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cityops.cases import DocumentTemplate
from cityops.cases.documents import FilledDocument, fill
from cityops.cases.documents.font import font_file
from cityops.cases.documents.pdf import render_pdf
from cityops.cases.documents.values import Value
from cityops.cases.documents.word import render_docx
from cityops.kit import SHANGHAI

MADE_MS = 1_795_324_800_000
"""2026-11-22 in Shanghai."""
TEMPLATE = DocumentTemplate.model_validate(
    {
        "title": {"zh": "处罚决定书", "en": "Decision"},
        "mark": "城执罚",
        "addressee": "{party}：",
        "paragraphs": [
            {"text": "你于{found_on}挖掘{area_m2}平方米。"},
            {"text": "停止挖掘；", "numbered": True},
            {"text": "理由：{why}", "when": "why"},
            {"text": "罚款{fine:capital}。", "numbered": True},
        ],
        "table": {"title": "附表", "columns": ["项目", "内容"], "rows": [["面积", "{area_m2}"], ["车牌", "{plate}"]]},
        "signatures": [{"role": "当事人"}, {"role": "经办人", "name": "{maker}"}],
        "seal": "{maker_unit}",
    }
)
VALUES = {
    "party": Value("<甲>&公司"),
    "area_m2": Value(0.6),
    "fine": Value(5000),
    "maker": Value("王工"),
    "maker_unit": Value("执法队"),
    "case_number": Value("RX-1"),
}
FILLED = fill(TEMPLATE, VALUES, number="城执罚〔2026〕7号", made_ms=MADE_MS)


def pdf_text(content: bytes) -> str:
    with pypdfium2.PdfDocument(content) as pdf:
        return "".join("".join(page.get_textpage().get_text_range() for page in pdf).split())


def docx_text(content: bytes) -> str:
    word = docx.Document(io.BytesIO(content))
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    return "".join([paragraph.text for paragraph in word.paragraphs] + cells)


def test_a_template_becomes_words() -> None:
    assert FILLED.addressee == "<甲>&公司："
    assert FILLED.paragraphs == ("你于／挖掘0.6平方米。", "一、停止挖掘；", "二、罚款伍仟元整。")
    assert FILLED.rows == (("面积", "0.6"), ("车牌", "／"))
    assert FILLED.signatures == (("当事人", ""), ("经办人", "王工"))
    assert (FILLED.seal, FILLED.dated, FILLED.footer) == ("执法队", "2026年11月22日", "案件编号 RX-1")


def test_a_document_bears_the_date_it_names_or_the_day_it_is_made() -> None:
    template = TEMPLATE.model_copy(update={"dated": "{found_on}"})
    values = {**VALUES, "found_on": Value(datetime(2023, 11, 7, tzinfo=SHANGHAI))}
    assert fill(template, values, number="号", made_ms=MADE_MS).dated == "2023年11月7日"
    assert fill(TEMPLATE, values, number="号", made_ms=MADE_MS).dated == "2026年11月22日"


def test_stored_words_render_to_the_same_bytes() -> None:
    restored = FilledDocument.restored(json.loads(json.dumps(FILLED.stored())))
    assert restored == FILLED
    assert render_docx(restored) == render_docx(FILLED)
    assert render_pdf(restored) == render_pdf(FILLED)
    with zipfile.ZipFile(io.BytesIO(render_docx(FILLED))) as packed:
        assert {part.date_time for part in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_pdf_carries_the_letters_of_a_font_that_is_there_and_else_names_one(tmp_path: Path) -> None:
    there = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
    assert font_file((tmp_path / "missing.ttc",)) is None
    assert font_file((tmp_path / "missing.ttc", there)) == there
    named, embedded = render_pdf(FILLED, ()), render_pdf(FILLED, (there,))
    assert (b"/STSong-Light" in named, b"/FontFile2" in named) == (True, False)
    assert (b"/STSong-Light" in embedded, b"/FontFile2" in embedded) == (False, True)
    assert render_pdf(FILLED, (there,)) == embedded


def test_both_renderings_hold_every_word() -> None:
    words = [
        FILLED.title,
        FILLED.number,
        FILLED.addressee,
        *FILLED.paragraphs,
        "附表",
        "车牌",
        "经办人：王工",
        "执法队（印章）",
    ]
    pdf, word = pdf_text(render_pdf(FILLED)), docx_text(render_docx(FILLED))
    for text in words:
        assert "".join(text.split()) in pdf
        assert text in word
    assert "案件编号RX-1第1页" in pdf


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=60))
def test_any_words_can_be_rendered(text: str) -> None:
    filled = fill(TEMPLATE, {**VALUES, "party": Value(text)}, number="号", made_ms=MADE_MS)
    docx.Document(io.BytesIO(render_docx(filled)))
    with pypdfium2.PdfDocument(render_pdf(filled)) as pdf:
        assert len(pdf) == 1


def test_a_long_document_goes_on_over_pages() -> None:
    filled = fill(TEMPLATE, {**VALUES, "why": Value("经查明，" * 900)}, number="号", made_ms=MADE_MS)
    with pypdfium2.PdfDocument(render_pdf(filled)) as pdf:
        assert len(pdf) == 7


@pytest.mark.parametrize("text", ["{a:upper}", "{a.b}", "{0}", "{a!r}", "{}", "{unclosed"])
def test_a_field_that_documents_do_not_know_is_no_template(text: str) -> None:
    raw = TEMPLATE.model_dump()
    with pytest.raises(ValidationError):
        DocumentTemplate.model_validate({**raw, "paragraphs": [{"text": text}]})


def test_numerals_go_beyond_ten() -> None:
    many = TEMPLATE.model_copy(update={"paragraphs": TEMPLATE.paragraphs[1:2] * 21})
    begun = [text.split("、")[0] for text in fill(many, VALUES, number="号", made_ms=MADE_MS).paragraphs]
    assert [begun[n - 1] for n in (1, 9, 10, 11, 20, 21)] == ["一", "九", "十", "十一", "二十", "二十一"]


def lines_of(content: bytes) -> list[str]:
    with pypdfium2.PdfDocument(content) as pdf:
        return [line.strip() for page in pdf for line in page.get_textpage().get_text_range().splitlines()]


UNITS = ["经查，", "你单位", "（20000元）。", "《条例》", "第二十七条；", "A-1"]


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(UNITS), min_size=9, max_size=90))
def test_no_line_begins_with_a_comma_or_ends_with_an_opening_bracket(words: list[str]) -> None:
    filled = fill(TEMPLATE, {**VALUES, "why": Value("".join(words))}, number="号", made_ms=MADE_MS)
    lines = lines_of(render_pdf(filled))
    text = "".join("".join(lines).split()).replace("案件编号RX-1第1页", "")
    assert "".join(filled.paragraphs[2].split()) in text
    assert [line for line in lines if re.match("[，。；）》]", line) or re.search("[（《]$", line)] == []
    assert not [pair for pair in pairwise(lines) if re.search("[0-9]$", pair[0]) and re.match("[0-9]", pair[1])]

"""From a template and values to the words of a document: what is stored, and what both renderings are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from cityops.cases.document_template import DocumentTemplate
from cityops.cases.documents.values import Value, moment_text, plain
from cityops.kit import from_ms

_NUMERALS: Final = "一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class FilledDocument:
    """The words of a document. ``signatures``: (role, name); ``footer``: the case it belongs to."""

    title: str
    number: str
    addressee: str
    paragraphs: tuple[str, ...]
    table_title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    signatures: tuple[tuple[str, str], ...]
    seal: str
    dated: str
    footer: str
    made_ms: int

    @property
    def made_at(self) -> datetime:
        """When it was made."""
        return from_ms(self.made_ms)

    def stored(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> FilledDocument:
        """From JSON, equal to what was stored."""
        pairs = {"paragraphs": tuple(stored["paragraphs"]), "columns": tuple(stored["columns"])}
        rows = {name: tuple(tuple(row) for row in stored[name]) for name in ("rows", "signatures")}
        return cls(**{**stored, **pairs, **rows})


def fill(template: DocumentTemplate, values: Mapping[str, Value], *, number: str, made_ms: int) -> FilledDocument:
    """The document's words. A field without a value is struck out with a slash.

    Args:
        template: the kind of document.
        values: by field name; ``document_number`` and ``made_on`` are added here.
        number: the document's number (文号).
        made_ms: when it is made.
    """
    given = {**values, "document_number": Value(number), "made_on": Value(from_ms(made_ms))}
    named = {name: given.get(name, _NONE) for name in template.fields()}

    def written(text: str) -> str:
        return plain(text.format_map(named))

    paragraphs, count = [], 0
    for paragraph in template.paragraphs:
        if paragraph.when is not None and named[paragraph.when].raw in (None, ""):
            continue
        count += paragraph.numbered
        paragraphs.append((f"{_numeral(count)}、" if paragraph.numbered else "") + written(paragraph.text))
    table = template.table
    return FilledDocument(
        title=template.title.zh,
        number=number,
        addressee=written(template.addressee),
        paragraphs=tuple(paragraphs),
        table_title=written(table.title) if table else "",
        columns=table.columns if table else (),
        rows=tuple(tuple(written(cell) for cell in row) for row in table.rows) if table else (),
        signatures=tuple((signature.role, written(signature.name)) for signature in template.signatures),
        seal=written(template.seal),
        dated=written(template.dated) or moment_text(from_ms(made_ms), with_time=False),
        footer=f"案件编号 {given.get('case_number', _NONE)}",
        made_ms=made_ms,
    )


_NONE: Final = Value(None)


def _numeral(count: int) -> str:
    """一 … 十, 十一 … 九十九."""
    tens, rest = divmod(count, 10)
    if tens == 0:
        return _NUMERALS[rest - 1]
    return (_NUMERALS[tens - 1] if tens > 1 else "") + "十" + (_NUMERALS[rest - 1] if rest else "")

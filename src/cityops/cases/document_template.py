"""Templates of documents (文书模板) as data: title, paragraphs with ``{field}``, table, signatures, seal."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter
from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from cityops.kit import Data, Name, Words, refusal

GIVEN: Final = frozenset(
    {
        "case_number",
        "case_title",
        "document_number",
        "made_on",
        "maker",
        "maker_unit",
        "opened_on",
        "place",
        "plate",
        "unit",
    }
)
"""Fields that every case has. ``made_on`` and ``opened_on`` are days."""

FORMATS: Final = frozenset({"", "capital", "time"})
"""How a value may be written: ``{fine_yuan:capital}`` 伍仟元整, ``{stopped_on:time}`` with hour and minute."""


class DocumentParagraph(Data):
    """A paragraph. ``numbered``: 一、二、三 before it; ``when``: it stands only if this field has a value."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]
    numbered: bool = False
    when: Name | None = None


class DocumentTable(Data):
    """The table at the end of a document (附表)."""

    columns: Annotated[tuple[str, ...], Field(min_length=1, max_length=8)]
    rows: Annotated[tuple[tuple[str, ...], ...], Field(min_length=1)]
    title: str = ""

    @model_validator(mode="after")
    def _rows_fit_the_columns(self) -> Self:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise refusal("每行的单元格数须与列数相同", "every row has a cell for each column")
        return self


class DocumentSignature(Data):
    """A line to sign on (签名栏); without ``name`` it is left blank for the pen."""

    role: Annotated[str, Field(min_length=1)]
    name: str = ""


class DocumentTemplate(Data):
    """A kind of document (文书种类). Its text is Chinese, as the paper is; ``title`` also names it in lists.

    ``mark``: the issuer's word in the number (文号), such as 城掘停: 城掘停〔2026〕1号. ``seal``: under whose name and
    date the seal goes; ``dated``: that date, the day it is made if empty. Texts may hold ``{field}``; ``extra`` names
    fields that neither a form nor ``GIVEN`` has, which the case was opened with or the scene's own rule adds.
    """

    title: Words
    mark: Annotated[str, Field(min_length=1, max_length=16)]
    paragraphs: Annotated[tuple[DocumentParagraph, ...], Field(min_length=1)]
    seal: Annotated[str, Field(min_length=1)]
    dated: str = ""
    addressee: str = ""
    table: DocumentTable | None = None
    signatures: tuple[DocumentSignature, ...] = ()
    extra: tuple[Name, ...] = ()

    def texts(self) -> Iterator[str]:
        """Every text that may hold fields."""
        yield from (self.addressee, self.seal, self.dated)
        yield from (paragraph.text for paragraph in self.paragraphs)
        yield from (signature.name for signature in self.signatures)
        if self.table is not None:
            yield self.table.title
            for row in self.table.rows:
                yield from row

    def fields(self) -> set[str]:
        """The names of all fields that the template uses."""
        used = {name for text in self.texts() for _, name, _, _ in Formatter().parse(text) if name is not None}
        return used | {paragraph.when for paragraph in self.paragraphs if paragraph.when is not None}

    @model_validator(mode="after")
    def _formats_exist(self) -> Self:
        for text in self.texts():
            for _, name, how, conversion in Formatter().parse(text):
                if name is not None and (not name.isidentifier() or how not in FORMATS or conversion is not None):
                    raise refusal(
                        f"“{{{name}:{how}}}”不是文书的字段写法",
                        f"{{{name}:{how}}} is not a field as documents know them",
                    )
        return self

"""Documents of cases (文书)."""

from __future__ import annotations

from cityops.api.schemas.base import Bilingual, Model, Moment


class Document(Model):
    """A document as it was made; ``latest``: no later one of its kind was made in the case."""

    document_id: str
    case_id: str
    template: str
    title: Bilingual
    number: str
    made_at: Moment
    maker: str
    maker_unit: str | None
    docx_sha256: str
    docx_size: int
    pdf_sha256: str
    pdf_size: int
    latest: bool


class DocumentList(Model):
    """The documents of a case, oldest first."""

    items: list[Document]

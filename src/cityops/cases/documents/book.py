"""The documents of cases (文书): made once, never altered, downloaded with permission, checked against their hash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, RowMapping, insert, select

from cityops.access import Permission, Principal, record_audit
from cityops.cases.document_template import DocumentTemplate
from cityops.cases.documents.filling import FilledDocument, fill
from cityops.cases.documents.tables import document_table
from cityops.cases.documents.values import Value
from cityops.cases.records import next_count
from cityops.cases.scope import case_scope, inside_scope
from cityops.cases.stepping import not_found
from cityops.cases.tables import case_table
from cityops.kit import Clock, ConflictError, IdMaker, NotFoundError, Text, from_ms
from cityops.store import Files, Store, emit

DocumentForm = Literal["docx", "pdf"]
MEDIA_TYPES: Final[Mapping[DocumentForm, str]] = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
LIST_MAX: Final = 500
_t = document_table.c


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document of a case. ``latest``: no later one of its kind was made in the case."""

    document_id: str
    case_id: str
    template: str
    title: Text
    number: str
    made_at: datetime
    maker: str
    maker_unit: str | None
    docx_sha256: str
    docx_size: int
    pdf_sha256: str
    pdf_size: int
    latest: bool


@dataclass(frozen=True, slots=True)
class DocumentFile:
    """A document's bytes with the headers they go out with; ``number`` and ``case_id`` for the audit."""

    content: bytes
    media_type: str
    filename: str
    number: str
    case_id: str


class Documents:
    """Makes and shows documents.

    Args:
        store: the relational store.
        files: where the renderings lie.
        clock: the time.
        ids: makes identifiers.
    """

    def __init__(self, store: Store, files: Files, clock: Clock, ids: IdMaker) -> None:
        self._store = store
        self._files = files
        self._clock = clock
        self._ids = ids

    def make_in(
        self,
        conn: Connection,
        principal: Principal,
        case_id: str,
        name: str,
        template: DocumentTemplate,
        values: Mapping[str, Value],
    ) -> str:
        """Make a document inside a transaction of the caller; returns its id.

        The files are on the disk before the row is written; a transaction that fails leaves files that nothing names.

        Args:
            conn: the running transaction.
            principal: who makes it.
            case_id: the case it belongs to.
            name: the template's name.
            template: the kind of document.
            values: by field name.
        """
        made_ms = self._clock.now_ms()
        year = f"{from_ms(made_ms).year}"
        number = f"{template.mark}〔{year}〕{next_count(conn, template.mark, year)}号"
        filled = fill(template, values, number=number, made_ms=made_ms)
        from cityops.cases.documents.pdf import render_pdf  # 0.4 s to import, and seldom needed
        from cityops.cases.documents.word import render_docx

        word, pdf = self._files.put([render_docx(filled)]), self._files.put([render_pdf(filled)])
        document_id = self._ids.next()
        conn.execute(
            insert(document_table).values(
                id=document_id,
                case_id=case_id,
                template=name,
                number=number,
                title_zh=template.title.zh,
                title_en=template.title.en,
                content=filled.stored(),
                docx_sha256=word.sha256,
                docx_size=word.size,
                pdf_sha256=pdf.sha256,
                pdf_size=pdf.size,
                made_ms=made_ms,
                maker_id=principal.account_id,
                maker_name=principal.display_name,
                maker_unit_name=principal.unit_name,
            )
        )
        emit(conn, "document.made", document_id, {"document_id": document_id, "case_id": case_id, "template": name})
        record_audit(
            conn,
            at_ms=made_ms,
            actor=principal,
            action="document.make",
            object_type="document",
            object_id=document_id,
            detail={"number": number, "docx": word.sha256, "pdf": pdf.sha256},
        )
        return document_id

    def of_case(self, principal: Principal, case_id: str) -> list[DocumentView]:
        """All documents of a case, oldest first; of a confidential case none to who does not work on it.

        Raises:
            NotFoundError: the case is not this person's to see.
        """
        principal.require(Permission.CASES_READ)
        with self._store.read() as conn:
            seen = select(case_table.c.id).where(case_table.c.id == case_id, case_scope(principal))
            if conn.execute(seen).scalar() is None:
                raise not_found()
            query = select(document_table).join(case_table, case_table.c.id == _t.case_id)
            query = query.where(_t.case_id == case_id, inside_scope(principal)).order_by(_t.made_ms, _t.id)
            rows = conn.execute(query.limit(LIST_MAX)).mappings().all()
        last = {row["template"]: row["id"] for row in rows}
        return [_view(row, latest=last[row["template"]] == row["id"]) for row in rows]

    def read(self, principal: Principal, document_id: str, form: DocumentForm) -> DocumentFile:
        """A document's file, compared with the hash that was stored when it was made.

        Raises:
            NotFoundError: no such document for this person, or its file is missing.
            ConflictError: ``document.changed``: the file is not what was made.
        """
        row = self._row(principal, document_id)
        sha256 = row[f"{form}_sha256"]
        if not self._files.sound(sha256):
            raise ConflictError(
                f"文书 {row['number']} 的文件与登记的摘要不符",
                f"the file of document {row['number']} is not the one that was made",
                code="document.changed",
                todo=Text("请联系系统管理员从备份恢复", "ask the administrator to restore it from a backup"),
            )
        with self._files.open(sha256) as opened:
            content = opened.read()
        return DocumentFile(
            content, MEDIA_TYPES[form], f"{row['title_zh']} {row['number']}.{form}", row["number"], row["case_id"]
        )

    def render_again(self, principal: Principal, document_id: str, form: DocumentForm) -> bytes:
        """The document rendered anew from its stored words; equal to the file unless the rendering was changed."""
        filled = FilledDocument.restored(self._row(principal, document_id)["content"])
        from cityops.cases.documents.pdf import render_pdf  # as above
        from cityops.cases.documents.word import render_docx

        return render_docx(filled) if form == "docx" else render_pdf(filled)

    def _row(self, principal: Principal, document_id: str) -> RowMapping:
        principal.require(Permission.CASES_READ)
        joined = select(document_table).join(case_table, case_table.c.id == _t.case_id)
        with self._store.read() as conn:
            row = conn.execute(joined.where(_t.id == document_id, inside_scope(principal))).mappings().one_or_none()
        if row is None:
            raise NotFoundError(
                "没有这份文书，或您无权查看", "no such document, or not yours to see", code="document.not_found"
            )
        return row


def _view(row: Mapping[str, Any] | RowMapping, *, latest: bool) -> DocumentView:
    return DocumentView(
        document_id=row["id"],
        case_id=row["case_id"],
        template=row["template"],
        title=Text(row["title_zh"], row["title_en"]),
        number=row["number"],
        made_at=from_ms(row["made_ms"]),
        maker=row["maker_name"],
        maker_unit=row["maker_unit_name"],
        docx_sha256=row["docx_sha256"],
        docx_size=row["docx_size"],
        pdf_sha256=row["pdf_sha256"],
        pdf_size=row["pdf_size"],
        latest=latest,
    )

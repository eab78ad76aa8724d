"""The reading half of the evidence's face: what a case or report has, its files, and whether they are sound."""

from __future__ import annotations

import os
from typing import Final

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from cityops.access import AuditTrail, Permission, Principal
from cityops.cases.evidence.media import Kind
from cityops.cases.evidence.refusals import NOT_KEPT, may_not_open_original, no_item
from cityops.cases.evidence.rows import view_of
from cityops.cases.evidence.tables import evidence_table
from cityops.cases.evidence.views import (
    Content,
    EvidenceRole,
    EvidenceView,
    Pair,
    Rendition,
    Soundness,
    content_headers,
    display_name,
)
from cityops.cases.scope import case_scope, inside_scope
from cityops.cases.tables import case_table
from cityops.kit import NotFoundError
from cityops.store import Files, Store

LIST_MAX: Final = 1000
_t = evidence_table.c


class EvidenceReading:
    """What can be asked about evidence. ``EvidenceBook`` adds what adds to it."""

    def __init__(self, store: Store, files: Files, audit: AuditTrail) -> None:
        self._store = store
        self._files = files
        self._trail = audit

    def of_case(self, principal: Principal, case_id: str) -> list[EvidenceView]:
        """All items of a case, oldest first; of a confidential case none to who does not work on it.

        Raises:
            NotFoundError: the case is not this person's to see.
        """
        principal.require(Permission.CASES_READ)
        with self._store.read() as conn:
            require_case(conn, case_id, case_scope(principal))
            query = select(evidence_table).join(case_table, case_table.c.id == _t.case_id)
            query = query.where(_t.case_id == case_id, inside_scope(principal)).order_by(_t.uploaded_ms, _t.id)
            return [view_of(row) for row in conn.execute(query.limit(LIST_MAX)).mappings()]

    def of_report(self, principal: Principal, report_id: str) -> list[EvidenceView]:
        """All items of a report or tip-off, for those who accept reports."""
        principal.require(Permission.CASES_OPEN)
        with self._store.read() as conn:
            query = select(evidence_table).where(_t.report_id == report_id).order_by(_t.uploaded_ms, _t.id)
            return [view_of(row) for row in conn.execute(query.limit(LIST_MAX)).mappings()]

    def pairs(self, principal: Principal, case_id: str) -> list[Pair]:
        """Photos from before beside those from after (前后对比): those that name each other, then the rest alone.

        When exactly one of each is left over, they are a pair.
        """
        items = [item for item in self.of_case(principal, case_id) if item.kind is Kind.PHOTO]
        befores = {item.id: item for item in items if item.role is EvidenceRole.BEFORE}
        afters = [item for item in items if item.role is EvidenceRole.AFTER]
        pairs = [Pair(befores[item.before_id], item) for item in afters if item.before_id in befores]
        answered = {pair.before.id for pair in pairs if pair.before}
        lone_befores = [item for item in befores.values() if item.id not in answered]
        lone_afters = [item for item in afters if item.before_id not in befores]
        if len(lone_befores) == len(lone_afters) == 1:
            return [*pairs, Pair(lone_befores[0], lone_afters[0])]
        return [*pairs, *(Pair(item, None) for item in lone_befores), *(Pair(None, item) for item in lone_afters)]

    def content(
        self, principal: Principal, evidence_id: str, rendition: Rendition, *, seen_by_holder: bool = False
    ) -> Content:
        """The file and its headers. Reading a photo's original leaves an audit line: it holds the position.

        ``seen_by_holder``: whoever asks has found that this person sees the record the item was kept for.

        Raises:
            ForbiddenError: a photo's original, which this person may not open (``may_open_original``).
            NotFoundError: no such item for this person, no such rendition, or its file is missing.
        """
        with self._store.read() as conn:
            row = self._readable(conn, principal, evidence_id, seen_by_holder=seen_by_holder)
        original = rendition is Rendition.ORIGINAL
        if original and not may_open_original(principal, Kind(row["kind"]), row["uploader_id"]):
            raise may_not_open_original()
        names = {Rendition.VIEW: row["view_sha256"], Rendition.THUMBNAIL: row["thumbnail_sha256"]}
        sha256 = names.get(rendition, row["sha256"])
        if sha256 is None:
            raise no_item()
        with self._files.open(sha256) as opened:
            size = os.fstat(opened.fileno()).st_size
        if original and row["kind"] == Kind.PHOTO.value:
            self._store.write(lambda conn: self._trail(conn, principal, "evidence.original", row["id"], {}))
        media_type = row["media_type"] if original else "image/jpeg"
        headers = content_headers(media_type, display_name(row["name"], media_type), rendition)
        return Content(self._files.path(sha256), size, headers["Content-Type"], headers)

    def verify(self, *, after_id: str = "", limit: int = 100) -> list[tuple[str, Soundness]]:
        """Re-compute the hashes of the next ``limit`` items by id and of their copies; (id, worst finding) of each."""
        query = select(evidence_table).where(_t.id > after_id).order_by(_t.id).limit(min(limit, LIST_MAX))
        with self._store.read() as conn:
            rows = list(conn.execute(query).mappings())
        return [(row["id"], self._soundness(row)) for row in rows]

    # --- inside ----------------------------------------------------------------------------------------------

    def _soundness(self, row: RowMapping) -> Soundness:
        worst = Soundness.SOUND
        for sha256 in dict.fromkeys(filter(None, (row["sha256"], row["view_sha256"], row["thumbnail_sha256"]))):
            try:
                if not self._files.sound(sha256):
                    worst = Soundness.CHANGED
            except NotFoundError:
                return Soundness.MISSING
        return worst

    def _readable(
        self, conn: Connection, principal: Principal, evidence_id: str, *, seen_by_holder: bool
    ) -> RowMapping:
        row = conn.execute(select(evidence_table).where(_t.id == evidence_id)).mappings().one_or_none()
        if row is None:
            raise no_item()
        if seen_by_holder:
            return row
        if row["case_id"] is not None:
            principal.require(Permission.CASES_READ)
            require_case(conn, row["case_id"], inside_scope(principal))
        elif row["uploader_id"] != principal.account_id and not principal.can(Permission.CASES_OPEN):
            raise no_item()
        return row


def may_open_original(principal: Principal, kind: Kind, uploader_id: str) -> bool:
    """A photo's original holds the camera's position and number: for who files cases, who audits, and who took it.

    Films, sound and documents have no copy; whoever sees the item opens what was sent.
    """
    if kind is not Kind.PHOTO or uploader_id == principal.account_id:
        return True
    return principal.can(Permission.CASES_OPEN) or principal.can(Permission.AUDIT_READ)


def require_case(conn: Connection, case_id: str, scope: ColumnElement[bool]) -> None:
    """Raise ``NotFoundError`` unless there is such a case in this scope."""
    found = select(case_table.c.id).where(case_table.c.id == case_id, scope)
    if conn.execute(found).scalar() is None:
        raise NotFoundError(
            "没有这个案件，或您无权查看", "no such case, or not for you", code="case.missing", kept=NOT_KEPT
        )

"""The evidence of cases and reports (证据): add once, read with permission, prove that nothing changed.

An item is never altered or deleted here. The original is kept bit by bit under its SHA-256; people look at copies
without EXIF. Evidence of an anonymous tip-off is the exception: only the copy is kept, without name, time of day,
camera and position, because any of them could lead to the person.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from cityops.access import Permission, Principal, record_audit
from cityops.cases.evidence.media import Kind
from cityops.cases.evidence.pictures import ExifFacts, PictureReader
from cityops.cases.evidence.receiving import EvidenceLimits, Received, receive
from cityops.cases.evidence.refusals import (
    NOT_KEPT,
    filed,
    full,
    may_not_add,
    may_not_open_original,
    no_item,
    only_photos,
    other_case,
)
from cityops.cases.evidence.rows import check_new, chosen_position, claims_of, same_item, stored_row, view_of
from cityops.cases.evidence.tables import evidence_table
from cityops.cases.evidence.views import (
    Content,
    EvidenceRole,
    EvidenceView,
    NewEvidence,
    Pair,
    Rendition,
    Soundness,
    content_headers,
    display_name,
)
from cityops.cases.scope import case_scope, inside_scope
from cityops.cases.tables import case_table
from cityops.kit import Clock, IdMaker, NotFoundError, from_ms, to_ms
from cityops.store import Files, Store, emit

LIST_MAX: Final = 1000
MAY_ADD: Final = (
    Permission.CASES_REPORT,
    Permission.CASES_OPEN,
    Permission.CASES_HANDLE,
    Permission.CASES_CHECK,
    Permission.UNIT_HANDLE,
    Permission.RECTIFICATION_SUBMIT,
    Permission.INSPECTIONS_RECORD,
    Permission.REGISTERS_MANAGE,
)
"""Any of these may add evidence."""
_t = evidence_table.c


class EvidenceBook:
    """Adds and shows evidence.

    Args:
        store: the relational store.
        files: where the content lies.
        clock: the time.
        ids: makes identifiers.
        limits: bounds.
        pictures: decodes photos.
        spool_folder: where content waits while it is inspected (None: the system's folder for temporary files);
            needs room for the longest film.
    """

    def __init__(
        self,
        store: Store,
        files: Files,
        clock: Clock,
        ids: IdMaker,
        *,
        limits: EvidenceLimits | None = None,
        pictures: PictureReader | None = None,
        spool_folder: Path | None = None,
    ) -> None:
        self._store = store
        self._files = files
        self._clock = clock
        self._ids = ids
        self._limits = limits or EvidenceLimits()
        self._pictures = pictures or PictureReader()
        self._spool_folder = spool_folder

    # --- adding ----------------------------------------------------------------------------------------------

    def add(self, principal: Principal, new: NewEvidence, chunks: Iterable[bytes]) -> EvidenceView:
        """Add an item to a case, or to a report that is not filed yet; returns when it is on the disk.

        The same ``client_id`` from the same person again gives the item of the first time.

        Raises:
            ForbiddenError: this person may not add evidence.
            NotFoundError: no such case for this person, or no such photo ``before_id`` in the case.
            InvalidError: not a type that is taken, too long, damaged, or a wrong field.
            ConflictError: the ``client_id`` was used for another content or case.
            BusyError: the bound of the case or the person is reached.
        """
        if not any(principal.can(permission) for permission in MAY_ADD):
            raise may_not_add()
        check_new(new)
        row: dict[str, Any] = {
            "client_id": new.client_id,
            "case_id": new.case_id,
            "report_id": None,
            "before_id": new.before_id,
            "uploader_id": principal.account_id,
            "uploader_name": principal.display_name,
        }
        with self._store.read() as conn:  # before any content is taken in
            self._admit(conn, row, principal)
        with receive(chunks, self._limits, self._pictures, self._spool_folder) as received:
            row |= self._content_columns(received, new) | {"role": new.role.value}
            return self._store.write(lambda conn: self._insert(conn, row, principal))

    def add_to_report(self, report_id: str, new: NewEvidence, chunks: Iterable[bytes]) -> EvidenceView:
        """Add an item of a reporter; whoever calls has checked the follow-up code. Raises as ``add``."""
        check_new(new)
        row: dict[str, Any] = {
            "client_id": new.client_id,
            "case_id": None,
            "report_id": report_id,
            "before_id": None,
            "uploader_id": f"report:{report_id}",
            "uploader_name": "市民",
        }
        with self._store.read() as conn:
            self._admit(conn, row, None)
        with receive(chunks, self._limits, self._pictures, self._spool_folder) as received:
            row |= self._content_columns(received, new) | {"role": EvidenceRole.REPORT.value}
            return self._store.write(lambda conn: self._insert(conn, row, None))

    def add_to_tip_off(self, tip_off_id: str, chunks: Iterable[bytes]) -> EvidenceView:
        """Add a photo to an anonymous tip-off: only its copy is kept, dated to the day, without event or audit line.

        The same photo again is the same item. Raises as ``add``; ``InvalidError`` for anything but a photo: a voice,
        a film and a document carry their maker in ways that cannot be taken out here.
        """
        with receive(chunks, self._limits, self._pictures, self._spool_folder) as received:
            if received.picture is None:
                raise only_photos()
            view = self._files.put([received.picture.view])
            thumbnail = self._files.put([received.picture.thumbnail])
        day_ms = to_ms(from_ms(self._clock.now_ms()).replace(hour=0, minute=0, second=0, microsecond=0))
        for stored in (view, thumbnail):  # a file's time of day would say when the person was here
            self._files.redate(stored.sha256, day_ms)
        width, height = received.picture.width, received.picture.height
        row: dict[str, Any] = {
            "id": f"T{secrets.token_hex(12).upper()}Z",
            "client_id": view.sha256,
            "case_id": None,
            "report_id": tip_off_id,
            "before_id": None,
            "kind": Kind.PHOTO.value,
            "role": EvidenceRole.REPORT.value,
            "sha256": view.sha256,
            "size": view.size,
            "media_type": "image/jpeg",
            "name": display_name("", "image/jpeg"),
            "width": width,
            "height": height,
            "view_sha256": view.sha256,
            "thumbnail_sha256": thumbnail.sha256,
            "claims": {},
            "uploaded_ms": day_ms,
            "uploader_id": f"tip:{tip_off_id}",
            "uploader_name": "匿名",
        }
        return self._store.write(lambda conn: self._insert(conn, row, None, silent=True))

    def renew_tip_off(self, conn: Connection, tip_off_id: str) -> None:
        """In the running write that settles a tip-off: its items and their files are made anew, at another time."""
        items = select(evidence_table).where(_t.uploader_id == f"tip:{tip_off_id}").order_by(_t.id)
        for row in [dict(row) for row in conn.execute(items).mappings()]:
            conn.execute(delete(evidence_table).where(_t.id == row["id"]))
            conn.execute(insert(evidence_table).values(**row))
            for sha256 in (row["view_sha256"], row["thumbnail_sha256"]):
                self._files.renew(sha256)
                self._files.redate(sha256, row["uploaded_ms"])

    def attach_report(self, conn: Connection, report_id: str, case_id: str) -> int:
        """In the running write that files a report: its evidence becomes the case's; returns how many items."""
        moved = update(evidence_table).where(_t.report_id == report_id, _t.case_id.is_(None)).values(case_id=case_id)
        return conn.execute(moved).rowcount

    def attach(self, conn: Connection, principal: Principal, evidence_ids: Iterable[str], case_id: str) -> None:
        """In the running write that files a case: this person's own items become the case's.

        Raises:
            NotFoundError: no such item of this person.
            ConflictError: an item belongs to another case.
        """
        for evidence_id in dict.fromkeys(evidence_ids):
            own = and_(_t.id == evidence_id, _t.uploader_id == principal.account_id)
            free = or_(_t.case_id.is_(None), _t.case_id == case_id)
            if conn.execute(update(evidence_table).where(own, free).values(case_id=case_id)).rowcount == 1:
                continue
            if conn.execute(select(_t.id).where(own)).scalar() is None:
                raise no_item()
            raise other_case()

    def keep_for(self, conn: Connection, principal: Principal, evidence_ids: Iterable[str], holder_id: str) -> None:
        """In the running write of another record (an inspection, an object): this person's own items become its.

        Such an item is filed: nobody takes it back. One that a case has stays the case's too.

        Raises:
            NotFoundError: no such item of this person.
        """
        for evidence_id in dict.fromkeys(evidence_ids):
            own = and_(_t.id == evidence_id, _t.uploader_id == principal.account_id)
            if conn.execute(update(evidence_table).where(own).values(report_id=holder_id)).rowcount == 0:
                raise no_item()

    def take_back(self, principal: Principal, evidence_id: str) -> None:
        """Take back an own item that neither a case nor a report has.

        The content stays under its hash: somebody else may have sent the same.

        Raises:
            NotFoundError: no such item of this person. ConflictError: it has been filed.
        """

        def work(conn: Connection) -> None:
            own = and_(_t.id == evidence_id, _t.uploader_id == principal.account_id)
            row = conn.execute(select(evidence_table).where(own)).mappings().one_or_none()
            if row is None:
                raise no_item()
            free = and_(own, _t.case_id.is_(None), _t.report_id.is_(None))
            if conn.execute(delete(evidence_table).where(free)).rowcount == 0:
                raise filed()
            self._audit(conn, principal, "evidence.take_back", evidence_id, {"sha256": row["sha256"]})

        self._store.write(work)

    # --- reading ---------------------------------------------------------------------------------------------

    def of_case(self, principal: Principal, case_id: str) -> list[EvidenceView]:
        """All items of a case, oldest first; of a confidential case none to who does not work on it.

        Raises:
            NotFoundError: the case is not this person's to see.
        """
        principal.require(Permission.CASES_READ)
        with self._store.read() as conn:
            _require_case(conn, case_id, case_scope(principal))
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
            self._store.write(lambda conn: self._audit(conn, principal, "evidence.original", row["id"], {}))
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
            _require_case(conn, row["case_id"], inside_scope(principal))
        elif row["uploader_id"] != principal.account_id and not principal.can(Permission.CASES_OPEN):
            raise no_item()
        return row

    def _admit(self, conn: Connection, row: dict[str, Any], principal: Principal | None) -> None:
        """The case is this person's to see, the pair is of the case, and no bound is reached."""
        case_id, before_id = row["case_id"], row["before_id"]
        if case_id is not None and principal is not None:
            _require_case(conn, case_id, case_scope(principal))
        if before_id is not None:
            own = and_(_t.case_id.is_(None), _t.uploader_id == row["uploader_id"])
            of_case = own if case_id is None else _t.case_id == case_id
            found = select(_t.id).where(_t.id == before_id, of_case, _t.role == EvidenceRole.BEFORE.value)
            if conn.execute(found).scalar() is None:
                raise no_item()
        if case_id is not None:
            bound, counted = self._limits.per_case, _t.case_id == case_id
        elif row["report_id"] is not None:
            bound, counted = self._limits.per_report, _t.report_id == row["report_id"]
        else:
            bound = self._limits.unfiled_per_uploader
            counted = and_(_t.uploader_id == row["uploader_id"], _t.case_id.is_(None), _t.report_id.is_(None))
        if stored_row(conn, row) is None and _count(conn, counted) >= bound:
            raise full(bound)

    def _content_columns(self, received: Received, new: NewEvidence) -> dict[str, Any]:
        """Put the content and its copies on the disk; returns the columns that follow from it."""
        picture = received.picture
        exif = picture.exif if picture else ExifFacts()
        stored = self._files.put(received.chunks())
        lon, lat, source = chosen_position(exif, new.phone)
        return {
            "id": self._ids.next(),
            "kind": received.kind.value,
            "sha256": stored.sha256,
            "size": stored.size,
            "media_type": received.media_type,
            "name": display_name(new.name, received.media_type),
            "width": picture.width if picture else None,
            "height": picture.height if picture else None,
            "view_sha256": self._files.put([picture.view]).sha256 if picture else None,
            "thumbnail_sha256": self._files.put([picture.thumbnail]).sha256 if picture else None,
            "taken_ms": exif.taken_ms or (new.phone.at_ms if new.phone else None),
            "lon": lon,
            "lat": lat,
            "position_source": source,
            "claims": claims_of(exif, new.phone),
            "uploaded_ms": self._clock.now_ms(),
        }

    def _insert(
        self, conn: Connection, row: dict[str, Any], principal: Principal | None, *, silent: bool = False
    ) -> EvidenceView:
        before = stored_row(conn, row)
        if before is not None:
            return same_item(before, row)
        self._admit(conn, row, principal)
        try:
            with conn.begin_nested():
                conn.execute(insert(evidence_table).values(**row))
        except IntegrityError:  # the same upload came in twice at the same time
            before = stored_row(conn, row)
            if before is None:
                raise
            return same_item(before, row)
        if not silent:
            told = {"evidence_id": row["id"], "case_id": row["case_id"], "report_id": row["report_id"]}
            emit(conn, "evidence.added", row["id"], told | {"kind": row["kind"], "role": row["role"]})
        if principal is not None:
            self._audit(
                conn, principal, "evidence.add", row["id"], {"case_id": row["case_id"], "sha256": row["sha256"]}
            )
        return view_of(conn.execute(select(evidence_table).where(_t.id == row["id"])).mappings().one())

    def _audit(self, conn: Connection, who: Principal, action: str, evidence_id: str, detail: dict[str, Any]) -> None:
        record_audit(
            conn,
            at_ms=self._clock.now_ms(),
            actor=who,
            action=action,
            object_type="evidence",
            object_id=evidence_id,
            detail=detail,
        )


def may_open_original(principal: Principal, kind: Kind, uploader_id: str) -> bool:
    """A photo's original holds the camera's position and number: for who files cases, who audits, and who took it.

    Films, sound and documents have no copy; whoever sees the item opens what was sent.
    """
    if kind is not Kind.PHOTO or uploader_id == principal.account_id:
        return True
    return principal.can(Permission.CASES_OPEN) or principal.can(Permission.AUDIT_READ)


def _count(conn: Connection, which: ColumnElement[bool]) -> int:
    return int(conn.execute(select(func.count()).select_from(evidence_table).where(which)).scalar_one())


def _require_case(conn: Connection, case_id: str, scope: ColumnElement[bool]) -> None:
    found = select(case_table.c.id).where(case_table.c.id == case_id, scope)
    if conn.execute(found).scalar() is None:
        raise NotFoundError(
            "没有这个案件，或您无权查看", "no such case, or not for you", code="case.missing", kept=NOT_KEPT
        )

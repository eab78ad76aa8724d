"""The evidence of cases and reports (证据): add once, read with permission, prove that nothing changed.

An item is never altered or deleted here. The original is kept bit by bit under its SHA-256; people look at copies
without EXIF. Evidence of an anonymous tip-off is the exception: only the copy is kept, without name, time of day,
camera and position, because any of them could lead to the person.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from cityops.access import AuditTrail, Permission, Principal
from cityops.cases.evidence.media import Kind
from cityops.cases.evidence.pictures import ExifFacts, PictureReader
from cityops.cases.evidence.reading import EvidenceReading, require_case
from cityops.cases.evidence.receiving import EvidenceLimits, Received, receive
from cityops.cases.evidence.refusals import (
    compared,
    filed,
    full,
    may_not_add,
    no_item,
    only_photos,
    other_case,
)
from cityops.cases.evidence.rows import check_new, chosen_position, claims_of, same_item, stored_row, view_of
from cityops.cases.evidence.tables import evidence_table
from cityops.cases.evidence.views import (
    EvidenceRole,
    EvidenceView,
    NewEvidence,
    display_name,
)
from cityops.cases.scope import case_scope
from cityops.kit import Clock, IdMaker, from_ms, to_ms
from cityops.store import Files, Store, emit, hold

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


class EvidenceBook(EvidenceReading):
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
        super().__init__(store, files, AuditTrail(clock, "evidence"))
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
            NotFoundError: no such item of this person.
            ConflictError: it has been filed, or a photo from afterwards names it.
        """

        def work(conn: Connection) -> None:
            own = and_(_t.id == evidence_id, _t.uploader_id == principal.account_id)
            row = conn.execute(select(evidence_table).where(own)).mappings().one_or_none()
            if row is None:
                raise no_item()
            free = and_(own, _t.case_id.is_(None), _t.report_id.is_(None))
            try:
                gone = conn.execute(delete(evidence_table).where(free)).rowcount
            except IntegrityError as error:
                raise compared() from error
            if gone == 0:
                raise filed()
            self._trail(conn, principal, "evidence.take_back", evidence_id, {"sha256": row["sha256"]})

        self._store.write(work)

    # --- inside ----------------------------------------------------------------------------------------------

    def _admit(self, conn: Connection, row: dict[str, Any], principal: Principal | None) -> None:
        """The case is this person's to see, the pair is of the case, and no bound is reached."""
        case_id, before_id = row["case_id"], row["before_id"]
        if case_id is not None and principal is not None:
            require_case(conn, case_id, case_scope(principal))
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
        hold(conn, f"evidence:{row['case_id'] or row['report_id'] or row['uploader_id']}")
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
            self._trail(
                conn, principal, "evidence.add", row["id"], {"case_id": row["case_id"], "sha256": row["sha256"]}
            )
        return view_of(conn.execute(select(evidence_table).where(_t.id == row["id"])).mappings().one())


def _count(conn: Connection, which: ColumnElement[bool]) -> int:
    return int(conn.execute(select(func.count()).select_from(evidence_table).where(which)).scalar_one())

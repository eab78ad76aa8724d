"""Links for parties (当事人链接): unguessable, for one party of one case, for a day, revocable, shown once.

The link opens nothing by itself: whoever has it must also know the last letters of the plate and the last digits of
the telephone number. After five wrong answers it is locked and somebody has to make another one.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from sqlalchemy import Connection, RowMapping, insert, select, update

from cityops.access import Principal, record_audit
from cityops.kit import ConflictError, NotFoundError, Text
from cityops.scenes.quick_accident.book import require_link
from cityops.scenes.quick_accident.rows import link_view
from cityops.scenes.quick_accident.rules import UNCHANGED
from cityops.scenes.quick_accident.tables import link_table, party_table
from cityops.scenes.quick_accident.views import AccidentLink, Handed, NewLink
from cityops.scenes.registry import SceneContext

LIFE_MS: Final = 24 * 3_600_000
TOKEN_BYTES: Final = 24
"""192 random bits."""
_t = link_table.c


class LinkDesk:
    """Makes links, notes how they were handed over, takes them back. A person hands them on: there is no gateway."""

    def __init__(self, context: SceneContext) -> None:
        self._context = context

    def make(self, principal: Principal, case_id: str, party_id: str) -> NewLink:
        """A fresh link for a party; the ones before stop working.

        Raises:
            NotFoundError: no such accident for this person, or no such party in it. ForbiddenError: not this duty.
            ConflictError: ``accident.ended``: the case is over.
        """
        case = self._context.cases.get(principal, case_id)
        require_link(principal, case)
        if case.closed_at is not None:
            raise ConflictError("案件已办结，不再发送链接", "the case is over", code="accident.ended", kept=UNCHANGED)
        token, now_ms = secrets.token_urlsafe(TOKEN_BYTES), self._context.clock.now_ms()
        link_id = self._context.ids.next()
        row = {
            "id": link_id,
            "case_id": case_id,
            "party_id": party_id,
            "token_hash": hashed(token),
            "wrong": 0,
            "made_ms": now_ms,
            "made_by": principal.display_name,
            "expires_ms": now_ms + LIFE_MS,
        }

        def work(conn: Connection) -> AccidentLink:
            label = _label(conn, case_id, party_id, hold=True)  # two fresh links come one after the other
            before = (_t.party_id == party_id) & _t.revoked_ms.is_(None)
            conn.execute(update(link_table).where(before).values(revoked_ms=now_ms, revoked_why="replaced"))
            conn.execute(insert(link_table).values(**row))
            self._audit(conn, principal, "accident.link", case_id, label)
            return link_view(_row(conn, link_id, case_id), now_ms)

        return NewLink(link=self._context.store.write(work), path=f"/p#{token}")

    def hand_over(self, principal: Principal, case_id: str, link_id: str, how: Handed) -> AccidentLink:
        """Note how the link reached the party (送达方式), on the timeline."""
        require_link(principal, self._context.cases.get(principal, case_id))
        now_ms = self._context.clock.now_ms()

        def work(conn: Connection) -> AccidentLink:
            row = _row(conn, link_id, case_id)
            values = {"handed_how": how, "handed_ms": now_ms, "handed_by": principal.display_name}
            conn.execute(update(link_table).where(_t.id == link_id).values(**values))
            label = _label(conn, case_id, row["party_id"])
            words = _HANDED[how]
            title = Text(f"链接已交{label}方：{words.zh}", f"Link handed to party {label}: {words.en}")
            self._context.cases.note_in(conn, principal, case_id, "accident.link_handed", title, {})
            return link_view(_row(conn, link_id, case_id), now_ms)

        return self._context.store.write(work)

    def revoke(self, principal: Principal, case_id: str, link_id: str) -> AccidentLink:
        """Take a link back at once; what the party has answered stays."""
        require_link(principal, self._context.cases.get(principal, case_id))
        now_ms = self._context.clock.now_ms()

        def work(conn: Connection) -> AccidentLink:
            row = _row(conn, link_id, case_id)
            live = (_t.id == link_id) & _t.revoked_ms.is_(None)
            conn.execute(update(link_table).where(live).values(revoked_ms=now_ms, revoked_why="revoked"))
            self._audit(conn, principal, "accident.link_revoke", case_id, _label(conn, case_id, row["party_id"]))
            return link_view(_row(conn, link_id, case_id), now_ms)

        return self._context.store.write(work)

    def _audit(self, conn: Connection, principal: Principal, action: str, case_id: str, label: str) -> None:
        record_audit(
            conn,
            at_ms=self._context.clock.now_ms(),
            actor=principal,
            action=action,
            object_type="case",
            object_id=case_id,
            detail={"party": label},
        )


def hashed(secret: str) -> str:
    """SHA-256 of a random secret; it is long enough that a slow hash would add nothing."""
    return hashlib.sha256(secret.encode()).hexdigest()


_HANDED: Final[dict[Handed, Text]] = {
    "told": Text("电话告知", "told on the telephone"),
    "message": Text("短信或即时消息", "by message"),
    "shown": Text("出示屏幕", "shown on a screen"),
    "by_patrol": Text("巡警现场出示", "shown by the patrol"),
}


def _row(conn: Connection, link_id: str, case_id: str) -> RowMapping:
    query = select(link_table).where(_t.id == link_id, _t.case_id == case_id)
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFoundError("没有这条链接", "there is no such link", code="accident.no_link")
    return row


def _label(conn: Connection, case_id: str, party_id: str, *, hold: bool = False) -> str:
    query = select(party_table.c.label).where(party_table.c.id == party_id, party_table.c.case_id == case_id)
    label = conn.execute(query.with_for_update(key_share=True) if hold else query).scalar()
    if label is None:
        raise NotFoundError("没有这一方", "there is no such party", code="accident.no_party")
    return str(label)

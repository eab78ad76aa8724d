"""What is kept of parties, and for how long (保存期限): the papers stay, what leads to a person goes.

Three years after the end of a case the parties' names, numbers, licences, insurance and own words are erased: the time
in which a claim can still be brought (民法典第一百八十八条, to be verified). Links go a month after they expired.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, delete, select, update

from cityops.access import SYSTEM, record_audit
from cityops.cases import case_table
from cityops.scenes.quick_accident.rows import SCENE
from cityops.scenes.quick_accident.tables import link_table, party_table
from cityops.scenes.registry import SceneContext

PARTY_DAYS: Final = 3 * 365
LINK_DAYS: Final = 30
_DAY_MS: Final = 86_400_000
_ERASED: Final = {
    "name": None,
    "phone": "",
    "licence_no": None,
    "insurer": None,
    "policy_no": None,
    "statement": None,
    "stated_ms": None,
}


def erase_passed(context: SceneContext) -> int:
    """Erase what is past its time; returns how many parties were. Doing it again changes nothing."""
    now_ms = context.clock.now_ms()

    def work(conn: Connection) -> int:
        conn.execute(delete(link_table).where(link_table.c.expires_ms < now_ms - LINK_DAYS * _DAY_MS))
        over = select(case_table.c.id).where(
            case_table.c.scene == SCENE,
            case_table.c.ended.is_(True),
            case_table.c.closed_ms < now_ms - PARTY_DAYS * _DAY_MS,
        )
        past = party_table.c.case_id.in_(over) & (party_table.c.phone != "")
        count = conn.execute(update(party_table).where(past).values(**_ERASED)).rowcount
        if count:
            record_audit(
                conn,
                at_ms=now_ms,
                actor=SYSTEM,
                action="accident.erase",
                object_type="case",
                object_id=None,
                detail={"rows": count},
            )
        return count

    return context.store.write(work)

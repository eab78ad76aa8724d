"""Who hears of which event: the scope of the thing that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from cityops.access import SYSTEM, Permission, Principal, Role
from cityops.cases import case_table
from cityops.detection import AlertBook
from cityops.kit import NotFoundError
from cityops.store import Event, Store

TOPICS: Final[Mapping[str, Permission]] = {
    "alert.raised": Permission.ALERTS_READ,
    "alert.updated": Permission.ALERTS_READ,
    "alert.ended": Permission.ALERTS_READ,
    "alert.withdrawn": Permission.ALERTS_READ,
    "case.opened": Permission.CASES_READ,
    "case.changed": Permission.CASES_READ,
    "task.created": Permission.CASES_READ,
    "task.changed": Permission.CASES_READ,
    "notice.sent": Permission.CASES_READ,
    "crew.changed": Permission.CREWS_READ,
    "device.changed": Permission.DEVICES_READ,
    "closure.changed": Permission.MAP_READ,
}
"""What the stream carries, and the permission that each topic needs."""


@dataclass(frozen=True)
class Owner:
    """Whose an alert or case is; ``has_crew``: whether such a thing has a crew at all."""

    unit_id: str | None
    area_code: str | None
    crew_id: str | None = None
    has_crew: bool = False


def in_scope(person: Principal, owner: Owner) -> bool:
    """``access.scope_clause`` for a row that is at hand; a test holds the two equal."""
    if person.role.is_of_field and owner.has_crew:
        return person.crew_id is not None and owner.crew_id == person.crew_id
    if person.role.is_of_unit or person.role.is_of_field:
        return person.unit_id is not None and owner.unit_id == person.unit_id
    if person.role is Role.DISTRICT or person.area_codes:
        return owner.area_code is not None and owner.area_code.startswith(person.area_codes)
    return True


class EventScope:
    """Answers for one tick: the owner of an alert or case is read once, whatever the number of audiences."""

    def __init__(self, alerts: AlertBook, store: Store) -> None:
        self._alerts = alerts
        self._store = store
        self._owners: dict[tuple[str, str], Owner | None] = {}

    def hears(self, person: Principal, event: Event) -> bool:
        """Whether ``person`` may know of ``event``; what they may not read they do not hear of."""
        if not person.can(TOPICS[event.topic]):
            return False
        thing = _thing(event)
        if thing is None:
            return True
        if thing not in self._owners:
            self._owners[thing] = self._owner(*thing)
        owner = self._owners[thing]
        return owner is not None and in_scope(person, owner)

    def _owner(self, kind: str, key: str) -> Owner | None:
        if kind == "alert":
            try:
                alert = self._alerts.get(SYSTEM, key)
            except NotFoundError:
                return None
            return Owner(alert.unit_id, alert.area_code)
        columns = case_table.c
        query = select(columns.unit_id, columns.area_code, columns.crew_id).where(columns.id == key)
        with self._store.read() as conn:
            row = conn.execute(query).one_or_none()
        return None if row is None else Owner(row.unit_id, row.area_code, row.crew_id, has_crew=True)


def _thing(event: Event) -> tuple[str, str] | None:
    """The alert or case an event is about; ``None`` for what is not scoped by one."""
    if event.topic.startswith("alert."):
        return "alert", event.key
    case_id = event.payload.get("case_id")
    return ("case", str(case_id)) if case_id else None

"""Who hears of which event: the scope of the thing that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from cityops.access import SYSTEM, Permission, Principal, Role
from cityops.cases import case_table, reporter_table, task_table
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
    "evidence.added": Permission.CASES_READ,
    "notice.sent": Permission.CASES_READ,
    "crew.changed": Permission.CREWS_READ,
    "device.changed": Permission.DEVICES_READ,
    "closure.changed": Permission.MAP_READ,
    "report.received": Permission.CASES_OPEN,
    "report.not_fixed": Permission.CASES_OPEN,
}
"""What the stream carries, and the permission that each topic needs."""


@dataclass(frozen=True)
class Owner:
    """Whose an alert is."""

    unit_id: str | None
    area_code: str | None


@dataclass(frozen=True)
class CaseOwner(Owner):
    """Whose a case is: besides its own unit and crew, all who have or had a task in it, and who reported it.

    ``task_units``: of any task; ``people``: of open tasks; ``reporters``: accounts.
    """

    crew_id: str | None = None
    task_units: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    reporters: frozenset[str] = frozenset()


def in_scope(person: Principal, owner: Owner) -> bool:
    """``access.scope_clause``, of a case ``cases.case_scope``, for a row that is at hand; a test holds them equal."""
    return _by_row(person, owner) or (isinstance(owner, CaseOwner) and _by_task(person, owner))


def _by_task(person: Principal, owner: CaseOwner) -> bool:
    if person.role.is_of_unit:
        return person.unit_id in owner.task_units
    if not person.role.is_of_field:
        return False
    reported = person.role is Role.COLLECTOR and person.account_id in owner.reporters
    return reported or person.account_id in owner.people


def _by_row(person: Principal, owner: Owner) -> bool:
    if person.role.is_of_field and isinstance(owner, CaseOwner):
        if person.role is not Role.CREW:
            return False
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
        if event.topic == "notice.sent" and event.payload.get("person_id") == person.account_id:
            return True  # also who has just given a task up
        thing = _thing(event)
        if thing is None:
            return event.topic != "evidence.added"  # of no case yet: who files it hears of the case
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
        with self._store.read() as conn:
            return case_owner(conn, key)


def case_owner(conn: Connection, case_id: str) -> CaseOwner | None:
    """Whose a case is; ``None`` when there is none."""
    case, task = case_table.c, task_table.c
    row = conn.execute(select(case.unit_id, case.area_code, case.crew_id).where(case.id == case_id)).one_or_none()
    if row is None:
        return None
    tasks = conn.execute(select(task.unit_id, task.person_id, task.ended).where(task.case_id == case_id)).all()
    reporters = select(reporter_table.c.account_id).where(reporter_table.c.case_id == case_id)
    return CaseOwner(
        row.unit_id,
        row.area_code,
        row.crew_id,
        task_units=frozenset(one.unit_id for one in tasks if one.unit_id is not None),
        people=frozenset(one.person_id for one in tasks if one.person_id is not None and not one.ended),
        reporters=frozenset(found for found in conn.execute(reporters).scalars() if found is not None),
    )


def _thing(event: Event) -> tuple[str, str] | None:
    """The alert or case an event is about; ``None`` for what is not scoped by one."""
    if event.topic.startswith("alert."):
        return "alert", event.key
    case_id = event.payload.get("case_id")
    return ("case", str(case_id)) if case_id else None

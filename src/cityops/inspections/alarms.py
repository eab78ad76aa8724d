"""Alarms of registers (设备报警): an object that comes to fulfil a condition is a hazard; its case is opened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from cityops.inspections.declaration import AlarmSpec
from cityops.inspections.recording import Recorder
from cityops.registers import CHANGED, RegisterObject, conditions_clause, register_object
from cityops.store import Event, Subscriber

_o = register_object.c


class Alarms:
    """Follows changes of the registers that have alarms.

    Args:
        recorder: opens the cases.
        declared: scene and alarm.
    """

    def __init__(self, recorder: Recorder, declared: Iterable[tuple[str, AlarmSpec]]) -> None:
        self._recorder = recorder
        found: dict[str, list[tuple[str, AlarmSpec]]] = {}
        for scene, spec in declared:
            found.setdefault(spec.register_name, []).append((scene, spec))
        self._by_register: Mapping[str, list[tuple[str, AlarmSpec]]] = found

    def subscriber(self) -> Subscriber:
        """Each change exactly once; a change that comes again opens nothing, for the case is open."""
        return Subscriber("inspections.alarms", {CHANGED}, self._handle)

    def _handle(self, conn: Connection, event: Event) -> None:
        for scene, spec in self._by_register.get(event.key, ()):
            register = self._recorder.registers.spec(event.key)
            query = select(register_object).where(
                _o.register == event.key, _o.id.in_(event.payload["ids"]), conditions_clause(register, spec.when)
            )
            for row in conn.execute(query.order_by(_o.code)).mappings().all():
                self._recorder.alarm(conn, scene, spec, RegisterObject(**row))

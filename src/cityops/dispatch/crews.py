"""Crews (处置力量): who can be sent, who is on shift and where, and who is taken."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, insert, or_, select, update

from cityops.access import Permission, Principal, Role, scope_clause
from cityops.cases import Act, Effect, EffectHandler, Transition, case_table, task_table
from cityops.dispatch.tables import crew_state_table, crew_table
from cityops.dispatch.views import CrewView
from cityops.kit import (
    Clock,
    ConflictError,
    CoordinateSystem,
    ForbiddenError,
    IdMaker,
    InvalidError,
    NotFoundError,
    Text,
    from_ms,
    to_wgs84,
)
from cityops.store import Store, emit

SHIFT_MS: Final = 12 * 3_600_000
"""The longest a shift can be when nobody says when it ends: after it nobody may be sent."""

_BUSY: Final = ("assigned", "on_scene")


class Crews:
    """The register of crews with their shifts and latest positions. No history of positions is kept."""

    def __init__(self, store: Store, clock: Clock, ids: IdMaker) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    def add(
        self,
        *,
        code: str,
        name: str,
        unit_id: str,
        unit_name: str,
        area_code: str | None,
        capabilities: Sequence[str],
        base: tuple[float, float],
    ) -> str:
        """Add a crew, off duty; returns its id. A code that is known returns that crew unchanged."""

        def work(conn: Connection) -> str:
            known = conn.execute(select(crew_table.c.id).where(crew_table.c.code == code)).scalar()
            if known is not None:
                return str(known)
            crew_id = self._ids.next()
            conn.execute(
                insert(crew_table).values(
                    id=crew_id,
                    code=code,
                    name=name,
                    unit_id=unit_id,
                    unit_name=unit_name,
                    area_code=area_code,
                    capabilities=list(capabilities),
                    base_lon=base[0],
                    base_lat=base[1],
                    active=True,
                    created_ms=self._clock.now_ms(),
                )
            )
            conn.execute(insert(crew_state_table).values(crew_id=crew_id, state="off_duty"))
            return crew_id

        return self._store.write(work)

    def list(self, principal: Principal) -> Sequence[CrewView]:
        """The crews this person may see, by name."""
        principal.require(Permission.CREWS_READ)
        with self._store.read() as conn:
            return self.read(conn, _crew_scope(principal))

    def get(self, principal: Principal, crew_id: str) -> CrewView:
        """One crew; ``NotFoundError`` outside the person's scope."""
        principal.require(Permission.CREWS_READ)
        with self._store.read() as conn:
            found = self.read(conn, and_(_crew_scope(principal), crew_table.c.id == crew_id))
        if not found:
            raise _no_crew()
        return found[0]

    def read(self, conn: Connection, where: ColumnElement[bool]) -> Sequence[CrewView]:
        """Crews for which a condition holds, on a connection of the caller."""
        task = and_(
            task_table.c.case_id == crew_state_table.c.case_id,
            task_table.c.crew_id == crew_table.c.id,
            task_table.c.ended.is_(False),
        )
        query = (
            select(
                crew_table,
                crew_state_table,
                task_table.c.id.label("task_id"),
                case_table.c.number.label("case_number"),
            )
            .select_from(
                crew_table.join(crew_state_table)
                .outerjoin(task_table, task)
                .outerjoin(case_table, case_table.c.id == crew_state_table.c.case_id)
            )
            .where(where, crew_table.c.active.is_(True))
            .order_by(crew_table.c.code)
        )
        return [self._view(row) for row in conn.execute(query).mappings()]

    def _view(self, row: RowMapping) -> CrewView:
        at_base = row["lon"] is None and row["state"] != "off_duty"  # on shift and not heard of yet
        return CrewView(
            crew_id=row["crew_id"],
            name=row["name"],
            unit_id=row["unit_id"],
            unit_name=row["unit_name"],
            area_code=row["area_code"],
            capabilities=list(row["capabilities"]),
            state="off_duty" if self._is_over(row) else row["state"],
            lon=row["base_lon"] if at_base else row["lon"],
            lat=row["base_lat"] if at_base else row["lat"],
            at=None if row["at_ms"] is None else from_ms(row["at_ms"]),
            on_shift_since=None if row["shift_from_ms"] is None else from_ms(row["shift_from_ms"]),
            shift_ends=None if row["shift_to_ms"] is None else from_ms(row["shift_to_ms"]),
            task_id=row["task_id"],
            case_id=row["case_id"],
            case_number=row["case_number"],
            base_lon=row["base_lon"],
            base_lat=row["base_lat"],
        )

    def _is_over(self, row: RowMapping) -> bool:
        return row["state"] == "free" and row["shift_to_ms"] is not None and row["shift_to_ms"] <= self._clock.now_ms()

    # --- shifts and positions ------------------------------------------------------------------------------

    def begin_shift(self, principal: Principal, crew_id: str, *, ends_ms: int | None = None) -> CrewView:
        """Go on shift (上班). Already on shift changes nothing. At most 12 hours."""
        self._require_own(principal, crew_id)
        now_ms = self._clock.now_ms()
        until_ms = now_ms + SHIFT_MS if ends_ms is None else ends_ms
        if not now_ms < until_ms <= now_ms + SHIFT_MS:
            raise InvalidError("班次应在12小时以内结束", "a shift ends within 12 hours", code="crew.shift_length")

        def work(conn: Connection) -> None:
            state = crew_state_table.c
            over = and_(state.state == "free", state.shift_to_ms <= now_ms)
            fresh = and_(state.crew_id == crew_id, or_(state.state == "off_duty", over))
            values = {"state": "free", "shift_from_ms": now_ms, "shift_to_ms": until_ms, **_NOWHERE}
            if conn.execute(update(crew_state_table).where(fresh).values(**values)).rowcount:
                emit(conn, "crew.changed", crew_id, {"crew_id": crew_id})

        self._store.write(work)
        return self._own(crew_id)

    def end_shift(self, principal: Principal, crew_id: str) -> CrewView:
        """Go off shift (下班): the position is deleted. ``ConflictError`` while the crew is on a case."""
        self._require_own(principal, crew_id)

        def work(conn: Connection) -> None:
            here = crew_state_table.c.crew_id == crew_id
            idle = crew_state_table.c.state.not_in(_BUSY)
            values = {"state": "off_duty", "shift_from_ms": None, "shift_to_ms": None, **_NOWHERE}
            if conn.execute(update(crew_state_table).where(here, idle).values(**values)).rowcount == 0:
                raise ConflictError(
                    "任务尚未完成，不能下班",
                    "the crew is still on a case",
                    code="crew.busy",
                    todo=Text("先完成或退回任务", "finish or decline the task first"),
                )
            emit(conn, "crew.changed", crew_id, {"crew_id": crew_id})

        self._store.write(work)
        return self._own(crew_id)

    def report_position(
        self,
        principal: Principal,
        crew_id: str,
        lon: float,
        lat: float,
        *,
        system: CoordinateSystem = CoordinateSystem.WGS84,
    ) -> CrewView:
        """Keep the latest position of a crew on shift; nothing else of it is kept.

        Raises:
            ConflictError: ``crew.off_duty``: positions are not taken outside a shift. InvalidError: not on the earth.
        """
        self._require_own(principal, crew_id)
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise InvalidError("经纬度超出范围", "longitude or latitude out of range", code="crew.position")
        wgs_lon, wgs_lat = to_wgs84(lon, lat, system)
        now_ms = self._clock.now_ms()

        def work(conn: Connection) -> None:
            state = crew_state_table.c
            on_shift = and_(state.crew_id == crew_id, state.state != "off_duty")
            running = or_(state.state.in_(_BUSY), state.shift_to_ms > now_ms)
            values = {"lon": float(wgs_lon), "lat": float(wgs_lat), "at_ms": now_ms}
            if conn.execute(update(crew_state_table).where(on_shift, running).values(**values)).rowcount == 0:
                raise ConflictError(
                    "不在岗，位置未记录",
                    "not on shift: the position was not kept",
                    code="crew.off_duty",
                    todo=Text("先上班", "go on shift first"),
                )
            emit(conn, "crew.changed", crew_id, {"crew_id": crew_id})

        self._store.write(work)
        return self._own(crew_id)

    def end_overrun_shifts(self) -> int:
        """End the shifts whose time is over and delete those positions; a crew on a case stays until it is released."""
        now_ms = self._clock.now_ms()

        def work(conn: Connection) -> int:
            state = crew_state_table.c
            over = and_(state.state == "free", state.shift_to_ms <= now_ms)
            values = {"state": "off_duty", "shift_from_ms": None, **_NOWHERE}  # when it ran out is told to the crew
            ended = update(crew_state_table).where(over).values(**values).returning(state.crew_id)
            crew_ids = conn.execute(ended).scalars().all()
            for crew_id in crew_ids:
                emit(conn, "crew.changed", crew_id, {"crew_id": crew_id})
            return len(crew_ids)

        return self._store.write(work)

    def _own(self, crew_id: str) -> CrewView:
        with self._store.read() as conn:
            return self.read(conn, crew_table.c.id == crew_id)[0]

    def _require_own(self, principal: Principal, crew_id: str) -> None:
        principal.require(Permission.CREWS_REPORT)
        if principal.role is not Role.CREW or principal.crew_id != crew_id:
            raise ForbiddenError("只能为本人所在力量操作", "only for your own crew", code="crew.not_yours")
        with self._store.read() as conn:
            if not self.read(conn, crew_table.c.id == crew_id):
                raise _no_crew()


_NOWHERE: Final[Mapping[str, Any]] = {"lon": None, "lat": None, "at_ms": None}


def _crew_scope(principal: Principal) -> ColumnElement[bool]:
    return scope_clause(
        principal,
        unit_column=crew_table.c.unit_id,
        area_column=crew_table.c.area_code,
        crew_column=crew_table.c.id,
    )


def _no_crew() -> NotFoundError:
    return NotFoundError("没有这支力量，或您无权查看", "no such crew, or not yours to see", code="crew.not_found")


# --- effects of a case's steps -----------------------------------------------------------------------------


def crew_effects() -> Mapping[str, EffectHandler]:
    """What steps of a case do to crews; to be given to ``Cases``. They run inside the step's transaction."""
    return {"assign_crew": _assign, "crew_on_scene": _arrive, "release_crew": _release}


def _assign(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Take the crew: only a free one on shift can be taken, so that one crew is never given two cases at once."""
    field = transition.field_of("crew")
    assert field is not None  # the check at load holds this
    crew = _crew_row(act.conn, act.form[field.name])
    if field.capability is not None and field.capability not in crew["capabilities"]:
        raise InvalidError(
            f"{crew['name']}不具备所需能力（{field.capability}）",
            f"{crew['name']} lacks the capability {field.capability!r}",
            code="crew.unable",
        )
    state = crew_state_table.c
    free = and_(state.crew_id == crew["id"], state.state == "free", state.shift_to_ms > act.at_ms)
    taken = update(crew_state_table).where(free).values(state="assigned", case_id=act.case_id)
    if act.conn.execute(taken).rowcount == 0:
        raise ConflictError(
            f"{crew['name']}已有任务或不在岗",
            f"{crew['name']} is taken or not on shift",
            code="crew.taken",
            kept=Text("案件没有变化", "the case was not changed"),
            todo=Text("刷新推荐，另选力量", "refresh the recommendation and choose another"),
        )
    act.set_case(crew_id=crew["id"], crew_name=crew["name"])
    emit(act.conn, "crew.changed", crew["id"], {"crew_id": crew["id"]})


def _arrive(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    _move(act, ("assigned",), {"state": "on_scene"})


def _release(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    _move(act, _BUSY, {"state": "free", "case_id": None})
    if act.workflow.states[transition.to].stage in {"collect", "file"}:
        act.set_case(crew_id=None, crew_name=None)  # back before dispatch: the case is nobody's


def _move(act: Act, states: Collection[str], values: Mapping[str, Any]) -> None:
    crew_id = act.case()["crew_id"]
    if crew_id is None:
        return
    state = crew_state_table.c
    here = and_(state.crew_id == crew_id, state.case_id == act.case_id, state.state.in_(states))
    if act.conn.execute(update(crew_state_table).where(here).values(**values)).rowcount:
        emit(act.conn, "crew.changed", crew_id, {"crew_id": crew_id})


def _crew_row(conn: Connection, crew_id: str) -> RowMapping:
    query = select(crew_table).where(crew_table.c.id == crew_id, crew_table.c.active.is_(True))
    row = conn.execute(query).mappings().one_or_none()
    if row is None:
        raise _no_crew()
    return row

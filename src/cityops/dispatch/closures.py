"""Closures (封路): stretches of road on which nobody is routed while they are in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, insert, or_, select, update

from cityops.access import Permission, Principal, record_audit
from cityops.dispatch.tables import closure_table
from cityops.dispatch.views import ClosureView
from cityops.dispatch.windows import DailyWindow
from cityops.kit import Clock, IdMaker, InvalidError, NotFoundError, Text, from_ms
from cityops.places import RoadNetwork
from cityops.store import Store, emit

MAX_REASON: Final = 200
MAX_STRETCH_M: Final = 20_000
UNNAMED: Final = "无名道路"
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of road: edges of the network in both directions, its line in WGS-84 degrees, length and name."""

    edges: tuple[int, ...]
    line: tuple[Point, ...]
    length_m: float
    road_name: str


class _New(NamedTuple):
    edges: Sequence[int]
    line: Sequence[Point]
    reason: str
    from_ms: int
    to_ms: int | None
    nightly: DailyWindow | None = None
    half: bool = False
    case_id: str | None = None


class Closures:
    """Creates, ends and lists closures of a network's edges."""

    def __init__(self, store: Store, clock: Clock, ids: IdMaker, network: RoadNetwork) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._network = network

    def create(
        self,
        principal: Principal,
        lon: float,
        lat: float,
        reason: str,
        *,
        from_ms: int | None = None,
        to_ms: int | None = None,
    ) -> ClosureView:
        """Close the road nearest to a point, in both directions, from now unless said otherwise.

        Raises:
            InvalidError: no road within 60 m, no reason, or an end that is not after the beginning.
        """
        principal.require(Permission.CLOSURES_MANAGE)
        begins_ms = self._clock.now_ms() if from_ms is None else from_ms
        edges = self._edges_at(lon, lat)
        network, first = self._network, edges[0]
        ends = [int(network.edge_from[first]), int(network.edge_to[first])]
        new = _New(edges, self._line(ends), reason, begins_ms, to_ms)
        closure_id = self._store.write(lambda conn: self._insert(conn, principal, new))
        return self.get(principal, closure_id)

    def stretch(self, start: Point, end: Point) -> Stretch:
        """The road from one point to another, in both directions.

        Raises:
            InvalidError: no road within 60 m of a point, no way between them, or longer than ``MAX_STRETCH_M``.
        """
        network = self._network
        for lon, lat in (start, end):
            self._edges_at(lon, lat)
        route = network.route(network.nearest_node(*start), network.nearest_node(*end))
        if route is None or not 0 < route.length_m <= MAX_STRETCH_M:
            raise _invalid(
                f"两点之间没有不超过{MAX_STRETCH_M // 1000}公里的道路",
                f"there is no road of at most {MAX_STRETCH_M // 1000} km between the two points",
            )
        edges = [edge for one in route.edges.tolist() for edge in self._both_ways(one)]
        return Stretch(tuple(edges), self._line(route.nodes.tolist()), route.length_m, self._name(edges[0]))

    def create_in(
        self,
        conn: Connection,
        principal: Principal,
        stretch: Stretch,
        reason: str,
        *,
        from_ms: int,
        to_ms: int,
        nightly: DailyWindow | None = None,
        half: bool = False,
        case_id: str | None = None,
    ) -> str:
        """Close a stretch for a planned work, in the caller's transaction; returns the closure's id.

        The caller's workflow has decided it, ``principal`` is who took that step.
        """
        new = _New(stretch.edges, stretch.line, reason, from_ms, to_ms, nightly, half, case_id)
        return self._insert(conn, principal, new)

    def end_of_case_in(self, conn: Connection, principal: Principal, case_id: str) -> int:
        """Open what a planned work has closed, in the caller's transaction; returns how many closures ended."""
        here = (closure_table.c.case_id == case_id) & _not_over(self._clock.now_ms())
        ids = conn.execute(select(closure_table.c.id).where(here)).scalars().all()
        return sum(self._end_in(conn, principal, closure_id) for closure_id in ids)

    def _insert(self, conn: Connection, principal: Principal, new: _New) -> str:
        words = new.reason.strip()
        if not 0 < len(words) <= MAX_REASON:
            raise _invalid(f"请写明原因（不超过{MAX_REASON}字）", f"give a reason of at most {MAX_REASON} characters")
        if new.to_ms is not None and new.to_ms <= max(new.from_ms, self._clock.now_ms()):
            raise _invalid("结束时间应晚于开始和现在", "the end must be after the beginning and after now")
        closure_id = self._ids.next()
        nightly = new.nightly
        conn.execute(
            insert(closure_table).values(
                id=closure_id,
                road_name=self._name(new.edges[0]),
                reason=words,
                edges=[*new.edges],
                line=[[lon, lat] for lon, lat in new.line],
                from_ms=new.from_ms,
                to_ms=new.to_ms,
                night_begins=nightly and nightly.begins.isoformat("minutes"),
                night_ends=nightly and nightly.ends.isoformat("minutes"),
                half=new.half,
                case_id=new.case_id,
                created_by=principal.account_id,
                created_ms=self._clock.now_ms(),
            )
        )
        self._tell(conn, principal, closure_id, "closure.create")
        return closure_id

    def end(self, principal: Principal, closure_id: str) -> ClosureView:
        """Open the road again, now. Ending one that is over changes nothing."""
        principal.require(Permission.CLOSURES_MANAGE)
        self._store.write(lambda conn: self._end_in(conn, principal, closure_id))
        return self.get(principal, closure_id)

    def _end_in(self, conn: Connection, principal: Principal, closure_id: str) -> int:
        now_ms = self._clock.now_ms()
        here = and_(closure_table.c.id == closure_id, _not_over(now_ms))
        ended = conn.execute(update(closure_table).where(here).values(to_ms=now_ms)).rowcount
        if ended:
            self._tell(conn, principal, closure_id, "closure.end")
        return ended

    def get(self, principal: Principal, closure_id: str) -> ClosureView:
        """One closure; ``NotFoundError`` when there is none."""
        principal.require(Permission.MAP_READ)
        with self._store.read() as conn:
            query = select(closure_table).where(closure_table.c.id == closure_id)
            row = conn.execute(query).mappings().one_or_none()
        if row is None:
            raise NotFoundError("没有这条封路", "no such closure", code="closure.not_found")
        return _view(row, self._clock.now_ms())

    def list(self, principal: Principal) -> Sequence[ClosureView]:
        """Closures in force or planned, in the order of their beginning."""
        principal.require(Permission.MAP_READ)
        now_ms = self._clock.now_ms()
        query = select(closure_table).where(_not_over(now_ms)).order_by(closure_table.c.from_ms)
        with self._store.read() as conn:
            return [_view(row, now_ms) for row in conn.execute(query).mappings()]

    def edges_in_force(self, at_ms: int) -> frozenset[int]:
        """The edges closed to all at a moment; those of a network since replaced by a smaller one are left out."""
        whole = (closure_table.c.from_ms <= at_ms) & _not_over(at_ms) & closure_table.c.half.is_(False)
        with self._store.read() as conn:
            rows = conn.execute(select(closure_table).where(whole)).mappings().all()
        closed = {edge for row in rows if _in_force(row, at_ms) for edge in row["edges"]}
        return frozenset(edge for edge in closed if edge < self._network.edge_count)

    def _edges_at(self, lon: float, lat: float) -> Sequence[int]:
        if not (np.isfinite(lon) and np.isfinite(lat)):
            raise _invalid("经纬度不正确", "not a position")
        edge = int(self._network.match(lon, lat)[0][0])
        if edge < 0:
            raise _invalid("60米内没有道路，请在道路上选点", "no road within 60 m: choose a point on a road")
        return self._both_ways(edge)

    def _both_ways(self, edge: int) -> Sequence[int]:
        twin = int(self._network.edge_twin[edge])
        return [edge] if twin < 0 else [edge, twin]

    def _line(self, nodes: Sequence[int]) -> tuple[Point, ...]:
        network = self._network
        return tuple((float(network.node_lon[node]), float(network.node_lat[node])) for node in nodes)

    def _name(self, edge: int) -> str:
        return self._network.names[self._network.edge_name[edge]] or UNNAMED

    def _tell(self, conn: Connection, principal: Principal, closure_id: str, action: str) -> None:
        emit(conn, "closure.changed", closure_id, {"closure_id": closure_id, "action": action})
        now_ms = self._clock.now_ms()
        record_audit(conn, at_ms=now_ms, actor=principal, action=action, object_type="closure", object_id=closure_id)


def _not_over(at_ms: int) -> ColumnElement[bool]:
    return or_(closure_table.c.to_ms.is_(None), closure_table.c.to_ms > at_ms)


def _in_force(row: RowMapping, at_ms: int) -> bool:
    """Whether a closure that has begun and is not over holds in this hour of the day."""
    if row["from_ms"] > at_ms:
        return False
    return row["night_begins"] is None or DailyWindow.parse(row["night_begins"], row["night_ends"]).holds(at_ms)


def _view(row: RowMapping, now_ms: int) -> ClosureView:
    return ClosureView(
        closure_id=row["id"],
        road_name=row["road_name"],
        reason=row["reason"],
        line=[(lon, lat) for lon, lat in row["line"]],
        from_at=from_ms(row["from_ms"]),
        to_at=None if row["to_ms"] is None else from_ms(row["to_ms"]),
        night_begins=row["night_begins"],
        night_ends=row["night_ends"],
        half=row["half"],
        case_id=row["case_id"],
        in_force=_in_force(row, now_ms) and (row["to_ms"] is None or row["to_ms"] > now_ms),
    )


def _invalid(zh: str, en: str) -> InvalidError:
    kept = Text("没有新增封路", "no closure was made")
    return InvalidError(zh, en, code="closure.invalid", kept=kept)

"""Closures (封路): stretches of road on which nobody is routed while they are in force."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from sqlalchemy import ColumnElement, Connection, RowMapping, and_, insert, or_, select, update

from cityops.access import Permission, Principal, record_audit
from cityops.dispatch.tables import closure_table
from cityops.dispatch.views import ClosureView
from cityops.kit import Clock, IdMaker, InvalidError, NotFoundError, Text, from_ms
from cityops.places import RoadNetwork
from cityops.store import Store, emit

MAX_REASON: Final = 200
UNNAMED: Final = "无名道路"


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
        words = reason.strip()
        if not 0 < len(words) <= MAX_REASON:
            raise _invalid(f"请写明原因（不超过{MAX_REASON}字）", f"give a reason of at most {MAX_REASON} characters")
        if to_ms is not None and to_ms <= max(begins_ms, self._clock.now_ms()):
            raise _invalid("结束时间应晚于开始和现在", "the end must be after the beginning and after now")
        edges = self._edges_at(lon, lat)
        network, first = self._network, edges[0]
        ends = [int(network.edge_from[first]), int(network.edge_to[first])]
        closure_id = self._ids.next()
        values = {
            "id": closure_id,
            "road_name": network.names[network.edge_name[first]] or UNNAMED,
            "reason": words,
            "edges": [*edges],
            "line": [[float(network.node_lon[node]), float(network.node_lat[node])] for node in ends],
            "from_ms": begins_ms,
            "to_ms": to_ms,
            "created_by": principal.account_id,
            "created_ms": self._clock.now_ms(),
        }

        def work(conn: Connection) -> None:
            conn.execute(insert(closure_table).values(**values))
            self._tell(conn, principal, closure_id, "closure.create")

        self._store.write(work)
        return self.get(principal, closure_id)

    def end(self, principal: Principal, closure_id: str) -> ClosureView:
        """Open the road again, now. Ending one that is over changes nothing."""
        principal.require(Permission.CLOSURES_MANAGE)
        now_ms = self._clock.now_ms()

        def work(conn: Connection) -> None:
            here = and_(closure_table.c.id == closure_id, _not_over(now_ms))
            if conn.execute(update(closure_table).where(here).values(to_ms=now_ms)).rowcount:
                self._tell(conn, principal, closure_id, "closure.end")

        self._store.write(work)
        return self.get(principal, closure_id)

    def get(self, principal: Principal, closure_id: str) -> ClosureView:
        """One closure; ``NotFoundError`` when there is none."""
        principal.require(Permission.MAP_READ)
        with self._store.read() as conn:
            query = select(closure_table).where(closure_table.c.id == closure_id)
            row = conn.execute(query).mappings().one_or_none()
        if row is None:
            raise NotFoundError("没有这条封路", "no such closure", code="closure.not_found")
        return _view(row)

    def list(self, principal: Principal) -> Sequence[ClosureView]:
        """Closures in force or planned, in the order of their beginning."""
        principal.require(Permission.MAP_READ)
        query = select(closure_table).where(_not_over(self._clock.now_ms())).order_by(closure_table.c.from_ms)
        with self._store.read() as conn:
            return [_view(row) for row in conn.execute(query).mappings()]

    def edges_in_force(self, at_ms: int) -> frozenset[int]:
        """The edges closed at a moment. Edges of a network since replaced by a smaller one are left out."""
        query = select(closure_table.c.edges).where(closure_table.c.from_ms <= at_ms, _not_over(at_ms))
        with self._store.read() as conn:
            closed = {edge for edges in conn.execute(query).scalars() for edge in edges}
        return frozenset(edge for edge in closed if edge < self._network.edge_count)

    def _edges_at(self, lon: float, lat: float) -> Sequence[int]:
        if not (np.isfinite(lon) and np.isfinite(lat)):
            raise _invalid("经纬度不正确", "not a position")
        edge = int(self._network.match(lon, lat)[0][0])
        if edge < 0:
            raise _invalid("60米内没有道路，请在道路上选点", "no road within 60 m: choose a point on a road")
        twin = int(self._network.edge_twin[edge])
        return [edge] if twin < 0 else [edge, twin]

    def _tell(self, conn: Connection, principal: Principal, closure_id: str, action: str) -> None:
        emit(conn, "closure.changed", closure_id, {"closure_id": closure_id, "action": action})
        now_ms = self._clock.now_ms()
        record_audit(conn, at_ms=now_ms, actor=principal, action=action, object_type="closure", object_id=closure_id)


def _not_over(at_ms: int) -> ColumnElement[bool]:
    return or_(closure_table.c.to_ms.is_(None), closure_table.c.to_ms > at_ms)


def _view(row: RowMapping) -> ClosureView:
    return ClosureView(
        closure_id=row["id"],
        road_name=row["road_name"],
        reason=row["reason"],
        line=[(lon, lat) for lon, lat in row["line"]],
        from_at=from_ms(row["from_ms"]),
        to_at=None if row["to_ms"] is None else from_ms(row["to_ms"]),
    )


def _invalid(zh: str, en: str) -> InvalidError:
    kept = Text("没有新增封路", "no closure was made")
    return InvalidError(zh, en, code="closure.invalid", kept=kept)

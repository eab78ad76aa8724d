"""Tables of drills: one row a drill, one every time that somebody pressed a step. Times are milliseconds UTC."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from cityops.store import metadata

drill_table: Final = Table(
    "drill",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("client_id", String(64), nullable=False),
    Column("scene", String(40), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("spec", JSON, nullable=False),
    Column("object_id", String(26), ForeignKey("register_object.id"), nullable=False),
    Column("object_title", String(128), nullable=False),
    Column("unit_id", String(26)),
    Column("supervisor_id", String(26)),
    Column("area_code", String(16)),
    Column("scenario", String(2000), nullable=False),
    Column("planned_ms", BigInteger, nullable=False),
    Column("people_expected", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("started_ms", BigInteger),
    Column("finished_ms", BigInteger),
    Column("findings", String(2000), nullable=False),
    Column("planned_by", String(26), nullable=False),
    Column("planned_by_name", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("planned_by", "client_id"),
    Index("ix_drill_state", "state", "planned_ms"),
    Index("ix_drill_object", "object_id", "kind", "finished_ms"),
)
"""``state``: ``planned``, ``running``, ``finished``, ``aborted``. ``spec``: the kind of drill as it was declared when
the drill was planned, so that its targets stay what they were."""

drill_press_table: Final = Table(
    "drill_press",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("drill_id", String(26), ForeignKey("drill.id"), nullable=False),
    Column("client_id", String(64), nullable=False),
    Column("step", String(40), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("actor_id", String(26), nullable=False),
    Column("actor_name", String(64), nullable=False),
    Column("people", Integer),
    Column("words", String(2000), nullable=False),
    Column("withdrawn_ms", BigInteger),
    Column("withdrawn_by", String(64)),
    Column("withdrawn_reason", String(500)),
    UniqueConstraint("drill_id", "client_id"),
)
"""``at_ms``: when it was pressed, ``received_ms``: when the server had it; without a network these differ."""

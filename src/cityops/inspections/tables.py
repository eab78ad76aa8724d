"""Tables of inspections: one row an inspection, one an item that was asked, one a hazard."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Float, ForeignKey, Index, Integer, String, Table, UniqueConstraint

from cityops.store import metadata

inspection_table: Final = Table(
    "inspection",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("scene", String(40), nullable=False),
    Column("plan", String(40), nullable=False),
    Column("register", String(64), nullable=False),
    Column("object_id", String(26), ForeignKey("register_object.id"), nullable=False),
    Column("checklist", String(40)),
    Column("checklist_version", Integer),
    Column("client_id", String(64), nullable=False),
    Column("inspector_id", String(26), nullable=False),
    Column("inspector_name", String(64), nullable=False),
    Column("unit_id", String(26)),
    Column("started_ms", BigInteger, nullable=False),
    Column("finished_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("lon", Float),
    Column("lat", Float),
    Column("result", String(10), nullable=False),
    Column("score", Float),
    Column("asked", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("comment", String(2000), nullable=False),
    Column("figures", JSON, nullable=False),
    UniqueConstraint("inspector_id", "client_id"),
    Index("ix_inspection_object", "object_id", "plan", "finished_ms"),
    Index("ix_inspection_plan", "plan", "finished_ms"),
)
"""``result``: ``passed``, ``failed``; ``left_out``: items that were not inspected (未检), each with a reason.
``figures``: what was counted on the way (``{"tonnes": 12.5}``)."""

inspection_item_table: Final = Table(
    "inspection_item",
    metadata,
    Column("inspection_id", String(26), ForeignKey("inspection.id"), primary_key=True),
    Column("no", String(20), primary_key=True),
    Column("result", String(15), nullable=False),
    Column("words", String(1000), nullable=False),
    Column("grade", String(10)),
)
"""``result``: ``passed``, ``failed``, ``not_applicable``, ``left_out``."""

hazard_table: Final = Table(
    "hazard",
    metadata,
    Column("case_id", String(26), ForeignKey("case_file.id"), primary_key=True),
    Column("object_id", String(26), ForeignKey("register_object.id"), nullable=False, index=True),
    Column("inspection_id", String(26), ForeignKey("inspection.id"), index=True),
    Column("item_no", String(50)),
    Column("grade", String(10), nullable=False),
    Column("found_ms", BigInteger, nullable=False),
)
"""A hazard (隐患) is a case; this row says which object, inspection and item it is of."""

attachment_table: Final = Table(
    "attachment",
    metadata,
    Column("evidence_id", String(26), ForeignKey("case_evidence.id"), primary_key=True),
    Column("object_id", String(26), ForeignKey("register_object.id"), nullable=False, index=True),
    Column("inspection_id", String(26), ForeignKey("inspection.id"), index=True),
    Column("item_no", String(50)),
    Column("added_ms", BigInteger, nullable=False),
    Column("actor_id", String(26), nullable=False),
)
"""Photos and documents of an object, or of one of its inspections (and the item they show)."""

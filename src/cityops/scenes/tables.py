"""Tables of the scene framework: which scenes a city has switched off, and the last workflows of every scene."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, String, Table

from cityops.store import metadata

scene_switch_table: Final = Table(
    "scene_switch",
    metadata,
    Column("scene", String(40), primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor_id", String(26), nullable=False),
    Column("actor_name", String(64), nullable=False),
)
"""A scene without a row is on. Counted at the next start."""

scene_workflow_table: Final = Table(
    "scene_workflow",
    metadata,
    Column("scene", String(40), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("data", JSON, nullable=False),
    Column("kept_ms", BigInteger, nullable=False),
)
"""A workflow as it was last declared: cases of a scene that is off or gone can still be read by it."""

"""Table of trials: what was tried, by whom, how far it is, what came of it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table

from cityops.store import metadata

rule_trial_table: Final = Table(
    "rule_trial",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("subject", String(64), nullable=False),
    Column("base_version", Integer, nullable=False),
    Column("rows", JSON, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("state", String(10), nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("result", JSON(none_as_null=True)),
    Column("fault_zh", String(500)),
    Column("fault_en", String(500)),
    Column("actor_id", String(26), nullable=False),
    Column("actor_name", String(200), nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Column("finished_ms", BigInteger),
    Index("ix_rule_trial_subject", "subject", "asked_ms"),
    Index("ix_rule_trial_state", "state", "asked_ms"),
)
"""``subject``: the rule table that the rows would be published in.
``state``: waiting, running, done, cancelled, failed. ``done`` of ``total``: pieces of work."""

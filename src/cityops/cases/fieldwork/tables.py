"""The table of answers from the field: what makes the same answer the same."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, String, Table

from cityops.store import metadata

field_answer_table = Table(
    "case_field_answer",
    metadata,
    Column("account_id", String(26), primary_key=True),
    Column("client_id", String(64), primary_key=True),
    Column("task_id", String(26), ForeignKey("case_task.id"), nullable=False),
    Column("answered_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)

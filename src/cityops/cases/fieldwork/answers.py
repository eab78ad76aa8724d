"""Answers from the field (外业答复): a step on a task that a phone may send late and more than once.

The person in the street says what is there. That stays true when the case's version has grown since the phone last saw
it, so no version is asked for; whether the step is still possible is decided by the workflow when it comes in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, insert, select
from sqlalchemy.exc import IntegrityError

from cityops.access import Principal
from cityops.cases.engine import Cases
from cityops.cases.evidence import EvidenceBook
from cityops.cases.fieldwork.tables import field_answer_table
from cityops.cases.inputs import Step
from cityops.cases.tables import case_table, task_table
from cityops.kit import Clock, InvalidError, NotFoundError, Text
from cityops.store import Store

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_a = field_answer_table.c


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """A step on a task, as the phone has it.

    Args:
        client_id: made by the phone, 8 to 64 letters, digits, ``-`` or ``_``; the same one again is the same answer.
        action: the step.
        answered_ms: when the person pressed the button, by the phone's clock; milliseconds UTC.
        form: the step's form.
        comment: words with it; the reason where the step asks for one.
        evidence_ids: own items that become the case's.
    """

    client_id: str
    action: str
    answered_ms: int
    form: dict[str, Any] = field(default_factory=dict)
    comment: str | None = None
    evidence_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer was taken; ``again``: it was taken before, and nothing was changed now."""

    task_id: str
    case_number: str
    again: bool


class FieldAnswers:
    """Takes answers, each once."""

    def __init__(self, store: Store, clock: Clock, cases: Cases, evidence: EvidenceBook) -> None:
        self._store = store
        self._clock = clock
        self._cases = cases
        self._evidence = evidence

    def answer(self, principal: Principal, task_id: str, new: NewAnswer) -> Answered:
        """Take the step and give its evidence to the case, in one transaction.

        Raises:
            NotFoundError: the task is not this person's, or no longer; or no such item of evidence.
            InvalidError: a wrong field, or no such step. ConflictError: the step is not possible any more.
        """
        if not _CLIENT_ID.fullmatch(new.client_id):
            raise _wrong("client_id 需为 8 至 64 位字母、数字、- 或 _", "client_id has 8 to 64 letters, digits, - or _")
        return self._store.write(lambda conn: self._answer_in(conn, principal, task_id, new))

    def _answer_in(self, conn: Connection, principal: Principal, task_id: str, new: NewAnswer) -> Answered:
        case = self._case_of(conn, task_id)
        if not self._note(conn, principal, task_id, new):
            return Answered(task_id, case["number"], again=True)
        self._evidence.attach(conn, principal, new.evidence_ids, case["id"])
        step = Step(version=case["version"], task_id=task_id, form=new.form, comment=new.comment)
        self._cases.act_in(conn, principal, case["id"], new.action, step)
        return Answered(task_id, case["number"], again=False)

    def _note(self, conn: Connection, principal: Principal, task_id: str, new: NewAnswer) -> bool:
        """Write the answer down; False when it was there. A second one has waited for it until here."""
        values = {"account_id": principal.account_id, "client_id": new.client_id, "task_id": task_id}
        times = {"answered_ms": new.answered_ms, "received_ms": self._clock.now_ms()}
        try:
            with conn.begin_nested():
                conn.execute(insert(field_answer_table).values(**values, **times))
        except IntegrityError:
            same = and_(_a.account_id == principal.account_id, _a.client_id == new.client_id)
            known = conn.execute(select(_a.task_id).where(same)).scalar()
            if known is None:
                raise
            if known != task_id:
                raise _wrong("这个编号已用于另一项任务", "this client_id was used for another task") from None
            return False
        return True

    def _case_of(self, conn: Connection, task_id: str) -> RowMapping:
        """The task's case, held: nobody changes it between here and the step."""
        of_task = select(task_table.c.case_id).where(task_table.c.id == task_id).scalar_subquery()
        query = select(case_table.c.id, case_table.c.number, case_table.c.version).where(case_table.c.id == of_task)
        row = conn.execute(query.with_for_update()).mappings().one_or_none()
        if row is None:
            raise NotFoundError("没有这项任务，或不属于您", "no such task, or not yours", code="case.no_task")
        return row


def _wrong(zh: str, en: str) -> InvalidError:
    return InvalidError(zh, en, code="answer.client_id", kept=Text("案件没有变化", "the case was not changed"))

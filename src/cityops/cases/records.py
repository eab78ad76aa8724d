"""Writing rows of a case inside a transaction: number, timeline, tasks, notices. The engine decides, this writes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, String, Update, bindparam, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from cityops.access import Principal, record_audit
from cityops.cases.deadlines import Row, set_deadline
from cityops.cases.directory import find_unit_above
from cityops.cases.standards import chosen_standard
from cityops.cases.tables import (
    case_table,
    counter_table,
    deadline_table,
    notice_table,
    step_table,
    task_table,
)
from cityops.cases.workflow import Workflow
from cityops.kit import IdMaker, Text, WorkingCalendar, from_ms
from cityops.store import emit

# Statements of every step are made once: making one costs as much as running it.
_CASE: Final = select(case_table).where(case_table.c.id == bindparam("of_case"))
_CHANGE_CASE: Final = update(case_table).where(case_table.c.id == bindparam("of_case")).returning(case_table)
_STEP_CASE: Final = _CHANGE_CASE.where(case_table.c.version == bindparam("at_version"))
_TASKS: Final = (
    select(task_table).where(task_table.c.case_id.in_(bindparam("of_cases", expanding=True))).order_by(task_table.c.id)
)
_CHANGE_TASK: Final = update(task_table).where(task_table.c.id == bindparam("of_task"))
_MARK_GUESTS: Final = (
    update(task_table)
    .where(task_table.c.case_id == bindparam("of_case"), task_table.c.unit_id.is_not(None))
    .values(guest=task_table.c.unit_id.is_distinct_from(bindparam("held_by", type_=String)))
)
_LAST_LINE: Final = select(func.coalesce(func.max(step_table.c.sequence), 0)).where(
    step_table.c.case_id == bindparam("of_case")
)
_ADD_LINE: Final = insert(step_table).values(sequence=_LAST_LINE.scalar_subquery() + 1)


@dataclass
class _Known:
    """What an act knows of its case: the row and all tasks, as they are now in its transaction."""

    case: RowMapping | None = None
    tasks: list[Row] | None = None


@dataclass(frozen=True)
class Act:
    """One change of one case: who does it, when, on which connection.

    It reads the case and its tasks once and then knows what they are, so all that changes them goes through it.
    ``task_id``: the task the step is taken through, if any.
    """

    conn: Connection
    ids: IdMaker
    calendar: WorkingCalendar
    principal: Principal
    workflow: Workflow
    case_id: str
    at_ms: int
    form: Mapping[str, Any] = field(default_factory=dict)
    words: Mapping[str, Text] = field(default_factory=dict)
    task_id: str | None = None
    _known: _Known = field(default_factory=_Known, init=False)

    def case(self) -> RowMapping:
        """The case's row as it is now in this transaction."""
        if self._known.case is None:
            self._known.case = self.conn.execute(_CASE, {"of_case": self.case_id}).mappings().one()
        return self._known.case

    def set_case(self, **values: Any) -> None:
        """Change columns of the case."""
        self._change_case(_CHANGE_CASE, values)

    def step_case(self, version: int, **values: Any) -> bool:
        """Change columns of the case and raise its version, if it still is at ``version``; whether it was."""
        return self._change_case(_STEP_CASE, {**values, "version": version + 1, "at_version": version})

    def _change_case(self, change: Update, values: Mapping[str, Any]) -> bool:
        changed = self.conn.execute(change, {"of_case": self.case_id, **values})
        before, self._known.case = self._known.case, changed.mappings().one_or_none()
        if "unit_id" in values and (before is None or before["unit_id"] != values["unit_id"]):
            self._mark_guests(values["unit_id"])
        return self._known.case is not None

    def _mark_guests(self, unit_id: str | None) -> None:
        """The case has come to another unit: tasks of all others are now those of guests (see ``case_scope``)."""
        if any(task["unit_id"] is not None for task in self.tasks()):
            self.conn.execute(_MARK_GUESTS, {"of_case": self.case_id, "held_by": unit_id})
            self._known.tasks = None

    def know_tasks(self, tasks: Sequence[Row]) -> None:
        """Take over what was read of the case's tasks in this transaction, at the version that is then changed."""
        self._known.tasks = list(tasks)

    def tasks(self) -> list[Row]:
        """All tasks of the case as they are now in this transaction, oldest first."""
        if self._known.tasks is None:
            self._known.tasks = list(task_rows(self.conn, [self.case_id]))
        return self._known.tasks

    def open_tasks(self, kind: str | None = None) -> list[Row]:
        """The case's tasks that are not ended, of one kind if given, oldest first."""
        return [task for task in self.tasks() if not task["ended"] and kind in (None, task["kind"])]

    def task(self, task_id: str | None) -> Row:
        """One task of the case."""
        return {task["id"]: task for task in self.tasks()}[task_id]

    def set_task(self, task_id: str, **values: Any) -> None:
        """Change columns of a task of the case."""
        self.conn.execute(_CHANGE_TASK, {"of_task": task_id, **values})
        if self._known.tasks is not None:
            known = self._known.tasks
            self._known.tasks = [{**task, **values} if task["id"] == task_id else task for task in known]

    def add_task(self, **values: Any) -> None:
        """Write a new task of the case."""
        unit_id = values.get("unit_id")
        guest = unit_id is not None and unit_id != self.case()["unit_id"]
        row = {"case_id": self.case_id, "guest": guest, "done_ms": None, **values}
        self.conn.execute(insert(task_table), row)
        if self._known.tasks is not None:
            self._known.tasks.append(row)


def task_rows(conn: Connection, case_ids: Collection[str]) -> Sequence[RowMapping]:
    """All tasks of these cases, oldest first."""
    return conn.execute(_TASKS, {"of_cases": list(case_ids)}).mappings().all()


def next_number(conn: Connection, prefix: str, at_ms: int) -> str:
    """The next case number of the day in Asia/Shanghai, such as ``KV-20261122-0001``."""
    day = from_ms(at_ms).strftime("%Y%m%d")
    return f"{prefix}-{day}-{next_count(conn, prefix, day):04d}"


def next_count(conn: Connection, prefix: str, period: str) -> int:
    """The next of a series; ``period`` is a day (8 digits) or a year (4 digits), in which the count begins at 1."""
    where = (counter_table.c.prefix == prefix) & (counter_table.c.day == period)
    bump = update(counter_table).where(where).values(last=counter_table.c.last + 1)
    if conn.execute(bump).rowcount == 0:
        try:
            with conn.begin_nested():
                conn.execute(insert(counter_table).values(prefix=prefix, day=period, last=1))
        except IntegrityError:  # another connection began the period first
            conn.execute(bump)
    return int(conn.execute(select(counter_table.c.last).where(where)).scalar_one())


def told_before(conn: Connection, case_id: str) -> dict[str, Any]:
    """What all steps of a case so far said, by field; a later step says it anew."""
    query = select(step_table.c.data).where(step_table.c.case_id == case_id).order_by(step_table.c.sequence)
    return {name: value for data in conn.execute(query).scalars() for name, value in data.items()}


def add_step(
    act: Act,
    action: str,
    title: Text,
    *,
    states: tuple[str | None, str | None] = (None, None),
    task_id: str | None = None,
    comment: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Append a row to the case's timeline. The case's row is locked by now, so two writers do not clash."""
    who = act.principal
    line = {
        "id": act.ids.next(),
        "case_id": act.case_id,
        "at_ms": act.at_ms,
        "action": action,
        "title_zh": title.zh,
        "title_en": title.en,
        "from_state": states[0],
        "to_state": states[1],
        "task_id": task_id,
        "actor_id": who.account_id,
        "actor_name": who.display_name,
        "actor_role": None if who.is_system else who.role.value,
        "unit_id": who.unit_id,
        "unit_name": who.unit_name,
        "comment": comment,
        "data": dict(data or {}),
    }
    act.conn.execute(_ADD_LINE, {"of_case": act.case_id, **line})


def open_task(
    act: Act,
    kind: str,
    owner: Mapping[str, Any] | None = None,
    *,
    lead: bool = False,
    since_ms: int | None = None,
) -> str:
    """Open a task of this kind for whoever owes it, with its deadline and its notice; returns its id.

    ``owner``: the columns that name the unit or person, for kinds that are owed by somebody the form names.
    ``since_ms``: when its clock began, if that was before now.
    """
    spec = act.workflow.tasks[kind]
    task_id = act.ids.next()
    owed = {"owner": spec.owner, **_NOBODY, **_of_case(act, spec.owner), **(owner or {})}
    act.add_task(
        id=task_id,
        kind=kind,
        state=spec.initial,
        lead=lead,
        ended=spec.states[spec.initial].end,
        data={},
        created_ms=act.at_ms,
        **owed,
    )
    start_stage(act, task_id, kind, 0, since_ms)
    tell_task(act, "task.created", task_id, owed["unit_id"], owed["crew_id"])
    if spec.notice is not None:
        send_notice(act, kind, task_id, owed, _filled(spec.notice.title.text, act), _filled(spec.notice.body.text, act))
    return task_id


_NOBODY: Final[Mapping[str, Any]] = dict.fromkeys(
    ("unit_id", "unit_name", "crew_id", "crew_name", "person_id", "person_name")
)


def _of_case(act: Act, owner: str) -> dict[str, Any]:
    """The columns that name who owes a task, for owners that the case itself knows."""
    case = act.case()
    if owner == "unit":
        return {"unit_id": case["unit_id"], "unit_name": case["unit_name"]}
    if owner == "above":
        above = find_unit_above(act.conn, case["unit_id"])
        return {"unit_id": above["id"], "unit_name": above["name"]}
    if owner in ("police", "supervisor"):
        return {"unit_id": case["police_unit_id"], "unit_name": case["police_unit_name"]}
    if owner == "crew":
        return {"crew_id": case["crew_id"], "crew_name": case["crew_name"]}
    if owner == "asker":
        return {"unit_id": act.principal.unit_id, "unit_name": act.principal.unit_name}
    return {}


def start_stage(act: Act, task_id: str, kind: str, stage: int, since_ms: int | None = None) -> None:
    """Start the clock of a task's stage, now or at an earlier moment; a task without a limit has none."""
    limit = act.workflow.tasks[kind].limit
    started_ms = act.at_ms if since_ms is None else min(since_ms, act.at_ms)
    if limit == "standard":
        standard = chosen_standard(act.case())
        if standard is None:
            return
        limit = standard.limits[stage]
        started_ms = standard.clock_start_ms(act.at_ms)
        if stage > 0 and limit.runs_from == "filing":
            first = (deadline_table.c.task_id == task_id) & (deadline_table.c.stage == 0)
            started_ms = act.conn.execute(select(deadline_table.c.started_ms).where(first)).scalar_one()
    if limit is None:
        return
    set_deadline(
        act.conn,
        ids=act.ids,
        calendar=act.calendar,
        limit=limit,
        started_ms=started_ms,
        case_id=act.case_id,
        task_id=task_id,
        percents=act.workflow.warning_percents,
        stage=stage,
    )


def tell_task(act: Act, topic: str, task_id: str, unit_id: str | None, crew_id: str | None) -> None:
    """Emit an event about a task, in the same transaction."""
    emit(
        act.conn,
        topic,
        task_id,
        {"task_id": task_id, "case_id": act.case_id, "unit_id": unit_id, "crew_id": crew_id},
    )


def send_notice(act: Act, kind: str, task_id: str | None, owner: Mapping[str, Any], title: Text, body: Text) -> str:
    """Write a notice to one unit, crew or person and the event that carries it; returns its id."""
    notice_id = act.ids.next()
    to = {name: owner.get(name) for name in ("unit_id", "crew_id", "person_id")}
    row = {
        "id": notice_id,
        "case_id": act.case_id,
        "task_id": task_id,
        "kind": kind,
        "owner": owner["owner"],
        "unit_name": owner.get("unit_name"),
        "title_zh": title.zh,
        "title_en": title.en,
        "body_zh": body.zh,
        "body_en": body.en,
        "sent_ms": act.at_ms,
    }
    act.conn.execute(insert(notice_table), row | to)
    emit(act.conn, "notice.sent", notice_id, {"notice_id": notice_id, "case_id": act.case_id, "kind": kind, **to})
    return notice_id


def audit(act: Act, action: str, detail: Mapping[str, Any]) -> None:
    """The change's row in the audit chain, in the same transaction."""
    record_audit(
        act.conn,
        at_ms=act.at_ms,
        actor=act.principal,
        action=f"case.{action}",
        object_type="case",
        object_id=act.case_id,
        detail=dict(detail),
    )


class _Words(dict[str, str]):
    """Words for a notice; one that is not known stays visible as its name instead of failing the case."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def _filled(words: Text, act: Act) -> Text:
    case = act.case()
    named = {
        "number": Text(case["number"], case["number"]),
        "plate": Text(case["plate"] or "—", case["plate"] or "—"),
        "title": Text(case["title_zh"], case["title_en"]),
        **act.words,
    }
    return Text(
        words.zh.format_map(_Words({name: text.zh for name, text in named.items()})),
        words.en.format_map(_Words({name: text.en for name, text in named.items()})),
    )

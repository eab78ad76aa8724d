"""Trying limits (时限试算): the clocks of the cases filed in the last days, computed again with another limit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import RowMapping, Select, func, select

from cityops.cases import LimitSpec, Workflow, case_table, deadline_table, task_table
from cityops.kit import Text, Words, WorkingCalendar, recompute_deadline, to_ms
from cityops.scenes.overlay.leaves import joined
from cityops.scenes.overlay.progress import Progress
from cityops.scenes.overlay.results import ChangedCase, LimitTrial
from cityops.store import Store

BATCH: Final = 1_000
SHOWN_CASES: Final = 20
_DUE: Final = deadline_table.c
_CASE: Final = case_table.c


@dataclass(frozen=True)
class ChangedLimit:
    """A limit that differs: of a case (no task), of a kind of task, or of a stage of a filing standard."""

    scene: str
    kind: str
    about: Text
    before: LimitSpec
    after: LimitSpec
    task: str | None = None
    standard: str | None = None
    stage: int = 0

    def clocks(self) -> Select[Any]:
        """The clocks that ran by this limit, whenever their case was filed."""
        query: Select[Any] = select(deadline_table, _CASE.number).join(case_table, _CASE.id == _DUE.case_id)
        query = query.where(_CASE.scene == self.scene, _CASE.kind == self.kind)
        if self.standard is not None:
            return query.where(_CASE.standard == self.standard, _DUE.task_id.is_not(None), _DUE.stage == self.stage)
        if self.task is None:
            return query.where(_DUE.task_id.is_(None))
        return query.join(task_table, task_table.c.id == _DUE.task_id).where(task_table.c.kind == self.task)


def changed_limits(scene: str, before: Iterable[Workflow], after: Iterable[Workflow]) -> list[ChangedLimit]:
    """The limits of clocks that differ between two forms of a scene's workflows."""
    newer = {workflow.name: workflow for workflow in after}
    return [change for old in before for change in _of_workflow(scene, old, newer[old.name]) if change is not None]


def _of_workflow(scene: str, old: Workflow, new: Workflow) -> Iterator[ChangedLimit | None]:
    title = old.title.text
    yield _change(scene, old, title, old.limit, new.limit)
    for name, task in old.tasks.items():
        about = joined((title, task.title.text))
        if isinstance(task.limit, LimitSpec):
            yield _change(scene, old, about, task.limit, new.tasks[name].limit, task=name)
    standards = {} if isinstance(old.standards, str) else dict(old.standards)
    newer = {} if isinstance(new.standards, str) else dict(new.standards)
    if old.other_standard is not None and new.other_standard is not None:
        standards["other"], newer["other"] = old.other_standard, new.other_standard
    for name, standard in standards.items():
        about = joined((title, standard.title.text))
        for stage, limit in enumerate(standard.limits):
            yield _change(scene, old, about, limit, newer[name].limits[stage], standard=name, stage=stage)


def _change(scene: str, workflow: Workflow, about: Text, before: Any, after: Any, **where: Any) -> ChangedLimit | None:
    if before is None or before == after:
        return None
    return ChangedLimit(scene, workflow.name, about, before, after, **where)


@dataclass
class _Count:
    """What was found so far."""

    clocks: int = 0
    running: int = 0
    late: dict[bool, int] = field(default_factory=lambda: {False: 0, True: 0})
    newly: int = 0
    no_longer: int = 0
    cases: list[ChangedCase] = field(default_factory=list)

    def add(self, row: RowMapping, after: LimitSpec, now_ms: int, calendar: WorkingCalendar) -> None:
        """Judge one clock both ways."""
        was, would = (
            _late(row, row["basis"], now_ms, calendar),
            _late(row, _with(row["basis"], after), now_ms, calendar),
        )
        self.clocks += 1
        self.running += row["done_ms"] is None
        self.late[False] += was
        self.late[True] += would
        self.newly += would and not was
        self.no_longer += was and not would
        if was != would and len(self.cases) < SHOWN_CASES:
            self.cases.append(ChangedCase(case_id=row["case_id"], number=row["number"], late=would))


def try_limit(
    store: Store, change: ChangedLimit, since_ms: int, now_ms: int, calendar: WorkingCalendar, progress: Progress
) -> LimitTrial:
    """The clocks of cases filed from ``since_ms`` on, by the limit they had and by the new one."""
    query = change.clocks().where(_CASE.opened_ms >= since_ms)
    with store.read() as conn:
        progress.expect(conn.execute(select(func.count()).select_from(query.subquery())).scalar_one())
    count, last = _Count(), ""
    while True:
        with store.read() as conn:
            rows = conn.execute(query.where(_DUE.id > last).order_by(_DUE.id).limit(BATCH)).mappings().all()
        for row in rows:
            count.add(row, change.after, now_ms, calendar)
        progress.advance(len(rows))
        if len(rows) < BATCH:
            break
        last = rows[-1]["id"]
    return LimitTrial(
        about=words(change.about),
        before=words(change.before.limit.words),
        after=words(change.after.limit.words),
        clocks=count.clocks,
        running=count.running,
        late_before=count.late[False],
        late_after=count.late[True],
        newly_late=count.newly,
        no_longer_late=count.no_longer,
        cases=tuple(count.cases),
    )


def words(text: Text) -> Words:
    """The kit's words as a result keeps them."""
    return Words(zh=text.zh, en=text.en)


def _with(basis: Mapping[str, Any], limit: LimitSpec) -> dict[str, Any]:
    return {**basis, "amount": limit.amount, "unit": limit.unit.value}


def _late(row: RowMapping, basis: Mapping[str, Any], now_ms: int, calendar: WorkingCalendar) -> bool:
    """Whether a clock was past its time when stopped, or is now; never one that stands or whose delay is exempt."""
    if row["exempt_ms"] is not None:
        return False
    result = recompute_deadline(dict(basis), calendar)
    if row["done_ms"] is None:
        return not result.paused and now_ms > to_ms(result.due)
    return bool(row["done_ms"] > to_ms(result.due))

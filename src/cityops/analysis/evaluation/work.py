"""Which steps and tasks of a workflow the evaluation counts (评价口径): data of the scene that brings the workflow."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from cityops.cases import Workflow
from cityops.kit import Data, Name, refusal


class DeskWork(Data):
    """A desk's duty: the ``step`` that fulfils the ``task``; ``undone_by``: later steps that show it was wrong."""

    step: Name
    task: Name
    undone_by: tuple[Name, ...] = ()


class CheckWork(Data):
    """A check (核实、核查): ordered by ``order`` while the task ``within`` runs, then answered by a person."""

    order: Name
    within: Name
    task: Name
    answers: Annotated[tuple[Name, ...], Field(min_length=1)]


class CountedWork(Data):
    """What of a workflow is counted.

    ``handle``: the task of the unit, ``left`` its states in which the unit no longer owes it. ``closed``, ``void`` and
    ``merged`` are states of the case. ``missed_sources``: a problem that came this way was missed (漏报) by whoever
    patrols there.
    """

    case: Name
    file: DeskWork
    dispatch: DeskWork
    precheck: CheckWork
    final_check: CheckWork
    handle: Name
    left: tuple[Name, ...]
    closed: Name
    void: Name
    merged: Name
    missed_sources: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _tasks_differ(self) -> Self:
        tasks = [self.file.task, self.dispatch.task, self.precheck.task, self.final_check.task, self.handle]
        if len(set(tasks)) != len(tasks):
            raise refusal("同一任务计入了两项职责", "one task is counted for two duties")
        return self

    def unknown(self, workflow: Workflow) -> list[str]:
        """The steps, tasks and states named here that the workflow does not have."""
        checks = (self.precheck, self.final_check)
        steps = [self.file.step, self.dispatch.step, *self.dispatch.undone_by, *(check.order for check in checks)]
        tasks = [self.file.task, self.dispatch.task, self.handle]
        tasks += [name for check in checks for name in (check.task, check.within)]
        missing = [step for step in steps if not workflow.knows(step)]
        missing += [task for task in tasks if task not in workflow.tasks]
        missing += [state for state in (self.closed, self.void, self.merged) if state not in workflow.states]
        for check in checks:
            task = workflow.tasks.get(check.task)
            missing += [answer for answer in check.answers if task is not None and not task.knows(answer)]
        handle = workflow.tasks.get(self.handle)
        missing += [state for state in self.left if handle is not None and state not in handle.states]
        return missing

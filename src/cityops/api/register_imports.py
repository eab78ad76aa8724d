"""Imports of registers (台账导入): the sheet is uploaded, read, checked and written by a job that a page watches."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, Literal

from cityops.access import Principal
from cityops.api.metrics import Sample
from cityops.api.register_sheets import RegisterSheet
from cityops.cases.catalogue import Import, RowError
from cityops.kit import BusyError, CityOpsError, IdMaker, NotFoundError, Text
from cityops.registers import Put, Registers, RegisterSpec

Phase = Literal["reading", "checking", "writing", "done", "refused"]
AT_ONCE: Final = 2
WAITING: Final = 8
"""Imports that run or wait; each holds its sheet in memory."""
KEPT: Final = 50
"""Imports that are over and can still be asked for."""


@dataclass(slots=True)
class ImportJob:
    """One import; its thread writes it, others read it. ``errors``: what is wrong, by the sheet's rows."""

    job_id: str
    account_id: str
    register: str
    phase: Phase = "reading"
    done: int = 0
    total: int = 0
    rows: int = 0
    put: Put = field(default_factory=lambda: Put(0, 0, 0))
    errors: list[RowError] = field(default_factory=list)
    problem: CityOpsError | None = None

    def begin(self, phase: Phase, total: int) -> None:
        """The next phase begins."""
        self.phase, self.done, self.total = phase, 0, total

    def step(self, done: int) -> None:
        """So many rows of the phase are done."""
        self.done = done


class ImportJobs:
    """Runs imports, so many at once; remembers the last that are over.

    In memory: an import is one transaction, so that one which a restart broke off left nothing behind or all of it, and
    the same sheet again adds nothing twice. Who asks for it after the restart is told so.
    """

    def __init__(self, ids: IdMaker) -> None:
        self._ids = ids
        self._lock = threading.Lock()
        self._jobs: dict[str, tuple[ImportJob, Future[None]]] = {}
        self._begun = 0
        self._busy = 0
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="import")

    def start(self, person: Principal, register: str, work: Callable[[ImportJob], None]) -> ImportJob:
        """Begin an import; ``BusyError`` when too many run or wait."""
        job = ImportJob(self._ids.next(), person.account_id, register)
        with self._lock:
            if self._under_way() >= WAITING:
                self._busy += 1
                raise _too_many()
            self._begun += 1
            over = [key for key, (_, future) in self._jobs.items() if future.done()]
            for key in over[: max(0, len(self._jobs) + 1 - KEPT)]:
                del self._jobs[key]
            self._jobs[job.job_id] = job, self._pool.submit(_run, job, work)
        return job

    def find(self, person: Principal, job_id: str) -> ImportJob:
        """The job of this person; a defect that ended it is raised, ``NotFoundError`` when it is not known."""
        with self._lock:
            job, future = self._jobs.get(job_id, (None, None))
        if job is None or future is None or job.account_id != person.account_id:
            raise _unknown()
        if future.done():
            future.result()
        return job

    def samples(self) -> list[Sample]:
        """The counters for ``/metrics``."""
        with self._lock:
            counts = {"begun": self._begun, "busy": self._busy}
            under_way = self._under_way()
        words = "Imports of registers, begun and refused because too many were under way"
        begun = [
            Sample("cityops_imports_total", words, "counter", count, (("result", result),))
            for result, count in counts.items()
        ]
        return [*begun, Sample("cityops_imports_under_way", "Imports that run or wait", "gauge", under_way)]

    def _under_way(self) -> int:
        return sum(not future.done() for _, future in self._jobs.values())

    def stop(self) -> None:
        """Let what runs end, begin nothing more."""
        self._pool.shutdown(cancel_futures=True)


def _run(job: ImportJob, work: Callable[[ImportJob], None]) -> None:
    try:
        work(job)
    except CityOpsError as error:
        job.problem = error
        job.phase = "refused"


def import_sheet(
    job: ImportJob,
    registers: Registers,
    person: Principal,
    sheet: RegisterSheet,
    spec: RegisterSpec,
    content: bytes,
    *,
    valid_only: bool,
    reason: str,
) -> None:
    """Read, check and write a sheet, telling ``job`` how far it is; nothing is kept of one that is refused."""
    found, numbers = sheet.read(content)
    job.rows = found.rows
    job.begin("checking", len(found.valid))
    plan = registers.plan(person, spec.name, found.valid, progress=job.step)
    job.errors = sorted([*found.errors, *(sheet.row_error(numbers[one.row], one.fault) for one in plan.faults)])
    Import(found.valid, job.errors, found.rows).accept(valid_only=valid_only)
    job.begin("writing", len(plan.added) + len(plan.changed))
    job.put = registers.carry_out(
        person, plan, reason=reason, valid_only=valid_only, action="register.import", progress=job.step
    )
    job.begin("done", job.total)
    job.done = job.total


def _unknown() -> NotFoundError:
    return NotFoundError(
        f"查不到这次导入：平台已重启，或此后又做了 {KEPT} 次导入",
        f"this import is not known: the platform was restarted, or {KEPT} imports were made since",
        code="import.unknown",
        kept=Text(
            "一次导入要么全部写入，要么一行也不写，不会只写一半",
            "an import is written as a whole or not at all, never a part of it",
        ),
        todo=Text(
            "请用同一表格再导入一次：已写入的行不会重复，结果会显示哪些未变",
            "import the same sheet again: rows that are in are left alone and counted as such",
        ),
    )


def _too_many() -> BusyError:
    return BusyError(
        f"正在进行的导入已达上限 {WAITING}",
        f"the bound of {WAITING} imports under way is reached",
        code="import.busy",
        kept=Text("没有导入任何内容", "nothing was imported"),
        todo=Text("请稍后再导入", "import again in a moment"),
    )

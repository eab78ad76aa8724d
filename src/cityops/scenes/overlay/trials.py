"""Trials (试算): jobs that say what a change would have meant, kept with who asked, the rows and what came of it.

They wait in the store and are done one after the other by one thread. One under way when the product is stopped is
begun again; one that a crash broke off is named as failed, so that no trial can bring the product down twice.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, RowMapping, Update, func, insert, select, update

from cityops.access import Permission, Principal
from cityops.kit import (
    BusyError,
    CityOpsError,
    Clock,
    ConflictError,
    IdMaker,
    NotFoundError,
    Text,
    UnavailableError,
)
from cityops.scenes.overlay.progress import CancelledError, Progress
from cityops.scenes.overlay.results import TrialResult
from cityops.scenes.overlay.tables import rule_trial_table
from cityops.store import Store, hold

MAX_WAITING: Final = 10
"""Trials that may wait; beyond them a new one is refused."""
LIST_LIMIT: Final = 50
_TICK_S: Final = 0.5
_RETRY_S: Final = 2.0
_t: Final = rule_trial_table.c
_log: Final = logging.getLogger(__name__)

TrialState = Literal["waiting", "running", "done", "cancelled", "failed"]
Rows = Sequence[Mapping[str, str]]
Try = Callable[[str, Rows, Progress], TrialResult]
"""``try(subject, rows, progress)``: what these rows in place of those in force would have meant."""


@dataclass(frozen=True)
class Trial:
    """A trial as it stands now."""

    trial_id: str
    subject: str
    base_version: int
    rows: Rows
    state: TrialState
    done: int
    total: int
    result: TrialResult | None
    fault: Text | None
    actor_name: str
    asked_ms: int
    finished_ms: int | None


class Trials:
    """Takes trials in and does them.

    Args:
        store: the store.
        clock: the time.
        ids: makes identifiers.
        tries: does a trial.
    """

    def __init__(self, store: Store, clock: Clock, ids: IdMaker, tries: Try) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._try = tries
        self._stop = threading.Event()

    def ask(self, principal: Principal, subject: str, rows: Rows, base_version: int) -> Trial:
        """Have rows tried; the same rows on the same version that were tried or wait already give that trial.

        Raises:
            ForbiddenError: without ``rules.publish``. BusyError: ``trial.busy``: too many wait; nothing was kept.
        """
        principal.require(Permission.RULES_PUBLISH)

        def work(conn: Connection) -> str:
            hold(conn, "trials")
            known = self._known(conn, subject, rows, base_version, ("waiting", "running", "done"))
            if known is not None:
                return known
            waiting = conn.execute(select(func.count()).where(_t.state.in_(("waiting", "running")))).scalar_one()
            if waiting >= MAX_WAITING:
                raise _busy()
            trial_id = self._ids.next()
            conn.execute(
                insert(rule_trial_table).values(
                    id=trial_id,
                    subject=subject,
                    base_version=base_version,
                    rows=[dict(row) for row in rows],
                    digest=digest(rows),
                    state="waiting",
                    done=0,
                    total=0,
                    actor_id=principal.account_id,
                    actor_name=principal.display_name,
                    asked_ms=self._clock.now_ms(),
                )
            )
            return trial_id

        return self.get(principal, self._store.write(work))

    def get(self, principal: Principal, trial_id: str) -> Trial:
        """A trial; ``NotFoundError`` when there is none."""
        principal.require(Permission.RULES_READ)
        with self._store.read() as conn:
            row = conn.execute(select(rule_trial_table).where(_t.id == trial_id)).mappings().one_or_none()
        if row is None:
            raise NotFoundError("没有这次试算", "there is no such trial", code="trial.unknown")
        return _read(row)

    def list(self, principal: Principal, subject: str) -> list[Trial]:
        """The newest 50 of a rule table."""
        principal.require(Permission.RULES_READ)
        query = select(rule_trial_table).where(_t.subject == subject).order_by(_t.asked_ms.desc(), _t.id.desc())
        with self._store.read() as conn:
            return [_read(row) for row in conn.execute(query.limit(LIST_LIMIT)).mappings()]

    def cancel(self, principal: Principal, trial_id: str) -> Trial:
        """End a trial that waits or runs; ``ConflictError`` when it is over already."""
        principal.require(Permission.RULES_PUBLISH)
        self.get(principal, trial_id)
        open_one = (_t.id == trial_id) & _t.state.in_(("waiting", "running"))
        values = {"state": "cancelled", "finished_ms": self._clock.now_ms()}
        done = self._store.write(lambda conn: conn.execute(update(rule_trial_table).where(open_one).values(**values)))
        if done.rowcount == 0:
            raise ConflictError("试算已经结束", "the trial is over already", code="trial.over")
        return self.get(principal, trial_id)

    def done_for(self, subject: str, rows: Rows, base_version: int) -> str | None:
        """The finished trial of exactly these rows on this version, if there is one."""
        with self._store.read() as conn:
            return self._known(conn, subject, rows, base_version, ("done",))

    def step(self) -> bool:
        """Do the trial that waits longest to its end; False when none waits."""
        row = self._store.write(self._take)
        if row is None:
            return False
        progress = Progress(self._clock, lambda done, total: self._tell(row["id"], done, total))
        try:
            result = self._try(row["subject"], row["rows"], progress)
        except CancelledError:
            if self._stop.is_set():
                self._finish(row["id"], progress, state="waiting")
            return True
        except (BusyError, UnavailableError):
            self._finish(row["id"], progress, state="waiting")
            raise
        except CityOpsError as error:
            self._finish(
                row["id"], progress, state="failed", fault_zh=error.text.zh[:500], fault_en=error.text.en[:500]
            )
            return True
        self._finish(row["id"], progress, state="done", result=result.model_dump(mode="json"))
        return True

    def recover(self) -> None:
        """Name as failed what a crash broke off; before the first ``step`` of a process."""
        self._store.write(lambda conn: conn.execute(_broken_off(self._clock.now_ms())))

    def run(self, stop: threading.Event) -> None:
        """Do trials until ``stop`` is set; one under way then is begun again at the next start."""
        self._stop = stop
        begun = False
        while not stop.is_set():
            try:
                if not begun:
                    self.recover()
                    begun = True
                elif not self.step():
                    stop.wait(_TICK_S)
            except (BusyError, UnavailableError) as error:
                _log.warning("trials wait: %s", error)
                stop.wait(_RETRY_S)

    def _known(self, conn: Connection, subject: str, rows: Rows, base: int, states: tuple[str, ...]) -> str | None:
        same = (_t.subject == subject) & (_t.base_version == base) & (_t.digest == digest(rows))
        query = select(_t.id).where(same, _t.state.in_(states)).order_by(_t.asked_ms.desc()).limit(1)
        found = conn.execute(query).scalar()
        return None if found is None else str(found)

    def _take(self, conn: Connection) -> RowMapping | None:
        waiting = select(rule_trial_table).where(_t.state == "waiting").order_by(_t.asked_ms, _t.id).limit(1)
        row = conn.execute(waiting.with_for_update()).mappings().one_or_none()
        if row is not None:
            values = {"state": "running", "done": 0, "total": 0}
            conn.execute(update(rule_trial_table).where(_t.id == row["id"]).values(**values))
        return row

    def _tell(self, trial_id: str, done: int, total: int) -> bool:
        running = (_t.id == trial_id) & (_t.state == "running")
        told = self._store.write(
            lambda conn: conn.execute(update(rule_trial_table).where(running).values(done=done, total=total))
        )
        return bool(told.rowcount) and not self._stop.is_set()

    def _finish(self, trial_id: str, progress: Progress, *, state: str, **values: Any) -> None:
        values |= {"state": state, "done": progress.done, "total": progress.total}
        if state != "waiting":
            values["finished_ms"] = self._clock.now_ms()
        running = (_t.id == trial_id) & (_t.state == "running")  # a person may have cancelled it at the last moment
        self._store.write(lambda conn: conn.execute(update(rule_trial_table).where(running).values(**values)))


def digest(rows: Rows) -> str:
    """The same for the same rows, in whatever order."""
    lines = sorted(json.dumps(dict(row), sort_keys=True, ensure_ascii=False) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _broken_off(now_ms: int) -> Update:
    words = Text("程序在试算中途停止，请重新试算", "the program stopped in the middle of it; ask again")
    values = {"state": "failed", "finished_ms": now_ms, "fault_zh": words.zh, "fault_en": words.en}
    return update(rule_trial_table).where(_t.state == "running").values(**values)


def _read(row: RowMapping) -> Trial:
    return Trial(
        trial_id=row["id"],
        subject=row["subject"],
        base_version=row["base_version"],
        rows=row["rows"],
        state=row["state"],
        done=row["done"],
        total=row["total"],
        result=None if row["result"] is None else TrialResult.model_validate(row["result"]),
        fault=None if row["fault_zh"] is None else Text(row["fault_zh"], row["fault_en"] or ""),
        actor_name=row["actor_name"],
        asked_ms=row["asked_ms"],
        finished_ms=row["finished_ms"],
    )


def _busy() -> BusyError:
    return BusyError(
        f"已有 {MAX_WAITING} 次试算在等待。",
        f"{MAX_WAITING} trials wait already",
        code="trial.busy",
        kept=Text("没有保存这次试算，修改仍在页面上。", "This trial was not kept; the changes are still on the page."),
        todo=Text("请稍后再试，或取消不需要的试算。", "Try again later, or cancel one that is not needed."),
    )

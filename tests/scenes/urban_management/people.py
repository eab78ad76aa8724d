"""Simulated people who handle reports in simulated time, by seeded decisions, and count what they did themselves.

Each report is a generator: it does something, then says how many seconds it waits. Early is within every limit there is
(minutes), late is beyond every one (weeks), so that what was in time is known without computing a deadline.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Generator
from datetime import timedelta
from itertools import count
from random import Random
from typing import Any

from sqlalchemy import Connection, select

from cityops.access import SYSTEM, Principal
from cityops.cases import Step, case_table, task_table
from cityops.cases.intake import Intake, NewCaseReport

from .town import Town

MINUTE_S, HOUR_S, DAY_S = 60, 3_600, 86_400
LATE_S = 40 * DAY_S
AT_ONCE = 100
Life = Generator[float, None, None]


class People:
    """Everybody in the town, acting on one case after another as time goes on.

    ``counted``: the evaluation's counters as these people would count them; ``closed_by``: closed cases by unit.
    """

    def __init__(self, town: Town, intake: Intake, seed: int) -> None:
        self.town, self.intake, self.random = town, intake, Random(seed)
        self.counted: Counter[str] = Counter()
        self.closed_by: Counter[str] = Counter()
        self.steps = 0
        self._conn: Connection
        self._open: list[str] = []

    def work(self, arrivals: list[tuple[float, NewCaseReport, bool, bool]]) -> None:
        """Let reports come in ``seconds`` after now and live their lives: (seconds, report, ours, will be solved)."""
        began_ms, order = self.town.clock.now_ms(), count()
        waiting = [(at_s, next(order), self._life(one, ours, solved)) for at_s, one, ours, solved in arrivals]
        heapq.heapify(waiting)

        def some(conn: Connection) -> None:
            """What happens next, in one transaction: the engine's own is inside it, as for any caller's."""
            self._conn = conn
            for _ in range(min(AT_ONCE, len(waiting))):
                at_s, _, life = heapq.heappop(waiting)
                self.town.clock.advance(max(0.0, at_s - (self.town.clock.now_ms() - began_ms) / 1000))
                pause_s = next(life, None)
                if pause_s is not None:
                    heapq.heappush(waiting, (at_s + pause_s, next(order), life))

        while waiting:
            self.town.store.write(some)

    def _chance(self, share: float) -> bool:
        return self.random.random() < share

    def _take(self, who: Principal, case_id: str, action: str, comment: str | None = None, **form: Any) -> None:
        """A step of the case, or through its newest open task when the action is a task's."""
        kind = next((k for k, task in self.town.workflow.tasks.items() if task.knows(action)), None)
        conn = self._conn
        version = conn.execute(select(case_table.c.version).where(case_table.c.id == case_id)).scalar_one()
        mine = (task_table.c.case_id == case_id) & (task_table.c.kind == kind) & task_table.c.ended.is_(False)
        newest = select(task_table.c.id).where(mine).order_by(task_table.c.id.desc()).limit(1)
        task_id = None if kind is None else conn.execute(newest).scalar_one()
        self.town.cases.act_in(conn, who, case_id, action, Step(version, task_id, form, comment))
        self.steps += 1

    def _life(self, report: NewCaseReport, ours: bool, solved: bool) -> Life:
        town = self.town
        filed = self.intake.file_in(self._conn, SYSTEM, report)
        case_id = filed.case_id
        self.counted["reports"] += 1
        yield 10 * MINUTE_S
        if not ours:
            self._reject(case_id, "不属城市管理，已转有关部门")
            return
        if self._open and self._chance(0.03):
            town_target = self.random.choice(self._open)
            self._take(town.acceptor, case_id, "merge", into=town_target)
            self.counted.update(accepted=1, valid_reports=1)
            return
        found, slow = yield from self._precheck(case_id)
        if not found:
            self._reject(case_id, "现场核实不属实")
            return
        in_time = not slow and not self._chance(0.1)  # the acceptor has an hour, whoever was slow
        yield 0 if in_time else 2 * HOUR_S
        self._take(town.acceptor, case_id, "file", standard=self._standard(report))
        self.counted.update(accepted=1, valid_reports=1, filed=1, filed_in_time=int(in_time))
        if self._chance(0.03):
            self._take(town.dispatcher, case_id, "void", "与其他案件重复")
            self.counted["voided"] += 1
            return
        unit = yield from self._dispatch(case_id)
        self._open.append(filed.number)
        yield from self._handle(case_id, unit, solved)
        self._open.remove(filed.number)

    def _standard(self, report: NewCaseReport) -> str:
        return "m06010_1" if report.key.code == "06010" else "other"

    def _reject(self, case_id: str, reason: str) -> None:
        self._take(self.town.acceptor, case_id, "reject", reason, answer=reason)
        self.counted["accepted"] += 1

    def _precheck(self, case_id: str) -> Generator[float, None, tuple[bool, bool]]:
        """Whether it was found, and whether the collector was slow."""
        if not self._chance(0.15):
            return True, False
        self._take(self.town.acceptor, case_id, "request_precheck", collector="collector")
        in_time = not self._chance(0.2)
        self.counted.update(precheck_orders_due=1, precheck_orders_in_time=1)
        self.counted.update(prechecks_due=1, prechecks_in_time=int(in_time))
        yield 20 * MINUTE_S if in_time else 5 * DAY_S
        found = not self._chance(0.3)
        action = "precheck_confirm" if found else "precheck_deny"
        self._take(self.town.collector, case_id, action, None if found else "现场没有")
        return found, not in_time

    def _dispatch(self, case_id: str) -> Generator[float, None, str]:
        """Dispatch until a unit keeps the case; returns the unit's code."""
        people = {"WATER": self.town.water, "LAMPS": self.town.lamps, "ROADS": self.town.roads}
        while True:
            in_time = not self._chance(0.1)
            yield 15 * MINUTE_S if in_time else 3 * HOUR_S
            unit = self.random.choice(sorted(people))
            self._take(self.town.dispatcher, case_id, "dispatch", unit=unit)
            self.counted.update(dispatch_due=1, dispatched=1, dispatched_in_time=int(in_time))
            if self._chance(0.06):
                self._take(people[unit], case_id, "return_case", "不属本单位职责")
            elif self._chance(0.03):
                self._take(self.town.dispatcher, case_id, "recall", "派错单位")
            else:
                return unit
            self.counted["dispatch_reworked"] += 1

    def _handle(self, case_id: str, code: str, solved: bool) -> Life:
        town = self.town
        unit = {"WATER": town.water, "LAMPS": town.lamps, "ROADS": town.roads}[code]
        self.counted["close_due"] += 1
        self._take(unit, case_id, "accept")
        if not solved:
            if self._chance(0.5):
                yield from self._defer(case_id, unit, days=600)
                self.counted["deferred"] += 1
            return
        if self._chance(0.06):
            yield from self._defer(case_id, unit, days=3)
            yield 2 * DAY_S
            self._take(unit, case_id, "resume")
        in_time = not self._chance(0.15)
        yield 30 * MINUTE_S if in_time else LATE_S
        if code == "WATER" and self._chance(0.3):
            self._take(unit, case_id, "give_person", person="wu")
            self._take(town.wu, case_id, "submit_to_lead", result="已处理")
        reworked = yield from self._verify(case_id, unit)
        self._take(town.acceptor, case_id, "close", closing="met")
        self.closed_by[code] += 1
        self.counted.update(closed=1, closed_in_time=int(in_time), reworked=int(reworked))
        if not in_time and self._chance(0.6):
            yield from self._appeal(case_id, unit)

    def _defer(self, case_id: str, unit: Principal, *, days: int) -> Life:
        until = (self.town.clock.now() + timedelta(days=days)).isoformat()
        self._take(unit, case_id, "ask_deferral", until=until, grounds="等配件")
        yield 5 * MINUTE_S
        self._take(self.town.dispatcher, case_id, "grant_deferral", until=until)

    def _verify(self, case_id: str, unit: Principal) -> Generator[float, None, bool]:
        """Feed back, and do it again as long as somebody finds it wanting; whether that happened."""
        town, reworked = self.town, False
        while True:
            self._take(unit, case_id, "feed_back", result="已处理")
            if self._chance(0.08):
                self._take(town.dispatcher, case_id, "rework", "不到位")
                reworked = True
                continue
            self._take(town.dispatcher, case_id, "confirm")
            if not self._chance(0.15):
                return reworked
            self._take(town.acceptor, case_id, "request_final_check", collector="collector2")
            in_time = not self._chance(0.2)
            self.counted.update(final_check_orders_due=1, final_check_orders_in_time=1)
            self.counted.update(final_checks_due=1, final_checks_in_time=int(in_time))
            yield 20 * MINUTE_S if in_time else 5 * DAY_S
            if not self._chance(0.2):
                self._take(town.collector2, case_id, "final_check_pass")
                return reworked
            self._take(town.collector2, case_id, "final_check_fail", "还没有处理好")
            self._take(town.acceptor, case_id, "rework", "核查不通过")
            reworked = True

    def _appeal(self, case_id: str, unit: Principal) -> Life:
        yield DAY_S
        self._take(unit, case_id, "appeal", grounds="连续暴雨")
        if self._chance(0.3):
            self._take(self.town.dispatcher, case_id, "appeal_refuse", "理由不成立")
            return
        self._take(self.town.dispatcher, case_id, "appeal_pass", opinion="属实")
        if self._chance(0.2):
            self._take(self.town.acceptor, case_id, "appeal_deny", "理由不成立")
            return
        self._take(self.town.acceptor, case_id, "appeal_approve")
        self.counted["late_exempted"] += 1

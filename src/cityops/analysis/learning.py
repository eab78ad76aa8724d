"""Learning from what happened (研判): today's alerts and response times, and the yearly rates of the enterprises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

import numpy as np
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    String,
    and_,
    column,
    delete,
    func,
    insert,
    select,
    table,
)

from cityops.access import Permission, Principal, scope_clause
from cityops.analysis.rates import overall_change, summed, year_rates
from cityops.analysis.tables import unit_mileage_table, yearly_rate_table
from cityops.analysis.views import (
    LearnRatesView,
    LearnTodayView,
    Measure,
    RateDetectors,
    ResponseTimesView,
    ShareView,
    UnitRatesView,
    YearFigures,
)
from cityops.cases import case_scope, case_table, deadline_table, step_table
from cityops.kit import SHANGHAI, Clock, InvalidError, Text, to_ms
from cityops.store import Store

HOUR_MS: Final = 3_600_000
NO_UNIT: Final = Text("无所属单位", "no unit")

# The other rooms' tables as far as they are read here.
_alert: Final = table(
    "alert",
    column("id", String),
    column("detector", String),
    column("title_zh", String),
    column("title_en", String),
    column("unit_id", String),
    column("area_code", String),
    column("state", String),
    column("started_ms", BigInteger),
    column("raised_ms", BigInteger),
)
_unit: Final = table("unit", column("id", String), column("name", String), column("area_code", String))

_NOT_HANDLED: Final = ("void", "merged", "rejected")
"""Ends in which nothing was done about the matter under this number."""


class Analysis:
    """Figures from the rows themselves: alerts, cases, timelines; nothing is counted in passing."""

    def __init__(self, store: Store, clock: Clock, measures: Sequence[Measure], detectors: RateDetectors) -> None:
        self._store = store
        self._clock = clock
        self._measures = tuple(measures)
        self._detectors = detectors

    # --- a day ---------------------------------------------------------------------------------------------

    def today(self, principal: Principal, day: date | None = None) -> LearnTodayView:
        """A day in Asia/Shanghai, today unless said otherwise, as far as this person may see it.

        Alerts belong to the day on which they began (event time), withdrawn ones are left out; response times are of
        the cases opened on the day.
        """
        principal.require(Permission.LEARN_READ)
        here = day or self._clock.now().date()
        begin_ms = to_ms(datetime(here.year, here.month, here.day, tzinfo=SHANGHAI))
        end_ms = begin_ms + round(timedelta(days=1).total_seconds() * 1000)
        with self._store.read() as conn:
            closed, on_time = self._closed(conn, principal, begin_ms, end_ms)
            by_detector = self._by_detector(conn, principal, begin_ms, end_ms)
            return LearnTodayView(
                date=here.isoformat(),
                alerts_total=sum(share.count for share in by_detector),
                alerts_active=self._active(conn, principal),
                cases_open=self._open(conn, principal),
                cases_closed=closed,
                on_time_share=on_time / closed if closed else None,
                by_detector=by_detector,
                by_hour=self._by_hour(conn, principal, begin_ms, end_ms),
                by_unit=self._by_unit(conn, principal, begin_ms, end_ms),
                response_times=self._response_times(conn, principal, begin_ms, end_ms),
            )

    def _alerts(self, principal: Principal, begin_ms: int, end_ms: int) -> ColumnElement[bool]:
        return and_(
            _alert_scope(principal),
            _alert.c.started_ms >= begin_ms,
            _alert.c.started_ms < end_ms,
            _alert.c.state != "withdrawn",
        )

    def _active(self, conn: Connection, principal: Principal) -> int:
        query = select(func.count()).select_from(_alert).where(_alert_scope(principal), _alert.c.state == "active")
        return int(conn.execute(query).scalar_one())

    def _by_detector(self, conn: Connection, principal: Principal, begin_ms: int, end_ms: int) -> list[ShareView]:
        names = (func.max(_alert.c.title_zh), func.max(_alert.c.title_en))
        query = select(_alert.c.detector, *names, func.count().label("n")).where(
            self._alerts(principal, begin_ms, end_ms)
        )
        rows = conn.execute(query.group_by(_alert.c.detector)).all()
        shares = [ShareView(key, Text(zh, en), int(count)) for key, zh, en, count in rows]
        return sorted(shares, key=lambda share: (-share.count, share.key))

    def _by_hour(self, conn: Connection, principal: Principal, begin_ms: int, end_ms: int) -> list[int]:
        hours = select(((_alert.c.started_ms - begin_ms) // HOUR_MS).label("hour"))
        within = hours.where(self._alerts(principal, begin_ms, end_ms)).subquery()
        query = select(within.c.hour, func.count()).group_by(within.c.hour)
        counts = {int(key): int(count) for key, count in conn.execute(query)}
        return [counts.get(index, 0) for index in range(24)]

    def _by_unit(self, conn: Connection, principal: Principal, begin_ms: int, end_ms: int) -> list[ShareView]:
        joined = _alert.outerjoin(_unit, _unit.c.id == _alert.c.unit_id)
        query = (
            select(_alert.c.unit_id, _unit.c.name, func.count())
            .select_from(joined)
            .where(self._alerts(principal, begin_ms, end_ms))
            .group_by(_alert.c.unit_id, _unit.c.name)
        )
        shares = [
            ShareView(key or "", Text(name, name) if name else NO_UNIT, int(count))
            for key, name, count in conn.execute(query)
        ]
        return sorted(shares, key=lambda share: (-share.count, share.key))

    def _open(self, conn: Connection, principal: Principal) -> int:
        query = select(func.count()).select_from(case_table).where(case_scope(principal), case_table.c.ended.is_(False))
        return int(conn.execute(query).scalar_one())

    def _closed(self, conn: Connection, principal: Principal, begin_ms: int, end_ms: int) -> tuple[int, int]:
        """Cases closed (not voided, merged or refused) in the span, and how many in time; one without a limit is."""
        due = deadline_table.c
        joined = case_table.outerjoin(deadline_table, and_(due.case_id == case_table.c.id, due.task_id.is_(None)))
        closed = and_(
            case_scope(principal),
            case_table.c.closed_ms >= begin_ms,
            case_table.c.closed_ms < end_ms,
            case_table.c.state.not_in(_NOT_HANDLED),
        )
        rows = conn.execute(select(case_table.c.closed_ms, due.due_ms).select_from(joined).where(closed)).all()
        return len(rows), sum(due_ms is None or closed_ms <= due_ms for closed_ms, due_ms in rows)

    def _response_times(
        self, conn: Connection, principal: Principal, begin_ms: int, end_ms: int
    ) -> list[ResponseTimesView]:
        opened = and_(case_scope(principal), case_table.c.opened_ms >= begin_ms, case_table.c.opened_ms < end_ms)
        steps = select(step_table.c.case_id, step_table.c.action, step_table.c.at_ms).join(case_table).where(opened)
        times: dict[str, list[tuple[str, int]]] = {}
        for case_id, action, at_ms in conn.execute(steps.order_by(step_table.c.case_id, step_table.c.sequence)):
            times.setdefault(case_id, []).append((action, at_ms))
        raised = select(case_table.c.id, _alert.c.raised_ms).join(_alert, _alert.c.id == case_table.c.alert_id)
        for case_id, raised_ms in conn.execute(raised.where(opened)):
            times.setdefault(case_id, []).insert(0, ("alert", raised_ms))
        return [response_times(measure, list(times.values())) for measure in self._measures]

    # --- years ---------------------------------------------------------------------------------------------

    def rates(self, principal: Principal) -> LearnRatesView:
        """The yearly rates of every enterprise this person may see, and of all of them together."""
        principal.require(Permission.LEARN_READ)
        running_year = self._clock.now().year
        with self._store.read() as conn:
            names = self._unit_names(conn, principal)
            figures = self._figures(conn, names, running_year)
        items = [
            UnitRatesView(unit_id, names[unit_id], year_rates(list(years.values())))
            for unit_id, years in sorted(figures.items(), key=lambda item: names[item[0]])
        ]
        everything = summed(entry for years in figures.values() for entry in years.values())
        return LearnRatesView(
            items=items,
            overall=year_rates(everything),
            mean_yearly_change=overall_change(everything, running_year),
            synthetic=any(entry.synthetic for entry in everything),
        )

    def _unit_names(self, conn: Connection, principal: Principal) -> dict[str, str]:
        scope = scope_clause(principal, unit_column=_unit.c.id, area_column=_unit.c.area_code)
        known = select(yearly_rate_table.c.unit_id).union(select(unit_mileage_table.c.unit_id))
        rows = conn.execute(select(_unit.c.id, _unit.c.name).where(scope, _unit.c.id.in_(known)))
        return {row.id: row.name for row in rows}

    def _figures(
        self, conn: Connection, names: Mapping[str, str], running_year: int
    ) -> dict[str, dict[int, YearFigures]]:
        """Stored years, and the running year counted from alerts and mileage."""
        figures: dict[str, dict[int, YearFigures]] = {unit_id: {} for unit_id in names}
        stored = select(yearly_rate_table).where(yearly_rate_table.c.unit_id.in_(list(names)))
        for row in conn.execute(stored).mappings():
            figures[row["unit_id"]][row["year"]] = YearFigures(
                row["year"], row["vehicle_km"], row["fatigue_events"], row["speeding_events"], row["synthetic"]
            )
        driven_km = self._driven_km(conn, running_year)
        events = self._events(conn, running_year)
        for unit_id in names:
            km, counted = driven_km.get(unit_id), events.get(unit_id, (0, 0))
            if km is not None and running_year not in figures[unit_id]:
                figures[unit_id][running_year] = YearFigures(running_year, km, *counted)
        return figures

    def _driven_km(self, conn: Connection, year: int) -> dict[str, float]:
        mileage = unit_mileage_table.c
        query = select(mileage.unit_id, func.sum(mileage.vehicle_km)).where(mileage.day.startswith(f"{year}-"))
        return {unit_id: float(km) for unit_id, km in conn.execute(query.group_by(mileage.unit_id))}

    def _events(self, conn: Connection, year: int) -> dict[str, tuple[int, int]]:
        begin_ms, end_ms = (to_ms(datetime(y, 1, 1, tzinfo=SHANGHAI)) for y in (year, year + 1))
        query = select(_alert.c.unit_id, _alert.c.detector, func.count()).where(
            _alert.c.started_ms >= begin_ms, _alert.c.started_ms < end_ms, _alert.c.state != "withdrawn"
        )
        counts: dict[str, tuple[int, int]] = {}
        for unit_id, detector, count in conn.execute(query.group_by(_alert.c.unit_id, _alert.c.detector)):
            fatigue, speeding = counts.get(unit_id, (0, 0))
            counts[unit_id] = (
                fatigue + count * (detector in self._detectors.fatigue),
                speeding + count * (detector in self._detectors.speeding),
            )
        return counts

    # --- writing -------------------------------------------------------------------------------------------

    def record_year(self, actor: Principal, unit_id: str, figures: YearFigures) -> None:
        """Store (or replace) a past year of a unit, from an import or the demo."""
        actor.require(Permission.ACCOUNTS_MANAGE)
        if figures.vehicle_km < 0 or figures.fatigue_events < 0 or figures.speeding_events < 0:
            raise InvalidError("年度数据不能为负", "a year's figures cannot be negative", code="learn.negative")
        key = {"unit_id": unit_id, "year": figures.year}
        values = {
            "vehicle_km": figures.vehicle_km,
            "fatigue_events": figures.fatigue_events,
            "speeding_events": figures.speeding_events,
            "synthetic": figures.synthetic,
        }
        self._store.write(lambda conn: self._replace(conn, yearly_rate_table, key, values))

    def record_mileage(self, day: date, driven_km: Mapping[str, float]) -> None:
        """Store (or replace) what each unit's fleet drove on a day, kilometres by unit id."""

        def work(conn: Connection) -> None:
            for unit_id, km in driven_km.items():
                key = {"unit_id": unit_id, "day": day.isoformat()}
                self._replace(conn, unit_mileage_table, key, {"vehicle_km": km})

        self._store.write(work)

    def _replace(self, conn: Connection, into: Any, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        conn.execute(delete(into).where(*(into.c[name] == value for name, value in key.items())))
        conn.execute(insert(into).values(**key, **values, updated_ms=self._clock.now_ms()))


def response_times(measure: Measure, cases: Sequence[Sequence[tuple[str, int]]]) -> ResponseTimesView:
    """The times between a measure's two steps.

    Args:
        measure: from the first ``start`` to the first ``end`` after it.
        cases: for each case its steps in order, as (action, ms).

    Percentiles are interpolated linearly between the ranked values.
    """
    spans_s = [span for steps in cases if (span := _span_s(measure, steps)) is not None]
    p50, p90 = (float(value) for value in np.percentile(spans_s, [50, 90])) if spans_s else (None, None)
    return ResponseTimesView(measure.name, measure.title, len(spans_s), p50, p90)


def _span_s(measure: Measure, steps: Sequence[tuple[str, int]]) -> float | None:
    began_ms: int | None = None
    for action, at_ms in steps:
        if began_ms is None and action == measure.start:
            began_ms = at_ms
        elif began_ms is not None and action == measure.end:
            return (at_ms - began_ms) / 1000
    return None


def _alert_scope(principal: Principal) -> ColumnElement[bool]:
    return scope_clause(principal, unit_column=_alert.c.unit_id, area_column=_alert.c.area_code)

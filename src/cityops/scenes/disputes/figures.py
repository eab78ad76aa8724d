"""Figures (统计): recomputed from the cases; beside them what was reported from outside, never mixed with them.

Settled rate (化解率) = settled / found × 100, to two places, half up: 10,676 / 10,965 → 97.36.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, func, insert, select
from sqlalchemy.exc import IntegrityError

from cityops.access import Permission, Principal, record_audit
from cityops.cases import case_table, deadline_table
from cityops.kit import ConflictError, Text
from cityops.scenes.disputes.areas import areas_of, within
from cityops.scenes.disputes.registering import DISPUTE, MATTER, SCENE
from cityops.scenes.disputes.rules import SOCIAL_INSURANCE, dispute_rules
from cityops.scenes.disputes.tables import dispute_table, reported_table
from cityops.scenes.registry import SceneContext

SETTLED: Final = ("agreed", "closed")
"""States in which a dispute counts as settled (化解): an agreement stands."""
_HUNDREDTH: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Tally:
    """Found and settled, with the people and the money (fen) concerned. ``name``: what is counted."""

    name: str
    found: int
    settled: int
    people: int
    amount_fen: int

    @property
    def rate_percent(self) -> float | None:
        """The settled rate; ``None`` when nothing was found."""
        return rate_percent(self.settled, self.found)


@dataclass(frozen=True, slots=True)
class MatterTally:
    """Residents' matters: raised, answered, of these in time; overdue are those late, answered or not."""

    raised: int
    answered: int
    in_time: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the cases in the person's area say, at this moment."""

    total: Tally
    by_field: list[Tally]
    by_level: list[Tally]
    by_source: list[Tally]
    social_insurance: Tally
    matters: MatterTally


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a reported figure."""

    name: str
    found: int
    settled: int


@dataclass(frozen=True, slots=True)
class NewReported:
    """A figure as somebody outside reported it. ``key``: its name for good; the same is entered once."""

    key: str
    title: str
    source: str
    as_of_day: str
    found: int
    settled: int
    rate_percent: float | None = None
    people: int | None = None
    amount_fen: int | None = None
    parts: Sequence[Part] = ()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Where a reported figure and what its parts give differ; both are shown."""

    what: str
    reported: float
    computed: float
    words: Text


@dataclass(frozen=True, slots=True)
class Reported:
    """A reported figure with its recomputed rate and all contradictions in it."""

    figure: NewReported
    computed_rate_percent: float | None
    contradictions: list[Contradiction]


def rate_percent(settled: int, found: int) -> float | None:
    """``settled`` of ``found`` in percent, to two places, half up; ``None`` of nothing."""
    if found == 0:
        return None
    return float((Decimal(settled) * 100 / Decimal(found)).quantize(_HUNDREDTH, ROUND_HALF_UP))


def contradictions_of(figure: NewReported) -> list[Contradiction]:
    """Everything in a reported figure that contradicts itself."""
    found: list[Contradiction] = []
    computed = rate_percent(figure.settled, figure.found)
    if figure.rate_percent is not None and computed is not None and round(figure.rate_percent, 2) != computed:
        found.append(_contradiction("rate_percent", "化解率", "the rate", figure.rate_percent, computed))
    if figure.settled > figure.found:
        more = _contradiction("settled", "化解数多于排查数", "more settled than found", figure.settled, figure.found)
        found.append(more)
    if figure.parts:
        sums = {"found": sum(part.found for part in figure.parts), "settled": sum(p.settled for p in figure.parts)}
        for name, zh, given in (("found", "排查数", figure.found), ("settled", "化解数", figure.settled)):
            if sums[name] != given:
                found.append(_contradiction(name, f"{zh}与分项之和", f"{name} and its parts", given, sums[name]))
    return found


def _contradiction(what: str, zh: str, en: str, reported: float, computed: float) -> Contradiction:
    words = Text(f"{zh}不符：上报{reported:,}，计算{computed:,}", f"{en}: reported {reported:,}, computed {computed:,}")
    return Contradiction(what, reported, computed, words)


def figures(context: SceneContext, principal: Principal) -> Figures:
    """The figures of the person's area, counted from the cases now."""
    principal.require(Permission.LEARN_READ)
    rules = dispute_rules()
    with context.store.read() as conn:
        here = within(case_table.c.area_code, areas_of(conn, principal))
        topic = dispute_table.c.topic == SOCIAL_INSURANCE
        levels = context.cases.workflow(SCENE, DISPUTE).levels
        return Figures(
            total=_one(conn, "total", here),
            by_field=_grouped(conn, dispute_table.c.field, here, rules.fields),
            by_level=_grouped(conn, case_table.c.level, here, dict.fromkeys(levels)),
            by_source=_grouped(conn, dispute_table.c.source, here, rules.sources),
            social_insurance=_one(conn, SOCIAL_INSURANCE, here & topic),
            matters=_matters(conn, here, context.clock.now_ms()),
        )


def _counted() -> list[ColumnElement[Any]]:
    settled = func.count().filter(case_table.c.state.in_(SETTLED))
    people, amount = func.coalesce(func.sum(dispute_table.c.people), 0), func.sum(dispute_table.c.amount_fen)
    return [func.count(), settled, people, func.coalesce(amount, 0)]


def _one(conn: Connection, name: str, where: ColumnElement[bool]) -> Tally:
    row = conn.execute(select(*_counted()).select_from(_joined()).where(where)).one()
    return Tally(name, *(int(value) for value in row))


def _grouped(
    conn: Connection, column: ColumnElement[Any], where: ColumnElement[bool], names: Mapping[str, object]
) -> list[Tally]:
    """A tally for each name, also for those that nothing was found under."""
    query = select(column, *_counted()).select_from(_joined()).where(where).group_by(column)
    found = {name: [int(value) for value in values] for name, *values in conn.execute(query)}
    return [Tally(name, *found.get(name, (0, 0, 0, 0))) for name in names]


def _joined() -> Any:
    return dispute_table.join(case_table, case_table.c.id == dispute_table.c.case_id)


def _matters(conn: Connection, where: ColumnElement[bool], now_ms: int) -> MatterTally:
    """Counted by answers owed: a matter that was opened again owes a second one."""
    due = deadline_table.c
    joined = deadline_table.join(case_table, case_table.c.id == due.case_id)
    until = func.coalesce(due.done_ms, now_ms)
    answered = func.count(due.done_ms)
    in_time = func.count().filter(due.done_ms <= due.due_ms)
    query = select(func.count(), answered, in_time, func.count().filter(until > due.due_ms)).select_from(joined)
    query = query.where(where, case_table.c.scene == SCENE, case_table.c.kind == MATTER)
    return MatterTally(*(int(value) for value in conn.execute(query).one()))


def enter_reported(context: SceneContext, principal: Principal, figure: NewReported) -> Reported:
    """Enter a figure from outside, as it was reported; what contradicts itself is flagged and kept as it is.

    Raises:
        ForbiddenError: without ``cases.supervise``. ConflictError: ``dispute.reported``: the key was entered before.
    """
    principal.require(Permission.CASES_SUPERVISE)
    context.store.write(lambda conn: insert_reported(conn, context, principal, figure))
    return checked(figure)


def insert_reported(conn: Connection, context: SceneContext, principal: Principal, figure: NewReported) -> None:
    """Write a reported figure."""
    row = {name: getattr(figure, name) for name in NewReported.__slots__ if name != "parts"}
    parts = [{"name": part.name, "found": part.found, "settled": part.settled} for part in figure.parts]
    try:
        conn.execute(
            insert(reported_table).values(
                id=context.ids.next(),
                parts=parts,
                entered_by=principal.display_name,
                entered_ms=context.clock.now_ms(),
                **row,
            )
        )
    except IntegrityError as error:
        raise ConflictError(
            f"“{figure.key}”已经录入", f"{figure.key!r} was entered before", code="dispute.reported"
        ) from error
    record_audit(
        conn,
        at_ms=context.clock.now_ms(),
        actor=principal,
        action="dispute.reported",
        object_type="dispute_figure",
        object_id=None,
        detail={"name": figure.key},
    )


def reported_figures(context: SceneContext, principal: Principal) -> list[Reported]:
    """All figures that were reported from outside, newest day first, each checked."""
    principal.require(Permission.LEARN_READ)
    with context.store.read() as conn:
        rows = conn.execute(select(reported_table).order_by(reported_table.c.as_of_day.desc(), reported_table.c.id))
        return [checked(_figure(row)) for row in rows.mappings()]


def checked(figure: NewReported) -> Reported:
    """A reported figure beside what its own parts give."""
    return Reported(figure, rate_percent(figure.settled, figure.found), contradictions_of(figure))


def _figure(row: RowMapping) -> NewReported:
    values = {name: row[name] for name in NewReported.__slots__}
    return NewReported(**{**values, "parts": [Part(**part) for part in row["parts"]]})

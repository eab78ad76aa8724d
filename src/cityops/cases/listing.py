"""The list of cases (案件列表): filters, pages and counts, each bounded, so that a million cases answer as fast as few.

Counts stop at ``COUNT_BOUND`` and say so; pages end there too (a period leads further back). A search for words looks
at the newest ``SEARCH_BOUND`` cases under the other filters and says how far back that went.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, eq, ge, lt
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, func, or_, select, union_all

from cityops.access import Principal
from cityops.cases.inputs import CaseFilter
from cityops.cases.scope import scope_parts
from cityops.cases.tables import case_table
from cityops.cases.views import PageView
from cityops.kit import InvalidError, Text

Parts = Sequence[ColumnElement[bool]]
"""Conditions of which no case meets two: the list is made of the cases that meet one."""

MAX_PAGE_SIZE: Final = 500
COUNT_BOUND: Final = 10_000
SEARCH_BOUND: Final = 10_000

_NUMBER: Final = re.compile(r"[A-Za-z]{1,6}-\d[\d-]*")
_ORDER: Final = (case_table.c.opened_ms.desc(), case_table.c.id.desc())
_DISTRICT_DIGITS: Final = 6
_HIGHEST: Final = "9" * 12
"""After a code of digits: above everything that begins with the code."""


@dataclass(frozen=True)
class Listing:
    """Rows of a page, newest first; ``more``: states whose count is a lower bound."""

    rows: list[RowMapping]
    page: PageView
    counts: dict[str, int]
    more: frozenset[str] = frozenset()
    searched_to_ms: int | None = None


def list_cases(conn: Connection, principal: Principal, query: CaseFilter, now_ms: int) -> Listing:
    """A page of cases in this person's scope.

    Raises:
        InvalidError: ``page.range``: no such page or size; ``page.deep``: beyond what is counted.
    """
    page = checked_page(query.page, query.page_size)
    if page.page * page.page_size > COUNT_BOUND + page.page_size:
        raise _too_deep()
    parts: Parts = [and_(part, *_conditions(query, now_ms)) for part in scope_parts(principal)]
    words = (query.q or "").strip()
    if words and not _NUMBER.fullmatch(words):
        return _search(conn, parts, query, words)
    if words:
        parts = [and_(part, _begins(case_table.c.number, words.upper())) for part in parts]
    counts, more = _counted(conn, parts)
    total = counts.get(query.state, 0) if query.state is not None else sum(counts.values())
    at_least = query.state in more if query.state is not None else bool(more)
    if query.state is not None:
        parts = [and_(part, case_table.c.state == query.state) for part in parts]
    ids = conn.execute(_newest(parts, page.page_size, (page.page - 1) * page.page_size)).scalars()
    rows = _rows(conn, ids.all())
    shown = PageView(min(total, COUNT_BOUND) if at_least else total, page.page, page.page_size, at_least)
    return Listing(rows, shown, counts, more)


def _newest(parts: Parts, limit: int, offset: int = 0, *more: ColumnElement[Any]) -> Select[Any]:
    """Id, moment opened and more columns of the cases of all parts together, newest first.

    An index holds all that a part needs, so that far pages cost no rows.
    """
    columns = (case_table.c.id, case_table.c.opened_ms, *more)
    if len(parts) == 1:
        return select(*columns).where(parts[0]).order_by(*_ORDER).limit(limit).offset(offset)
    each = [select(*columns).where(part).order_by(*_ORDER).limit(limit + offset).subquery() for part in parts]
    every = union_all(*(select(one) for one in each)).subquery()
    return select(every).order_by(every.c.opened_ms.desc(), every.c.id.desc()).limit(limit).offset(offset)


def _rows(conn: Connection, ids: Sequence[str]) -> list[RowMapping]:
    rows = conn.execute(select(case_table).where(case_table.c.id.in_(ids)).order_by(*_ORDER))
    return list(rows.mappings())


def _conditions(query: CaseFilter, now_ms: int) -> list[ColumnElement[bool]]:
    """Every condition but the state and the words."""
    case = case_table.c
    wanted = (
        (query.scene, case.scene, eq),
        (query.kind, case.kind, eq),
        (query.unit_id, case.unit_id, eq),
        (query.vehicle_id, case.vehicle_id, eq),
        (query.crew_id, case.crew_id, eq),
        (query.from_ms, case.opened_ms, ge),
        (query.to_ms, case.opened_ms, lt),
    )
    conditions: list[ColumnElement[bool]] = [how(column, value) for value, column, how in wanted if value is not None]
    if query.ended is not None:
        conditions.append(case.ended.is_(query.ended))
    if query.area is not None:
        conditions.append(_begins(_area(query.area), query.area))
    if query.overdue is not None:
        late = case.late_ms < now_ms
        conditions.append(late if query.overdue else or_(case.late_ms.is_(None), case.late_ms >= now_ms))
    if query.before is not None:
        opened_ms, case_id = query.before
        earlier = and_(case.opened_ms == opened_ms, case.id < case_id)
        conditions += [case.opened_ms <= opened_ms, or_(case.opened_ms < opened_ms, earlier)]
    return conditions


def _area(code: str) -> ColumnElement[str | None]:
    """The column of the area; for a district out of the index's reach: so many cases are better met newest first."""
    return case_table.c.area_code if len(code) > _DISTRICT_DIGITS else func.coalesce(case_table.c.area_code, "")


def _begins(column: ColumnElement[str | None], code: str) -> ColumnElement[bool]:
    """Codes of digits that begin with this one, as a range: an index serves it on both databases."""
    return and_(column >= code, column <= code + _HIGHEST)


def _counted(conn: Connection, parts: Parts) -> tuple[dict[str, int], frozenset[str]]:
    """Cases in each state, and the states of which there are more than was counted.

    Open cases are few and counted by themselves; of those that have ended a part is enough.
    """
    running, ended, full = _count(conn, parts)
    if not full:
        return running | ended, frozenset()
    running, _, many = _count(conn, [and_(part, case_table.c.ended.is_(False)) for part in parts])
    return running | ended, frozenset(ended) | frozenset(running if many else ())


def _count(conn: Connection, parts: Parts) -> tuple[dict[str, int], dict[str, int], bool]:
    """Open and ended cases in each state among ``COUNT_BOUND``, and whether there are more."""
    wanted = select(case_table.c.state, case_table.c.ended).limit(COUNT_BOUND + 1)
    each = [wanted.where(part).subquery() for part in parts]
    some = union_all(*(select(one) for one in each)).limit(COUNT_BOUND + 1).subquery()
    counted = conn.execute(select(some.c.state, some.c.ended, func.count()).group_by(some.c.state, some.c.ended)).all()
    running = {str(state): int(count) for state, ended, count in counted if not ended}
    ended = {str(state): int(count) for state, ended, count in counted if ended}
    return running, ended, sum(running.values()) + sum(ended.values()) > COUNT_BOUND


def _search(conn: Connection, parts: Parts, query: CaseFilter, words: str) -> Listing:
    """Cases whose number, title, plate or unit holds the words, among the newest under the other filters."""
    case = case_table.c
    columns = (case.number, case.title_zh, case.title_en, case.plate, case.unit_name)
    said = reduce(add, (func.coalesce(column, "") + "\n" for column in columns))
    newest = _newest(parts, SEARCH_BOUND, 0, case.state, said.label("said")).subquery()
    holds = newest.c.said.icontains(words, autoescape=True)
    order = (newest.c.opened_ms.desc(), newest.c.id.desc())
    hits = conn.execute(select(newest.c.id, newest.c.state).where(holds).order_by(*order)).all()
    counts = dict(Counter(str(hit.state) for hit in hits))
    chosen = [hit.id for hit in hits if query.state in (None, hit.state)]
    first = (query.page - 1) * query.page_size
    rows = _rows(conn, chosen[first : first + query.page_size])
    page = PageView(len(chosen), query.page, query.page_size)
    return Listing(rows, page, counts, searched_to_ms=_looked_back_to(conn, parts))


def _looked_back_to(conn: Connection, parts: Parts) -> int | None:
    """When the oldest case that a search looks at was opened; ``None`` when it looks at all."""
    last = conn.execute(_newest(parts, 1, SEARCH_BOUND - 1)).one_or_none()
    return None if last is None else int(last.opened_ms)


def checked_page(page: int, page_size: int) -> PageView:
    """The page asked for; ``InvalidError`` when it is out of bounds."""
    if page < 1 or not 1 <= page_size <= MAX_PAGE_SIZE:
        raise InvalidError(
            f"页码从1起，每页1至{MAX_PAGE_SIZE}条",
            f"pages count from 1, with 1 to {MAX_PAGE_SIZE} rows",
            code="page.range",
        )
    return PageView(0, page, page_size)


def _too_deep() -> InvalidError:
    return InvalidError(
        f"列表只翻到第 {COUNT_BOUND} 件",
        f"the list is paged up to case {COUNT_BOUND}",
        code="page.deep",
        todo=Text("请用时间段或其他条件缩小范围", "narrow it down with a period or other filters"),
    )

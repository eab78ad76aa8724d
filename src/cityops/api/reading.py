"""Small things every route uses: pages, periods, views turned into answers, audited reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

from fastapi import Depends, Query
from pydantic import AwareDatetime

from cityops.access import Principal, record_audit
from cityops.api import schemas
from cityops.api.context import ApiContext
from cityops.kit import InvalidError, to_ms

M = TypeVar("M", bound=schemas.Model)

MAX_PAGE_SIZE: Final = 200
PageNumber = Annotated[int, Query(ge=1, le=100_000, description="页码，从 1 起 Page, from 1")]
PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="每页条数 Rows a page")]
SearchWords = Annotated[str | None, Query(max_length=100, description="查询词 Search words")]
Code = Annotated[str | None, Query(max_length=64)]
_From = Annotated[AwareDatetime | None, Query(alias="from", description="自（含），带时区 From, with a zone")]
_To = Annotated[AwareDatetime | None, Query(alias="to", description="至（不含），带时区 To, exclusive, with a zone")]


async def _period(from_at: _From = None, to_at: _To = None) -> tuple[int | None, int | None]:
    if from_at and to_at and from_at >= to_at:
        raise InvalidError("结束时间必须晚于开始时间。", "The period must end after it begins.", code="invalid.period")
    return _ms(from_at), _ms(to_at)


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else to_ms(moment)


Period = Annotated[tuple[int | None, int | None], Depends(_period)]
"""The asked period [from, to) in milliseconds UTC; ``None`` where it is open."""


def show(model: type[M], view: object) -> M:
    """A room's view (equal field names) as an answer."""
    return model.model_validate(view)


def audit_read(
    services: ApiContext,
    person: Principal,
    action: str,
    object_type: str,
    object_id: str | None,
    *,
    purpose: str | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Leave a row in the audit chain before personal data goes out; when that fails, nothing goes out."""
    at_ms = services.clock.now_ms()
    services.store.write(
        lambda conn: record_audit(
            conn,
            at_ms=at_ms,
            actor=person,
            action=action,
            object_type=object_type,
            object_id=object_id,
            purpose=purpose,
            detail=dict(detail or {}),
        )
    )

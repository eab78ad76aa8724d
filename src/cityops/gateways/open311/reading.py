"""Reading forms and queries (读取请求): bounded, with a sentence for every fault. An empty field counts as not sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from cityops.cases.reports import IDS_MAX, SPAN_MS, Contact, NewReport, ReportFilter, SenderWords, Status
from cityops.kit import InvalidError, to_ms

CODES_MAX: Final = 100
VALUE_MAX: Final = 8000
YEARS: Final = range(1990, 2200)
Fields = Mapping[str, tuple[str, ...]]
"""Every field with its values, in the order they came, empty ones left out."""

_ATTRIBUTE: Final = re.compile(r"attribute\[([^\[\]]{1,60})\](?:\[\d{0,4}\])?")
_ZONE_PLUS_LOST: Final = re.compile(r"(?<=:\d\d) (?=\d\d:?\d\d$)")


def read_fields(raw: bytes, fields_max: int) -> Fields:
    """Fields of a form or query in UTF-8; what is not UTF-8 becomes U+FFFD."""
    try:
        pairs = parse_qsl(raw.decode("utf-8", "replace"), max_num_fields=fields_max, errors="replace")
    except ValueError:
        raise _wrong(f"字段超过 {fields_max} 个", f"more than {fields_max} fields") from None
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        if len(value) > VALUE_MAX:
            raise _wrong(f"字段 {name[:40]} 过长", f"the field {name[:40]} is too long")
        if value.strip():
            found[name] = (*found.get(name, ()), value)
    return found


def one(fields: Fields, name: str) -> str | None:
    """The only value of a field, None when it was not sent; two different ones are a fault."""
    values = {value.strip() for value in fields.get(name, ())}
    if len(values) > 1:
        raise _wrong(f"字段 {name} 出现多次", f"the field {name} was sent more than once")
    return values.pop() if values else None


def read_report(fields: Fields, source: str, client_id: str | None) -> NewReport:
    """A new request from a form.

    Raises:
        InvalidError: no ``service_code``, or a field that cannot be read. What it says is checked by the service.
    """
    service_code = one(fields, "service_code")
    if service_code is None:
        raise _wrong("缺少 service_code", "service_code was not provided")
    attributes: dict[str, tuple[str, ...]] = {}
    for name, values in fields.items():
        if not name.startswith("attribute"):
            continue
        matched = _ATTRIBUTE.fullmatch(name)
        if matched is None:
            raise _wrong(
                f"属性字段写法不对：{name[:60]}", f"not an attribute field: {name[:60]}; write attribute[code]"
            )
        attributes[matched[1]] = (*attributes.get(matched[1], ()), *values)
    return NewReport(
        service_code=service_code,
        source=source,
        description=one(fields, "description") or "",
        lon=_degrees(fields, "long"),
        lat=_degrees(fields, "lat"),
        address=one(fields, "address_string"),
        address_id=one(fields, "address_id"),
        media_url=one(fields, "media_url"),
        contact=Contact(
            one(fields, "first_name"), one(fields, "last_name"), one(fields, "phone"), one(fields, "email")
        ),
        attributes=attributes,
        client_id=client_id,
    )


def read_words(fields: Fields, source: str) -> SenderWords:
    """What a sender says later about a request; ``status`` open on a closed one says that it is not fixed.

    Raises:
        InvalidError: no ``service_request_id`` or no ``description``.
    """
    given = {name: one(fields, name) for name in ("service_request_id", "description", "status", "update_id")}
    for name in ("service_request_id", "description"):
        if given[name] is None:
            raise _wrong(f"缺少 {name}", f"{name} was not provided")
    status = (given["status"] or "").lower()
    if status not in ("", *(known.value for known in Status)):
        raise _wrong("status 只能是 open 或 closed", "status is open or closed")
    return SenderWords(
        report_id=given["service_request_id"] or "",
        source=source,
        text=given["description"] or "",
        not_fixed=status == Status.OPEN.value,
        client_id=given["update_id"],
    )


def read_filter(fields: Fields, now_ms: int) -> ReportFilter:
    """A query for requests; without dates the last 90 days."""
    ids = _listed(fields, "service_request_id", IDS_MAX)
    if ids:  # overrides all other arguments, so that a fault in them does not matter
        return ReportFilter(0, now_ms, ids=ids)
    from_ms, to_ms = read_span(fields, now_ms)
    known = {status.value: status for status in Status}
    statuses = _listed(fields, "status", CODES_MAX)
    if any(word not in known for word in statuses):
        raise _wrong("status 只能是 open 或 closed", "status is open or closed")
    return ReportFilter(
        from_ms,
        to_ms,
        service_codes=_listed(fields, "service_code", CODES_MAX),
        statuses=tuple(known[word] for word in dict.fromkeys(statuses)),
    )


def read_span(fields: Fields, now_ms: int) -> tuple[int, int]:
    """``start_date`` and ``end_date`` as milliseconds UTC; with one of them the 90 days after or before it."""
    start_ms, end_ms = _moment(fields, "start_date"), _moment(fields, "end_date")
    if start_ms is not None and end_ms is not None:
        if end_ms < start_ms:
            raise _wrong("end_date 早于 start_date", "end_date is before start_date")
        if end_ms - start_ms > SPAN_MS:
            raise _wrong("时间跨度超过 90 天", "start_date and end_date span more than 90 days")
        return start_ms, end_ms
    if start_ms is not None:
        return start_ms, start_ms + SPAN_MS
    until_ms = now_ms if end_ms is None else end_ms
    return until_ms - SPAN_MS, until_ms


def _moment(fields: Fields, name: str) -> int | None:
    given = one(fields, name)
    if given is None:
        return None
    try:
        # A plus sign that was not escaped in the address arrives as a blank.
        at = datetime.fromisoformat(_ZONE_PLUS_LOST.sub("+", given[:40]))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or at.year not in YEARS:
        raise _wrong(
            f"{name} 需为带时区的时间，例如 2026-11-22T09:00:00+08:00",
            f"{name} is a date and time with its zone, such as 2026-11-22T09:00:00+08:00",
        )
    return to_ms(at)


def _degrees(fields: Fields, name: str) -> float | None:
    given = one(fields, name)
    if given is None:
        return None
    try:
        return float(given[:40])
    except ValueError:
        raise _wrong(f"{name} 不是数字", f"{name} is not a number") from None


def _listed(fields: Fields, name: str, most: int) -> tuple[str, ...]:
    """Values of a field that may be sent several times or separated by commas."""
    words = (word.strip() for value in fields.get(name, ()) for word in value.split(","))
    found = tuple(dict.fromkeys(word for word in words if word))
    if len(found) > most:
        raise _wrong(f"{name} 超过 {most} 个", f"more than {most} values of {name}")
    return tuple(word.replace("\0", "\N{REPLACEMENT CHARACTER}") for word in found)


def _wrong(zh: str, en: str) -> InvalidError:
    return InvalidError(zh, en, code="open311.invalid")

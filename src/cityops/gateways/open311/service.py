"""What the gateway asks of the room that keeps reports, and its settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from cityops.cases.reports import (
    NewReport,
    PublicReport,
    Receipt,
    ReportFilter,
    ReportList,
    SenderWords,
    Service,
    UpdateList,
)

SPECIFICATION: Final = "http://wiki.open311.org/GeoReport_v2"


class ReportService(Protocol):
    """Where reports are kept (satisfied by ``cases.reports.CaseReports``). Calls may block; they run in threads.

    Every method may raise a ``CityOpsError``: ``NotFoundError`` becomes 404, invalid input and conflicts 400.
    """

    def services(self) -> Sequence[Service]:
        """The matters the public can report."""
        ...

    def service(self, code: str) -> Service:
        """One of them with its attributes."""
        ...

    def submit(self, new: NewReport) -> Receipt:
        """Take a report; returns when it is durable."""
        ...

    def get(self, report_id: str) -> PublicReport:
        """What everybody may see of a report."""
        ...

    def id_of_token(self, token: str) -> str | None:
        """The number behind a token, None while it has none yet."""
        ...

    def find(self, query: ReportFilter) -> ReportList:
        """Reports, newest first, bounded."""
        ...

    def updates(self, from_ms: int, to_ms: int) -> UpdateList:
        """What happened to reports, oldest first, bounded."""
        ...


class SenderDesk(Protocol):
    """What senders say later about their reports (satisfied by ``cases.reports.ReportDesk``); may block and raise."""

    def say(self, new: SenderWords) -> str:
        """Note the words, or open the report again; returns the id of the update."""
        ...


@dataclass(frozen=True, slots=True)
class Doors:
    """Who may come in. Each may block; the last two raise ``BusyError`` for whoever comes too often.

    Args:
        holder: the name of the system that holds an API key, None for an unknown key.
        reader: counts a request from a network address.
        sender: counts a report of a system.
    """

    holder: Callable[[str], str | None]
    reader: Callable[[str], None]
    sender: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Open311Settings:
    """Settings of the server.

    Args:
        url: where clients reach it, without a trailing slash; named in the discovery file.
        jurisdiction_id: this city's; another one in a request is 404; a request may leave it out; empty: any will do.
        contact: sentence of the discovery file: whom to ask.
        key_service: sentence of the discovery file: how to get a key.
        changed_at: when the services were changed last, with zone, for the discovery file.
        body_bytes_max: of a form.
        fields_max: fields of a form.
        body_timeout_s: how long a form may take to come in.
        in_flight_max: requests at once; beyond them 429.
        production: False marks a test system in the discovery file.
    """

    url: str
    jurisdiction_id: str
    contact: str
    key_service: str
    changed_at: str
    body_bytes_max: int = 64 * 1024
    fields_max: int = 300
    body_timeout_s: float = 20.0
    in_flight_max: int = 50
    production: bool = True

"""What the gateway asks of the room that keeps reports, and its settings."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from cityops.cases.reports import (
    NewReport,
    PublicReport,
    Receipt,
    ReportFilter,
    ReportList,
    Service,
    UpdateList,
)
from cityops.kit import ConfigError

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


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Who may send reports: a name for the record and the SHA-256 of the key in hexadecimal.

    A key is random and long (``secrets.token_urlsafe(32)``), so a fast hash is enough.
    """

    name: str
    sha256: str

    @classmethod
    def of(cls, name: str, key: str) -> ApiKey:
        """The entry for a key in the clear."""
        return cls(name, hashlib.sha256(key.encode()).hexdigest())


@dataclass(frozen=True, slots=True)
class Open311Settings:
    """Settings of the server.

    Args:
        url: where clients reach it, without a trailing slash; named in the discovery file.
        jurisdiction_id: this city's; another one in a request is 404; a request may leave it out.
        contact: sentence of the discovery file: whom to ask.
        key_service: sentence of the discovery file: how to get a key.
        changed_at: when the services were changed last, with zone, for the discovery file.
        keys: who may send reports; empty means nobody.
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
    keys: tuple[ApiKey, ...] = ()
    body_bytes_max: int = 64 * 1024
    fields_max: int = 300
    body_timeout_s: float = 20.0
    in_flight_max: int = 50
    production: bool = True

    def __post_init__(self) -> None:
        if len({key.name for key in self.keys}) != len(self.keys):
            raise ConfigError("Open311 密钥名称重复", "two Open311 keys have the same name")

    def sender(self, key: str) -> str | None:
        """The name of the key, None for an unknown one."""
        given = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()
        found = [entry.name for entry in self.keys if hmac.compare_digest(entry.sha256, given)]
        return found[0] if found else None

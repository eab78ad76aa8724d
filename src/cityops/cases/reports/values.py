"""What a city takes reports about, a report on its way in, and what the public may see of it.

Names follow Open311 GeoReport v2, because that is what other cities' systems speak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from cityops.kit import InvalidError, Text

DESCRIPTION_MAX: Final = 4000
LINE_MAX: Final = 500
URL_MAX: Final = 1000
LIST_MAX: Final = 1000
SPAN_MS: Final = 90 * 86_400_000
"""GeoReport v2: a query spans at most 90 days or 1,000 requests, whichever is smaller."""


class ServiceType(StrEnum):
    """What a sender gets back: the number at once, a token that becomes a number, or nothing."""

    REALTIME = "realtime"
    BATCH = "batch"
    BLACKBOX = "blackbox"


class DataType(StrEnum):
    """Types of an attribute's value."""

    STRING = "string"
    NUMBER = "number"
    DATETIME = "datetime"
    TEXT = "text"
    SINGLE = "singlevaluelist"
    MULTI = "multivaluelist"


class Status(StrEnum):
    """The only two words GeoReport v2 has; everything finer stands in the notes."""

    OPEN = "open"
    CLOSED = "closed"


class ReportState(StrEnum):
    """Where a report is."""

    RECEIVED = "received"  # 已收到
    FILED = "filed"  # 已立案
    CLOSED = "closed"  # 已办结
    REFUSED = "refused"  # 不予受理
    NOT_FIXED = "not_fixed"  # 反映未解决

    @property
    def status(self) -> Status:
        """The word for the public."""
        return Status.CLOSED if self in (ReportState.CLOSED, ReportState.REFUSED) else Status.OPEN


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a list. ``name_en`` is for the portal; Open311 has one language."""

    key: str
    name: str
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A question a service asks; ``variable`` False is a sentence to show, not to answer."""

    code: str
    description: str
    datatype: DataType = DataType.STRING
    required: bool = False
    variable: bool = True
    datatype_description: str = ""
    choices: tuple[Choice, ...] = ()
    description_en: str = ""


@dataclass(frozen=True, slots=True)
class Service:
    """A matter the public can report (服务).

    ``published``: whether words and place of a report are shown to everybody at once; if not, they are shown when
    somebody who accepts reports has read and published them. ``matter``: the catalogue entry it is filed as by
    default, ``standard/kind/code``; empty leaves that to whoever files it. ``picture``: which drawing the portal shows.
    """

    code: str
    name: str
    description: str = ""
    group: str = ""
    keywords: tuple[str, ...] = ()
    type: ServiceType = ServiceType.REALTIME
    attributes: tuple[Attribute, ...] = ()
    notice: str = ""
    published: bool = False
    matter: str = ""
    picture: str = "other"
    name_en: str = ""
    description_en: str = ""
    notice_en: str = ""


@dataclass(frozen=True, slots=True)
class TipOffMatter:
    """A matter with a reward for tip-offs (有奖举报事项). ``matter``: as ``Service.matter``."""

    code: str
    name: str
    name_en: str = ""
    matter: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach the reporter. Never shown to the public; deleted by retention."""

    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    email: str | None = None

    def given(self) -> dict[str, str]:
        """The fields that are filled in."""
        pairs = ("first_name", self.first_name), ("last_name", self.last_name), ("phone", self.phone)
        return {name: value for name, value in (*pairs, ("email", self.email)) if value}


@dataclass(frozen=True, slots=True)
class NewReport:
    """A report on its way in. Position in WGS-84 degrees; ``media_url`` is kept as text and never fetched.

    ``client_id``: made by the sender; the same one again from the same ``source`` is the same report.
    """

    service_code: str
    source: str
    description: str = ""
    lon: float | None = None
    lat: float | None = None
    address: str | None = None
    address_id: str | None = None
    media_url: str | None = None
    contact: Contact = field(default_factory=Contact)
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the sender gets: the number or a token, never both; the follow-up code once, None when sent before."""

    report_id: str | None
    token: str | None
    code: str | None
    notice: str


@dataclass(frozen=True, slots=True)
class PublicReport:
    """What everybody may see."""

    id: str
    status: Status
    status_notes: str | None
    service_code: str
    service_name: str
    description: str | None
    agency: str | None
    service_notice: str | None
    requested_ms: int
    updated_ms: int
    expected_ms: int | None
    address: str | None
    address_id: str | None
    lon: float | None
    lat: float | None
    media_url: str | None


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """Which reports. ``ids`` overrides all else; ``from_ms`` and ``to_ms`` are of the receipt, both inclusive.

    ``published``: only those whose words and place may be seen by everybody.
    """

    from_ms: int
    to_ms: int
    ids: tuple[str, ...] = ()
    service_codes: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()
    published: bool = False


@dataclass(frozen=True, slots=True)
class ReportList:
    """Reports, newest first, at most ``LIST_MAX``; ``more`` says that there were others."""

    items: tuple[PublicReport, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class ReportUpdate:
    """Something that happened to a report. ``own``: said by its sender."""

    id: str
    report_id: str
    status: Status
    text: str
    text_en: str
    own: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class SenderWords:
    """What the sender of a report says later through the system that sent it.

    ``not_fixed``: that the closed report is not fixed. The same ``client_id`` again is the same words.
    """

    report_id: str
    source: str
    text: str
    not_fixed: bool = False
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateList:
    """Updates, oldest first, at most ``LIST_MAX``; ``more`` says that there were others."""

    items: tuple[ReportUpdate, ...]
    more: bool


class ReportInvalidError(InvalidError):
    """Everything that is wrong with a report, so that it can be put right at once; nothing was kept."""

    default_code = "report.invalid"

    def __init__(self, faults: tuple[Text, ...]) -> None:
        super().__init__(
            "；".join(fault.zh for fault in faults),
            "; ".join(fault.en for fault in faults),
            kept=Text("上报没有保存", "the report was not kept"),
            todo=Text("请改正后重新提交", "correct it and send it again"),
        )
        self.faults = faults

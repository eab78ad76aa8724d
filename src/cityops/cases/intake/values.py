"""What the intake takes and gives: a report on its way in, suggestions while it is written, what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cityops.access import Permission, Principal
from cityops.cases.catalogue import ItemKey, Match
from cityops.cases.views import SuggestedUnits
from cityops.kit import DeadlineResult, InvalidError, Text
from cityops.places import PlaceInfo

SOURCES: Final = ("hotline", "field", "portal", "open311", "tip_off", "import", "unit", "patrol", "video")
"""Where a report may come from (来源)."""
OWN_SOURCES: Final = frozenset({"field", "patrol", "unit"})
"""Sources of people who report what they have seen themselves: such a reporter has an account."""
DESCRIPTION_MAX: Final = 4_000
LINE_MAX: Final = 200
EVIDENCE_MAX: Final = 30
NOTHING_KEPT: Final = Text("上报没有保存，填写的内容仍在页面上", "the report was not kept; what you typed still is")


@dataclass(frozen=True, slots=True)
class NewCaseReport:
    """A report to be filed as a case, or joined to one (上报).

    Attributes:
        source: one of ``SOURCES``.
        key: the matter.
        lon: WGS-84 degrees.
        lat: WGS-84 degrees.
        description: the reporter's words.
        title: of the case; None: place and matter.
        address: the place in words, as the reporter said it.
        address_note: what helps to find it (东门对面).
        reporter_name: who reported; None for a report of one's own.
        reporter_contact: telephone or another way to reach this person.
        wants_answer: whether the reporter wants to be called back when it is done.
        severity: 1 to 4.
        seen_at_ms: when it was seen; None: now.
        client_id: made by the sender; the same one again from the same account is the same report.
        evidence_ids: items this account has uploaded before.
        reference: number of the report in the channel it came from.
        join_case_id: an open case that is about the same thing; None: a new case.
    """

    source: str
    key: ItemKey
    lon: float
    lat: float
    description: str = ""
    title: Text | None = None
    address: str | None = None
    address_note: str | None = None
    reporter_name: str | None = None
    reporter_contact: str | None = None
    wants_answer: bool = False
    severity: int = 1
    seen_at_ms: int | None = None
    client_id: str | None = None
    evidence_ids: tuple[str, ...] = ()
    reference: str | None = None
    join_case_id: str | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of a report; ``joined``: it was added to a case that was open already."""

    case_id: str
    number: str
    joined: bool


@dataclass(frozen=True, slots=True)
class NearCase:
    """An open case that may be about the same thing (疑似重复); ``age_s`` is negative when it was opened later."""

    case_id: str
    number: str
    title: Text
    state_title: Text
    matter_name: str
    address: str
    distance_m: float
    age_s: int
    same_matter: bool
    reporters: int


@dataclass(frozen=True, slots=True)
class StageDue:
    """When a stage would be due, if the case were filed now; ``planned``: it begins when the one before is done."""

    name: str
    deadline: DeadlineResult
    planned: bool


@dataclass(frozen=True, slots=True)
class FittingStandard:
    """A filing standard of the matter in force (立案标准), with what it would mean now."""

    number: int
    filing: str
    closing: str
    evidence: tuple[str, ...]
    stages: tuple[StageDue, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the desk is shown while a report is being written.

    Attributes:
        place: where it is; None without a position.
        matters: what it may be, best first.
        chosen: the matter that the rest is about: the one asked for, else the first; None: none was found.
        duplicates: open cases that may be the same, nearest first.
        route: the unit it would go to and why; None without a matter.
        standards: the filing standards of the matter.
    """

    place: PlaceInfo | None
    matters: tuple[Match, ...]
    chosen: ItemKey | None
    duplicates: tuple[NearCase, ...]
    route: SuggestedUnits | None
    standards: tuple[FittingStandard, ...]


def check_report(principal: Principal, new: NewCaseReport) -> None:
    """Raise ``InvalidError`` (``intake.form``) unless the report can be kept as it is.

    Only people of the desk take in what others report; everybody else reports what they have seen themselves, and gets
    ``ForbiddenError`` for any other source.
    """
    if new.source not in OWN_SOURCES:
        principal.require(Permission.CASES_OPEN)
    lines = {
        "地址": new.address,
        "地址补充": new.address_note,
        "上报人": new.reporter_name,
        "联系方式": new.reporter_contact,
    }
    for name, text in lines.items():
        if text is not None and len(text) > LINE_MAX:
            raise bad_report(f"“{name}”超过 {LINE_MAX} 字", f"a line is longer than {LINE_MAX} characters")
    if new.source not in SOURCES:
        raise bad_report(f"没有来源“{new.source}”", f"there is no source {new.source!r}")
    if len(new.description) > DESCRIPTION_MAX:
        raise bad_report(f"描述超过 {DESCRIPTION_MAX} 字", f"the words are over {DESCRIPTION_MAX} characters")
    if not (-180 <= new.lon <= 180 and -85 <= new.lat <= 85):
        raise bad_report("位置不是有效的经纬度", "the position is not in degrees")
    if not 1 <= new.severity <= 4:
        raise bad_report("等级为 1 至 4", "the severity is 1 to 4")
    if len(new.evidence_ids) > EVIDENCE_MAX:
        raise bad_report(f"证据最多 {EVIDENCE_MAX} 件", f"at most {EVIDENCE_MAX} items of evidence")
    if new.client_id is not None and not 1 <= len(new.client_id) <= 64:
        raise bad_report("重复提交编号为 1 至 64 字", "the client id has 1 to 64 characters")
    if new.reference is not None and len(new.reference) > 80:
        raise bad_report("来源编号超过 80 字", "the reference is longer than 80 characters")
    if new.wants_answer and not new.reporter_contact:
        raise bad_report("需要回访时请留联系方式", "to be called back, a contact is needed")


def bad_report(zh: str, en: str) -> InvalidError:
    """The report cannot be kept as it is."""
    return InvalidError(
        zh, en, code="intake.form", kept=NOTHING_KEPT, todo=Text("请改正后重新提交", "correct it and send it again")
    )

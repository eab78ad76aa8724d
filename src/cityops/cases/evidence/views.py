"""What goes into evidence and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from cityops.cases.evidence.media import MEDIA, Kind

NAME_MAX: Final = 120


class EvidenceRole(StrEnum):
    """What the item shows."""

    BEFORE = "before"  # 处置前
    AFTER = "after"  # 处置后
    REPORT = "report"  # 上报
    DOCUMENT = "document"  # 文书


class Rendition(StrEnum):
    """Which form of an item: the copies are JPEG without EXIF, the original is what was sent."""

    THUMBNAIL = "thumbnail"
    VIEW = "view"
    ORIGINAL = "original"


class Soundness(StrEnum):
    """What re-computing the SHA-256 found."""

    SOUND = "sound"
    CHANGED = "changed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class PhoneFix:
    """Where and when the phone says it was: WGS-84 degrees, milliseconds UTC; what it does not know is None."""

    lon: float | None = None
    lat: float | None = None
    at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class NewEvidence:
    """An item to add.

    Args:
        client_id: made by the sender, 8 to 64 letters, digits, ``-`` or ``_``; the same one again is the same item.
        role: what it shows.
        case_id: the case, or None while the report is not filed yet.
        name: the file's name on the phone; kept for display only.
        before_id: for an ``after`` photo: the ``before`` photo it answers.
        phone: what the phone says; kept beside what the camera wrote.
    """

    client_id: str
    role: EvidenceRole
    case_id: str | None = None
    name: str = ""
    before_id: str | None = None
    phone: PhoneFix | None = None


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A stored item. ``lon``/``lat`` are WGS-84 degrees from ``position_source`` (``exif`` or ``phone``)."""

    id: str
    client_id: str
    case_id: str | None
    report_id: str | None
    kind: Kind
    role: EvidenceRole
    before_id: str | None
    sha256: str
    size: int
    media_type: str
    name: str
    width: int | None
    height: int | None
    has_copies: bool
    taken_ms: int | None
    lon: float | None
    lat: float | None
    position_source: str | None
    claims: dict[str, Any]
    uploaded_ms: int
    uploader_id: str
    uploader_name: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A photo from before the work and the one from after it; either may be missing."""

    before: EvidenceView | None
    after: EvidenceView | None


@dataclass(frozen=True, slots=True)
class Content:
    """A file ready to be sent: where it lies, and the headers that go with it and must not be left out."""

    path: Path
    size: int
    media_type: str
    headers: Mapping[str, str]


def content_headers(media_type: str, name: str, rendition: Rendition) -> dict[str, str]:
    """Headers that keep a browser from taking the content for anything but what it is.

    Only the re-encoded copies of photos, and sound and film, may be shown in a page. Originals of photos and all
    documents are offered for saving. A type outside ``MEDIA`` is never named: it goes out as bytes.
    """
    known = MEDIA.get(media_type)
    inline = (
        known is not None and known.inline and (known.kind is not Kind.PHOTO or rendition is not Rendition.ORIGINAL)
    )
    return {
        "Content-Type": media_type if known else "application/octet-stream",
        "Content-Disposition": f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-store" if rendition is Rendition.ORIGINAL else "private, max-age=3600",
    }


def display_name(given: str, media_type: str) -> str:
    """The sender's file name without folders, control characters and its ending; the ending says what was found."""
    base = given.replace("\\", "/").rsplit("/", 1)[-1]
    stem = base.rsplit(".", 1)[0] if "." in base else base
    kept = "".join(letter for letter in stem if letter.isprintable() and letter not in '<>:"|?*').strip(" .")
    ending = MEDIA[media_type].ending if media_type in MEDIA else "bin"
    return f"{kept[: NAME_MAX - len(ending) - 1] or 'file'}.{ending}"

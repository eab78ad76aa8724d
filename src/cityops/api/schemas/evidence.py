"""Evidence: what is sent with a file, what is said about it (证据)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from cityops.api.schemas.base import Latitude, Longitude, Model, Moment


class NewEvidence(Model):
    """What goes with an upload, in the query. Position and time are the phone's; the camera's own are read as well."""

    client_id: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{8,64}$")]
    role: Literal["before", "after", "report", "document"]
    case_id: Annotated[str | None, Field(max_length=26)] = None
    before_id: Annotated[str | None, Field(max_length=26)] = None
    name: Annotated[str, Field(max_length=200)] = ""
    lon: Longitude | None = None
    lat: Latitude | None = None
    taken_at: AwareDatetime | None = None


class Evidence(Model):
    """A stored file. ``original``: this person may open what was sent; photos are shown as copies without EXIF."""

    evidence_id: str
    case_id: str | None
    kind: Literal["photo", "video", "audio", "document"]
    role: Literal["before", "after", "report", "document"]
    before_id: str | None
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    width: int | None
    height: int | None
    has_copies: bool
    original: bool
    taken_at: Moment | None
    lon: float | None
    lat: float | None
    position_source: Literal["exif", "phone"] | None
    uploaded_at: Moment
    uploader_name: str


class EvidencePair(Model):
    """A photo from before the work and the one from after it; either may be missing (前后对比)."""

    before_id: str | None
    after_id: str | None


class EvidenceList(Model):
    """The evidence of a case, oldest first."""

    items: list[Evidence]
    pairs: list[EvidencePair]

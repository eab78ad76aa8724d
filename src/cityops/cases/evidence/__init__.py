"""Photos, films, sound and documents of cases and reports (证据)."""

from cityops.cases.evidence.book import MAY_ADD, EvidenceBook
from cityops.cases.evidence.media import MEDIA, Kind
from cityops.cases.evidence.pictures import PictureReader
from cityops.cases.evidence.reading import may_open_original
from cityops.cases.evidence.receiving import EvidenceLimits
from cityops.cases.evidence.tables import evidence_table
from cityops.cases.evidence.views import (
    Content,
    EvidenceRole,
    EvidenceView,
    NewEvidence,
    Pair,
    PhoneFix,
    Rendition,
    Soundness,
    content_headers,
)

__all__ = [
    "MAY_ADD",
    "MEDIA",
    "Content",
    "EvidenceBook",
    "EvidenceLimits",
    "EvidenceRole",
    "EvidenceView",
    "Kind",
    "NewEvidence",
    "Pair",
    "PhoneFix",
    "PictureReader",
    "Rendition",
    "Soundness",
    "content_headers",
    "evidence_table",
    "may_open_original",
]

"""Evidence."""

from __future__ import annotations

from typing import Any, Final

from cityops.api.examples.common import CASE_ID, T0, T1

EVIDENCE_ID: Final = "01JZ8Q2V5N3T7Y9ABCDEFGHJKM"

EVIDENCE: Final[dict[str, Any]] = {
    "evidence_id": EVIDENCE_ID,
    "case_id": CASE_ID,
    "kind": "photo",
    "role": "before",
    "before_id": None,
    "name": "井盖.jpg",
    "media_type": "image/jpeg",
    "size_bytes": 2481152,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "width": 4032,
    "height": 3024,
    "has_copies": True,
    "original": True,
    "taken_at": T0,
    "lon": 112.5553,
    "lat": 37.8705,
    "position_source": "exif",
    "uploaded_at": T1,
    "uploader_name": "网格员一",
}
EVIDENCE_LIST: Final[dict[str, Any]] = {
    "items": [EVIDENCE],
    "pairs": [{"before_id": EVIDENCE_ID, "after_id": None}],
}

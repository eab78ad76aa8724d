"""Documents."""

from __future__ import annotations

from typing import Any, Final

DOCUMENT_LIST: Final[dict[str, Any]] = {
    "items": [
        {
            "document_id": "01KATMZ4V2QJ8N5R7WXYB3CDEF",
            "case_id": "01KATMW8S0F1G2H3J4K5M6N7P8",
            "template": "stop_notice",
            "title": {"zh": "责令停止违法行为通知书", "en": "Stop-work notice"},
            "number": "城掘停〔2026〕1号",
            "made_at": "2026-11-22T10:20:00+08:00",
            "maker": "稽查员（演示）",
            "maker_unit": "市政建管中心（演示）",
            "docx_sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "docx_size": 37012,
            "pdf_sha256": "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752",
            "pdf_size": 6542,
            "latest": True,
        }
    ]
}

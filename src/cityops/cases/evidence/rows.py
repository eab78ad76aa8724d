"""Rows of evidence: checks before, views after."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, and_, select

from cityops.cases.evidence.media import Kind
from cityops.cases.evidence.pictures import ExifFacts
from cityops.cases.evidence.refusals import wrong
from cityops.cases.evidence.tables import evidence_table
from cityops.cases.evidence.views import EvidenceRole, EvidenceView, NewEvidence, PhoneFix
from cityops.kit import ConflictError, Text

MOMENT_MAX_MS: Final = 7_258_118_400_000
"""2200-01-01 UTC."""

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_t = evidence_table.c


def check_new(new: NewEvidence) -> None:
    """``InvalidError`` when a field of a new item is wrong."""
    if not _CLIENT_ID.fullmatch(new.client_id):
        raise wrong("client_id 需为 8 至 64 位字母、数字、- 或 _", "client_id has 8 to 64 letters, digits, - or _")
    if new.before_id is not None and new.role is not EvidenceRole.AFTER:
        raise wrong("只有处置后照片可以对应处置前照片", "only an after photo may answer a before photo")
    fix = new.phone
    if fix is not None and (fix.lon is None) != (fix.lat is None):
        raise wrong("手机定位须同时有经度和纬度", "the phone's position has both longitude and latitude")
    if fix is not None and fix.lon is not None and fix.lat is not None and not _on_earth(fix.lon, fix.lat):
        raise wrong("手机定位超出经纬度范围", "the phone's position is not in WGS-84 degrees")
    if fix is not None and fix.at_ms is not None and not 0 <= fix.at_ms <= MOMENT_MAX_MS:
        raise wrong(
            "手机时间不是公元 1970 至 2199 年的毫秒数", "the phone's time is not in milliseconds of 1970 to 2199"
        )


def _on_earth(lon: float, lat: float) -> bool:
    return -180 <= lon <= 180 and -90 <= lat <= 90


def chosen_position(exif: ExifFacts, phone: PhoneFix | None) -> tuple[float | None, float | None, str | None]:
    """The camera's position is that of the photo; the phone's is where it was sent from, the next best."""
    if exif.lon is not None:
        return exif.lon, exif.lat, "exif"
    return (phone.lon, phone.lat, "phone") if phone and phone.lon is not None else (None, None, None)


def claims_of(exif: ExifFacts, phone: PhoneFix | None) -> dict[str, Any]:
    """What the camera and the phone said, side by side, as JSON."""
    claims: dict[str, Any] = {}
    if not exif.readable:
        claims["exif"] = "unreadable"
    elif exif != ExifFacts():
        claims["exif"] = {"taken_ms": exif.taken_ms, "lon": exif.lon, "lat": exif.lat}
    if phone is not None:
        claims["phone"] = {"at_ms": phone.at_ms, "lon": phone.lon, "lat": phone.lat}
    return claims


def stored_row(conn: Connection, row: dict[str, Any]) -> RowMapping | None:
    """The item this sender stored under this ``client_id``, if any."""
    same = and_(_t.uploader_id == row["uploader_id"], _t.client_id == row["client_id"])
    return conn.execute(select(evidence_table).where(same)).mappings().one_or_none()


def same_item(stored: RowMapping, row: dict[str, Any]) -> EvidenceView:
    """The item of the first time; its case may have been filed since. Another content or case is a mistake."""
    if stored["sha256"] == row["sha256"] and row["case_id"] in (None, stored["case_id"]):
        return view_of(stored)
    raise ConflictError(
        "这个上传编号已用于另一个文件",
        "this client_id was used for another file",
        code="evidence.client_id",
        kept=Text("先前的文件保持不变，这一个没有保存", "the first file stays as it is, this one was not kept"),
        todo=Text("请用新的编号上传", "upload it under a new client_id"),
    )


def view_of(row: RowMapping) -> EvidenceView:
    """The item as others see it."""
    columns = {name: value for name, value in row.items() if name not in ("view_sha256", "thumbnail_sha256")}
    columns |= {"kind": Kind(row["kind"]), "role": EvidenceRole(row["role"])}
    return EvidenceView(**columns, has_copies=row["view_sha256"] is not None)

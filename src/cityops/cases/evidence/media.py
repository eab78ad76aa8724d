"""What a file is (媒体类型), found by its content and never by its name or by what the sender says.

Only the types in ``MEDIA`` are taken. Everything else is refused: programs, HTML, SVG, archives, office files with
macros. A photo must decode; a document, sound or film must have the frame of its format whole.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, Final

from cityops.kit import InvalidError, Text

HEAD_BYTES: Final = 4096
WEBM_SCAN_BYTES: Final = 64 * 1024
MOOV_BYTES_MAX: Final = 16 * 1024 * 1024
BOXES_MAX: Final = 10_000
ZIP_ENTRIES_MAX: Final = 10_000
PDF_TAIL_BYTES: Final = 2048


class Kind(StrEnum):
    """What a person sees or hears."""

    PHOTO = "photo"  # 照片
    VIDEO = "video"  # 视频
    AUDIO = "audio"  # 录音
    DOCUMENT = "document"  # 文书


@dataclass(frozen=True, slots=True)
class Media:
    """A type of file that is taken: its kind, whether a browser may show it in a page, and the usual ending."""

    kind: Kind
    inline: bool
    ending: str


MEDIA: Final[Mapping[str, Media]] = {
    "image/jpeg": Media(Kind.PHOTO, True, "jpg"),
    "image/png": Media(Kind.PHOTO, True, "png"),
    "image/webp": Media(Kind.PHOTO, True, "webp"),
    "video/mp4": Media(Kind.VIDEO, True, "mp4"),
    "video/quicktime": Media(Kind.VIDEO, True, "mov"),
    "video/3gpp": Media(Kind.VIDEO, True, "3gp"),
    "video/webm": Media(Kind.VIDEO, True, "webm"),
    "audio/mp4": Media(Kind.AUDIO, True, "m4a"),
    "audio/webm": Media(Kind.AUDIO, True, "webm"),
    "audio/ogg": Media(Kind.AUDIO, True, "ogg"),
    "audio/mpeg": Media(Kind.AUDIO, True, "mp3"),
    "audio/aac": Media(Kind.AUDIO, True, "aac"),
    "audio/wav": Media(Kind.AUDIO, True, "wav"),
    "audio/amr": Media(Kind.AUDIO, True, "amr"),
    "application/pdf": Media(Kind.DOCUMENT, False, "pdf"),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": Media(Kind.DOCUMENT, False, "docx"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": Media(Kind.DOCUMENT, False, "xlsx"),
}

_ZIP: Final = "application/zip"
_ISO_BMFF: Final = "application/mp4"
_OFFICE: Final = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_HEIC_BRANDS: Final = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif", b"avis"})


def guess(head: bytes) -> str:
    """The type the first ``HEAD_BYTES`` speak for; ``application/zip`` and ``application/mp4`` need ``settle``.

    Raises:
        InvalidError: no type that is taken (code ``evidence.type``).
    """
    signatures = (
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"%PDF-", "application/pdf"),
        (b"PK\x03\x04", _ZIP),
        (b"OggS", "audio/ogg"),
        (b"#!AMR\n", "audio/amr"),
        (b"#!AMR-WB\n", "audio/amr"),
        (b"ID3", "audio/mpeg"),
        (b"\x1a\x45\xdf\xa3", "video/webm"),
    )
    for signature, media_type in signatures:
        if head.startswith(signature):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] in (b"WEBP", b"WAVE"):
        return "image/webp" if head[8:12] == b"WEBP" else "audio/wav"
    if head[4:8] == b"ftyp":
        if head[8:12] in _HEIC_BRANDS:
            raise _refused_heic()
        return _ISO_BMFF
    if len(head) >= 4 and head[0] == 0xFF:
        return _raw_sound(head)
    raise _refused()


def kind_of(guessed: str) -> Kind:
    """The kind whose size limit holds while the content is received."""
    if guessed == _ISO_BMFF:
        return Kind.VIDEO
    return Kind.DOCUMENT if guessed == _ZIP else MEDIA[guessed].kind


def settle(guessed: str, content: IO[bytes], size: int) -> str:
    """The type of the whole content, after looking at its frame.

    Raises:
        InvalidError: cut off or broken (``evidence.damaged``), or not a type that is taken (``evidence.type``).
    """
    if guessed == _ZIP:
        return _office_type(content)
    if guessed == _ISO_BMFF:
        return _film_type(content, size)
    content.seek(0)
    if guessed == "video/webm":
        return _webm_type(content.read(WEBM_SCAN_BYTES))
    if guessed == "application/pdf":
        content.seek(max(0, size - PDF_TAIL_BYTES))
        if b"%%EOF" not in content.read():
            raise damaged()
    if guessed == "audio/wav" and struct.unpack("<I", content.read(8)[4:])[0] + 8 > size:
        raise damaged()
    return guessed


def _raw_sound(head: bytes) -> str:
    """AAC in ADTS frames or MPEG audio layer III without a tag: a sync word and a header without reserved values."""
    if head[1] & 0xF6 == 0xF0 and (head[2] >> 2) & 0xF <= 12:
        return "audio/aac"
    layer_3 = head[1] & 0xE6 == 0xE2 and head[1] & 0x18 != 0x08
    if layer_3 and head[2] >> 4 not in (0, 15) and (head[2] >> 2) & 3 != 3:
        return "audio/mpeg"
    raise _refused()


def _office_type(content: IO[bytes]) -> str:
    content.seek(0)
    try:
        with zipfile.ZipFile(content) as archive:
            names = {entry.filename for entry in archive.infolist()[: ZIP_ENTRIES_MAX + 1]}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, struct.error, OSError) as error:
        raise damaged() from error
    if len(names) > ZIP_ENTRIES_MAX or "[Content_Types].xml" not in names:
        raise _refused()
    if any(name.lower().endswith(("vbaproject.bin", ".exe", ".dll", ".js")) for name in names):
        raise _refused()
    found = [media_type for part, media_type in _OFFICE.items() if part in names]
    if len(found) != 1:
        raise _refused()
    return found[0]


def _film_type(content: IO[bytes], size: int) -> str:
    """ISO base media (MP4, MOV, 3GP, M4A): the movie box says whether there is a picture track."""
    content.seek(8)
    brand = content.read(4)
    for kind, at, length in list(_boxes(content, size)):  # to the end, so that a cut-off file is noticed
        if kind != b"moov":
            continue
        if length > MOOV_BYTES_MAX:
            raise _refused()
        content.seek(at)
        handlers = _handlers(content.read(length))
        if b"vide" in handlers:
            return {b"qt  ": "video/quicktime"}.get(brand, "video/3gpp" if brand[:2] == b"3g" else "video/mp4")
        if b"soun" in handlers:
            return "audio/mp4"
        raise _refused()
    raise damaged()


def _boxes(content: IO[bytes], size: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start, length) of the outermost boxes; a box that reaches beyond the end is a cut-off file."""
    at = 0
    for _ in range(BOXES_MAX):
        if at >= size:
            return
        content.seek(at)
        header = content.read(16)
        if len(header) < 8:
            raise damaged()
        length, kind = struct.unpack(">I4s", header[:8])
        if length == 1 and len(header) == 16:
            length = struct.unpack(">Q", header[8:])[0]
        elif length == 0:
            length = size - at
        if length < 8 or at + length > size:
            raise damaged()
        yield kind, at, length
        at += length
    raise damaged()


def _handlers(moov: bytes) -> set[bytes]:
    """The handler types of the tracks: eight bytes after each ``hdlr`` (version, flags, predefined)."""
    found, at = set(), moov.find(b"hdlr")
    while at >= 0:
        found.add(moov[at + 12 : at + 16])
        at = moov.find(b"hdlr", at + 4)
    return found


def _webm_type(head: bytes) -> str:
    if b"webm" not in head[:HEAD_BYTES]:
        raise _refused()
    if any(codec in head for codec in (b"V_VP8", b"V_VP9", b"V_AV1", b"V_MPEG4")):
        return "video/webm"
    if any(codec in head for codec in (b"A_OPUS", b"A_VORBIS")):
        return "audio/webm"
    raise damaged()


def damaged() -> InvalidError:
    """The content breaks off or contradicts itself."""
    return InvalidError(
        "文件不完整或已损坏",
        "the file is cut off or damaged",
        code="evidence.damaged",
        kept=Text("文件没有保存", "the file was not kept"),
        todo=Text("请重新拍摄或重新导出后上传", "take or export it again, then upload"),
    )


def _refused() -> InvalidError:
    return InvalidError(
        "不接受这种文件",
        "this type of file is not taken",
        code="evidence.type",
        kept=Text("文件没有保存", "the file was not kept"),
        todo=Text(
            "请上传照片（JPEG、PNG、WebP）、视频（MP4、MOV、3GP、WebM）、录音或文书（PDF、DOCX、XLSX）",
            "upload a photo (JPEG, PNG, WebP), a film (MP4, MOV, 3GP, WebM), a sound, or a document (PDF, DOCX, XLSX)",
        ),
    )


def _refused_heic() -> InvalidError:
    return InvalidError(
        "不接受 HEIC、AVIF 照片",
        "HEIC and AVIF photos are not taken",
        code="evidence.type",
        kept=Text("文件没有保存", "the file was not kept"),
        todo=Text(
            "请在手机相机设置中选择“兼容性最佳”（JPEG）", "set the camera of the phone to JPEG (most compatible)"
        ),
    )

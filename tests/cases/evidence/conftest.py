"""Real small photos, films and documents, made here byte by byte or by Pillow."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from cityops.cases.evidence import EvidenceBook, EvidenceLimits, PictureReader
from cityops.kit import IdMaker, ManualClock
from cityops.store import Files, Store

EXECUTABLE = b"\x7fELF\x02\x01\x01\x00" + bytes(200)
WINDOWS_PROGRAM = b"MZ\x90\x00" + bytes(200)
HTML = b"<!doctype html><script>alert(1)</script>" + bytes(40)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def photo(
    width: int = 64,
    height: int = 32,
    *,
    form: str = "JPEG",
    orientation: int = 1,
    taken: str | None = None,
    offset: str | None = None,
    gps: bool = False,
) -> bytes:
    """A photo: left half red, right half blue. GPS: 37 deg 52 min 12 s N, 112 deg 33 min 18 s E."""
    image = Image.new("RGB", (width, height), "blue")
    image.paste("red", (0, 0, width // 2, height))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Secret Camera Maker"
    detail = exif.get_ifd(0x8769)
    if taken:
        detail[0x9003] = taken
    if offset:
        detail[0x9011] = offset
    if gps:
        block = exif.get_ifd(0x8825)
        block[1], block[2] = "N", (37.0, 52.0, 12.0)
        block[3], block[4] = "E", (112.0, 33.0, 18.0)
    out = io.BytesIO()
    image.save(out, form, exif=exif, quality=95)
    return out.getvalue()


def png_bomb(width: int, height: int) -> bytes:
    """A PNG of few bytes that says it has width times height pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(1_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", len(data) + 8, kind) + data


def film(handlers: tuple[bytes, ...] = (b"soun", b"vide"), brand: bytes = b"isom") -> bytes:
    """The frame of an ISO base media file with one track for each handler."""
    tracks = b"".join(box(b"trak", box(b"mdia", box(b"hdlr", bytes(8) + handler + bytes(13)))) for handler in handlers)
    return box(b"ftyp", brand + bytes(4) + brand) + box(b"moov", tracks) + box(b"mdat", bytes(500))


def pdf() -> bytes:
    return b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def docx(*more: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", "word/document.xml", *more):
            archive.writestr(name, "<x/>")
    return out.getvalue()


def wav(samples: int = 800) -> bytes:
    data = bytes(2 * samples)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16)
    body = b"WAVE" + form + struct.pack("<4sI", b"data", len(data)) + data
    return struct.pack("<4sI", b"RIFF", len(body)) + body


@pytest.fixture
def files(tmp_path: Path) -> Files:
    (tmp_path / "files").mkdir()
    return Files(tmp_path / "files")


@pytest.fixture
def limits() -> EvidenceLimits:
    return EvidenceLimits(per_case=4, per_report=2, unfiled_per_uploader=2)


@pytest.fixture
def book(store: Store, files: Files, clock: ManualClock, ids: IdMaker, limits: EvidenceLimits) -> EvidenceBook:
    return EvidenceBook(store, files, clock, ids, limits=limits, pictures=PictureReader(pixels_max=1_000_000))

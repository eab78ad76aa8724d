"""Photos (照片): read within bounds, turned upright, copied without EXIF (可交换图像信息).

Sizes are read from the header and checked before any pixel is decoded, so that a small file cannot unfold into all
the memory (decompression bomb). The plug-in classes of Pillow are opened by themselves: the type is known here, and
``Image.open`` would try others.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import IO, Any, Final

from PIL import Image, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from cityops.cases.evidence.media import damaged
from cityops.kit import SHANGHAI, BusyError, InvalidError, Text, to_ms

PIXELS_MAX: Final = 50_000_000
VIEW_PX: Final = 2048
THUMBNAIL_PX: Final = 320
AT_ONCE: Final = 2
WAIT_S: Final = 10.0

_ORIENTATION, _GPS, _EXIF = 0x0112, 0x8825, 0x8769
_TAKEN, _TAKEN_OFFSET = 0x9003, 0x9011
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    EOFError,
    OverflowError,
    ZeroDivisionError,
    struct.error,
    UnidentifiedImageError,
    Image.DecompressionBombError,
    UserWarning,
)
"""What Pillow raises for content that is not what it says; the warning where the interpreter makes errors of them."""


@dataclass(frozen=True, slots=True)
class ExifFacts:
    """What the camera wrote: time, position in WGS-84 degrees; ``readable`` is False when the block was broken."""

    taken_ms: int | None = None
    lon: float | None = None
    lat: float | None = None
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded photo: its size in pixels when upright, the camera's facts, and two JPEG copies without EXIF."""

    width: int
    height: int
    exif: ExifFacts
    view: bytes
    thumbnail: bytes


class PictureReader:
    """Decodes photos, at most ``AT_ONCE`` together; who waits longer than ``wait_s`` gets ``BusyError``."""

    def __init__(self, *, pixels_max: int = PIXELS_MAX, wait_s: float = WAIT_S) -> None:
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._pixels_max = pixels_max
        self._wait_s = wait_s
        self.rejected = 0

    def read(self, media_type: str, content: IO[bytes]) -> Picture:
        """Decode wholly and make the copies.

        Raises:
            InvalidError: cut off, not a picture, or too many pixels.
            BusyError: too many photos are being decoded.
        """
        with self._slot():
            content.seek(0)
            try:
                return self._read(media_type, content)
            except _BROKEN as error:
                raise damaged() from error

    def _read(self, media_type: str, content: IO[bytes]) -> Picture:
        if media_type == "image/webp":  # its class asks for the memory of the canvas at once
            self._check(*_webp_size(content.read(30)))
            content.seek(0)
        image: Image.Image = _CLASSES[media_type](content)
        width, height = image.size
        self._check(width, height)
        orientation, facts = _exif(image)
        if orientation in (5, 6, 7, 8):
            width, height = height, width
        if media_type == "image/jpeg":
            image.draft("RGB", (VIEW_PX, VIEW_PX))
        image.load()
        upright = _plain(image)
        upright.thumbnail((VIEW_PX, VIEW_PX), Image.Resampling.LANCZOS)
        if orientation in _UPRIGHT:
            upright = upright.transpose(_UPRIGHT[orientation])
        view = _jpeg(upright, quality=85)
        upright.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS)
        return Picture(width, height, facts, view, _jpeg(upright, quality=80))

    def _check(self, width: int, height: int) -> None:
        if width < 1 or height < 1:
            raise damaged()
        if width * height <= self._pixels_max:
            return
        raise InvalidError(
            f"照片像素过多：{width}×{height}，上限 {self._pixels_max} 像素",
            f"the photo has too many pixels: {width}×{height}, at most {self._pixels_max} are taken",
            code="evidence.pixels",
            kept=Text("文件没有保存", "the file was not kept"),
            todo=Text("请用普通分辨率重新拍摄", "take it again with a lower resolution"),
        )

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=self._wait_s):
            self.rejected += 1
            raise BusyError(
                "同时处理的照片太多",
                "too many photos are being processed",
                code="evidence.busy",
                kept=Text("文件没有保存", "the file was not kept"),
                todo=Text("请几秒后重试", "try again in a few seconds"),
            )
        try:
            yield
        finally:
            self._slots.release()


_CLASSES: Final[dict[str, Any]] = {
    "image/jpeg": JpegImageFile,
    "image/png": PngImageFile,
    "image/webp": WebPImageFile,
}


def _webp_size(head: bytes) -> tuple[int, int]:
    """Width and height from the first chunk (RFC 9649, sections 2.5 to 2.7)."""
    chunk, data = head[12:16], head[20:]
    if chunk == b"VP8X" and len(data) >= 10:
        return 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
    if chunk == b"VP8L" and len(data) >= 5 and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + ((bits >> 14) & 0x3FFF)
    if chunk == b"VP8 " and len(data) >= 10 and data[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[6:10])
        return width & 0x3FFF, height & 0x3FFF
    raise damaged()


def _plain(image: Image.Image) -> Image.Image:
    """A picture of RGB pixels and nothing else; what is transparent becomes white."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        plain = Image.new("RGB", layer.size, "white")
        plain.paste(layer, mask=layer.getchannel("A"))
        return plain
    pixels = image.convert("RGB")
    plain = Image.new("RGB", pixels.size)
    plain.paste(pixels)
    return plain


def _jpeg(image: Image.Image, *, quality: int) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True)
    return out.getvalue()


def _exif(image: Image.Image) -> tuple[int, ExifFacts]:
    """Orientation (1 is upright) and the facts; a broken block does not cost the photo, it is noted as unreadable."""
    try:
        exif = image.getexif()
        orientation = exif.get(_ORIENTATION, 1)
        position = _position(exif.get_ifd(_GPS))
        taken_ms = _taken_ms(exif.get_ifd(_EXIF))
    except _BROKEN:
        return 1, ExifFacts(readable=False)
    return orientation if orientation in _UPRIGHT else 1, ExifFacts(taken_ms, *(position or (None, None)))


def _position(gps: dict[int, Any]) -> tuple[float, float] | None:
    """(lon, lat) in degrees from GPSLatitude (2), GPSLongitude (4) and their hemispheres (1, 3); 0/0 is no fix."""
    if 2 not in gps or 4 not in gps:
        return None
    lat = _degrees(gps[2]) * (-1 if str(gps.get(1, "N")).upper().startswith("S") else 1)
    lon = _degrees(gps[4]) * (-1 if str(gps.get(3, "E")).upper().startswith("W") else 1)
    inside = -90 <= lat <= 90 and -180 <= lon <= 180  # false for NaN too
    return (lon, lat) if inside and (lon, lat) != (0.0, 0.0) else None


def _degrees(parts: Any) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    return round(degrees + minutes / 60 + seconds / 3600, 7)


def _taken_ms(detail: dict[int, Any]) -> int | None:
    """DateTimeOriginal, in the zone of OffsetTimeOriginal, else in Asia/Shanghai as the camera's wall clock."""
    written = str(detail.get(_TAKEN, "")).strip("\0 ")
    if not written or written.startswith("0000"):
        return None
    moment = datetime.strptime(written, "%Y:%m:%d %H:%M:%S")
    offset = str(detail.get(_TAKEN_OFFSET, "")).strip("\0 ")
    if offset:
        zone = datetime.strptime(offset.replace("Z", "+00:00"), "%z").tzinfo
        return to_ms(moment.replace(tzinfo=zone))
    return to_ms(moment.replace(tzinfo=SHANGHAI))

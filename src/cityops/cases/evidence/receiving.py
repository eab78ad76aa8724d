"""Receiving content (接收): into a spool, bounded by its kind, inspected there; only what is good reaches ``Files``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import MappingProxyType
from typing import IO, Final

from cityops.cases.evidence.media import HEAD_BYTES, MEDIA, Kind, damaged, guess, kind_of, settle
from cityops.cases.evidence.pictures import Picture, PictureReader
from cityops.kit import InvalidError, Text, UnavailableError

MIB: Final = 1024 * 1024
SPOOL_MEMORY_BYTES: Final = 4 * MIB
CHUNK_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class EvidenceLimits:
    """Bounds: bytes by kind, items by case, by report, and by uploader while no case has them."""

    bytes_max: Mapping[Kind, int] = field(
        default_factory=lambda: MappingProxyType(
            {Kind.PHOTO: 30 * MIB, Kind.AUDIO: 30 * MIB, Kind.DOCUMENT: 50 * MIB, Kind.VIDEO: 500 * MIB}
        )
    )
    per_case: int = 200
    per_report: int = 10
    unfiled_per_uploader: int = 500


@dataclass(frozen=True, slots=True)
class Received:
    """Inspected content: its stream, hash, length, type, and for a photo what was read from it."""

    stream: IO[bytes]
    sha256: str
    size: int
    media_type: str
    picture: Picture | None

    @property
    def kind(self) -> Kind:
        """What a person sees or hears."""
        return MEDIA[self.media_type].kind

    def chunks(self) -> Iterator[bytes]:
        """The content from its beginning."""
        self.stream.seek(0)
        while chunk := self.stream.read(CHUNK_BYTES):
            yield chunk


@contextmanager
def receive(
    chunks: Iterable[bytes], limits: EvidenceLimits, pictures: PictureReader, folder: Path | None
) -> Iterator[Received]:
    """Take the content in and inspect it; the spool is gone when the block ends.

    Raises:
        InvalidError: empty, too long, not a type that is taken, or damaged.
        UnavailableError: the spool's disk is full.
        BusyError: too many photos are being processed.
    """
    with SpooledTemporaryFile(SPOOL_MEMORY_BYTES, dir=str(folder) if folder else None) as spool:
        try:
            guessed, sha256, size = _fill(spool, chunks, limits)
        except OSError as error:
            raise _no_space(error) from error
        media_type = settle(guessed, spool, size)
        kind = MEDIA[media_type].kind
        if size > limits.bytes_max[kind]:
            raise too_long(kind, limits.bytes_max[kind])
        picture = pictures.read(media_type, spool) if kind is Kind.PHOTO else None
        yield Received(spool, sha256, size, media_type, picture)


def _fill(spool: IO[bytes], chunks: Iterable[bytes], limits: EvidenceLimits) -> tuple[str, str, int]:
    """(guessed type, SHA-256, length); stops as soon as the type is refused or the bound is passed."""
    digest, size, head, guessed, bound = hashlib.sha256(), 0, b"", "", 0
    for chunk in chunks:
        size += len(chunk)
        digest.update(chunk)
        spool.write(chunk)
        if not guessed:
            head += chunk[:HEAD_BYTES]
            if len(head) < HEAD_BYTES:
                continue
            guessed = guess(head)
            bound = limits.bytes_max[kind_of(guessed)]
        if size > bound:
            raise too_long(kind_of(guessed), bound)
    if size == 0:
        raise damaged()
    return guessed or guess(head), digest.hexdigest(), size


def too_long(kind: Kind, bytes_max: int) -> InvalidError:
    """The content is longer than its kind may be."""
    words = {Kind.PHOTO: "照片", Kind.AUDIO: "录音", Kind.DOCUMENT: "文书", Kind.VIDEO: "视频"}
    return InvalidError(
        f"{words[kind]}超过上限 {bytes_max / MIB:g} MiB",
        f"a {kind.value} may have at most {bytes_max / MIB:g} MiB",
        code="evidence.too_long",
        kept=Text("文件没有保存", "the file was not kept"),
        todo=Text("请压缩或分段后上传", "compress or split it, then upload"),
    )


def _no_space(error: OSError) -> UnavailableError:
    return UnavailableError(
        f"文件无法暂存：{error.strerror}",
        f"the file cannot be spooled: {error.strerror}",
        code="evidence.spool",
        kept=Text("文件没有保存", "the file was not kept"),
        todo=Text(
            "请检查磁盘空间后重试；手机上的原件请勿删除", "check disk space, then send again; keep it on the phone"
        ),
    )

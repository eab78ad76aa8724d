from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cityops.cases.evidence import EvidenceLimits, Kind, PictureReader, Rendition, content_headers
from cityops.cases.evidence.pictures import Picture
from cityops.cases.evidence.receiving import receive
from cityops.kit import BusyError, CityOpsError, InvalidError

from .conftest import EXECUTABLE, HTML, SVG, WINDOWS_PROGRAM, docx, film, pdf, photo, png_bomb, wav

LIMITS = EvidenceLimits({Kind.PHOTO: 200_000, Kind.AUDIO: 3000, Kind.DOCUMENT: 3000, Kind.VIDEO: 3000})
READER = PictureReader(pixels_max=1_000_000)


def take(content: bytes, *, step: int = 1000) -> tuple[str, Picture | None]:
    chunks = (content[at : at + step] for at in range(0, len(content), step))
    with receive(chunks, LIMITS, READER, None) as received:
        assert b"".join(received.chunks()) == content
        return received.media_type, received.picture


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (photo(), "image/jpeg"),
        (photo(form="PNG"), "image/png"),
        (photo(form="WEBP"), "image/webp"),
        (film(), "video/mp4"),
        (film((b"soun",)), "audio/mp4"),
        (film(brand=b"qt  "), "video/quicktime"),
        (film(brand=b"3gp5"), "video/3gpp"),
        (pdf(), "application/pdf"),
        (docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (wav(), "audio/wav"),
        (b"#!AMR\n" + bytes(100), "audio/amr"),
        (b"OggS" + bytes(24) + b"OpusHead", "audio/ogg"),
        (b"\xff\xfb\x90\x00" + bytes(100), "audio/mpeg"),
        (b"\xff\xf1\x50\x80" + bytes(100), "audio/aac"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm" + bytes(50) + b"A_OPUS", "audio/webm"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm" + b"A_OPUS" + b"V_VP9", "video/webm"),
    ],
)
@pytest.mark.parametrize("step", [1, 5000])
def test_type_is_found_by_content(content: bytes, media_type: str, step: int) -> None:
    assert take(content, step=step)[0] == media_type


@pytest.mark.parametrize(
    "content",
    [EXECUTABLE, WINDOWS_PROGRAM, HTML, SVG, b"#!/bin/sh\nrm -rf /", b"plain words", bytes(5000), b"GIF89a" + bytes(9),
     docx("word/vbaProject.bin"), b"\0\0\0\x18ftypheic" + bytes(16)],
)  # fmt: skip
def test_what_is_not_on_the_list_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidError) as caught:
        take(content)
    assert caught.value.code == "evidence.type"
    assert caught.value.todo is not None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        photo(400, 400)[:-2000],
        photo(400, 400, form="PNG")[:-300],
        photo(400, 400, form="WEBP")[:-40],
        film()[:-1],
        film()[:40],
        pdf()[:-8],
        docx()[:-30],
        wav()[:-1],
        b"\xff\xd8\xff" + EXECUTABLE,
        b"\x89PNG\r\n\x1a\n" + HTML,
    ],
)
def test_cut_off_or_broken_content_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidError) as caught:
        take(content)
    assert caught.value.code == "evidence.damaged"


def test_decompression_bomb_is_refused_by_its_header() -> None:
    bomb = png_bomb(30_000, 30_000)
    assert len(bomb) < 2000
    with pytest.raises(InvalidError, match="30000×30000") as caught:
        take(bomb)
    assert caught.value.code == "evidence.pixels"


def test_webp_bomb_is_refused_before_its_canvas_is_allocated() -> None:
    head = b"VP8X" + (10).to_bytes(4, "little") + bytes(4) + (16_382).to_bytes(3, "little") * 2
    bomb = b"RIFF" + (4 + len(head)).to_bytes(4, "little") + b"WEBP" + head
    with pytest.raises(InvalidError, match="16383×16383"):
        take(bomb)


@pytest.mark.parametrize(("content", "kind"), [(film() + bytes(9000), "video"), (pdf() * 100, "document")])
def test_longer_than_its_kind_may_be(content: bytes, kind: str) -> None:
    with pytest.raises(InvalidError, match=f"a {kind} may have at most") as caught:
        take(content)
    assert caught.value.code == "evidence.too_long"


def test_an_endless_upload_stops_at_the_bound() -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        yield b"#!AMR\n"
        while True:
            taken += 1000
            yield bytes(1000)

    with pytest.raises(InvalidError), receive(endless(), LIMITS, READER, None):
        pass
    assert taken <= 5000


def test_only_known_types_are_named_and_only_copies_of_photos_are_shown() -> None:
    html = content_headers("text/html", "a.html", Rendition.VIEW)
    assert html["Content-Type"] == "application/octet-stream"
    assert html["Content-Disposition"].startswith("attachment")
    assert content_headers("image/svg+xml", "a", Rendition.VIEW)["Content-Type"] == "application/octet-stream"
    assert content_headers("image/jpeg", "a", Rendition.ORIGINAL)["Content-Disposition"].startswith("attachment")
    assert content_headers("image/jpeg", "a", Rendition.VIEW)["Content-Disposition"].startswith("inline")
    assert content_headers("application/pdf", "a", Rendition.ORIGINAL)["Content-Disposition"].startswith("attachment")
    quoted = content_headers("audio/wav", '冰"\r\nX: y', Rendition.ORIGINAL)["Content-Disposition"]
    assert quoted == "inline; filename*=UTF-8''%E5%86%B0%22%0D%0AX%3A%20y"


class SlowPhoto(io.BytesIO):
    """A photo whose reading waits until it is let go."""

    def __init__(self, go: threading.Event) -> None:
        super().__init__(photo())
        self._go = go
        self.reading = threading.Event()

    def read(self, size: int | None = -1) -> bytes:
        self.reading.set()
        assert self._go.wait(120)
        return super().read(size)


def test_more_photos_than_may_be_decoded_together_are_refused_and_counted() -> None:
    reader, go = PictureReader(wait_s=0.05), threading.Event()
    slow = [SlowPhoto(go), SlowPhoto(go)]
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(reader.read, "image/jpeg", one) for one in slow]
        assert all(one.reading.wait(120) for one in slow)
        with pytest.raises(BusyError):
            reader.read("image/jpeg", io.BytesIO(photo()))
        go.set()
        assert [future.result().width for future in running] == [64, 64]
    assert reader.rejected == 1
    assert reader.read("image/jpeg", io.BytesIO(photo())).height == 32


REFUSALS = ("evidence.type", "evidence.damaged", "evidence.too_long", "evidence.pixels")


def outcome(content: bytes) -> str:
    try:
        take(content)
    except CityOpsError as error:
        return error.code
    return "taken"


SEEDS = [photo(), photo(form="PNG"), photo(form="WEBP"), film(), pdf(), docx(), wav()]


@settings(max_examples=150)
@given(st.sampled_from(SEEDS), st.data())
def test_mutated_content_is_taken_or_refused_in_words(seed: bytes, data: st.DataObject) -> None:
    content = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(1, len(content))) :]
    assert outcome(bytes(content)) in ("taken", *REFUSALS)


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_random_bytes_are_taken_or_refused_in_words(content: bytes) -> None:
    assert outcome(content) in ("taken", *REFUSALS)

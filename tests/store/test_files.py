from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.store.helpers import together

from cityops.kit import InvalidError, NotFoundError, UnavailableError
from cityops.store import FileRef, Files

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # FIPS 180-4, the empty message
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4, "abc"


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_content_is_kept_once_under_its_sha256(tmp_path: Path) -> None:
    files = Files(tmp_path / "files")
    assert files.put([b"a", b"", b"bc"]) == FileRef(ABC, 3)
    assert files.put([b"abc"]) == FileRef(ABC, 3)
    assert files.put([]) == FileRef(EMPTY, 0)
    assert everything(tmp_path) == [f"files/ba/{ABC}", f"files/e3/{EMPTY}"]
    with files.open(ABC) as content:
        assert content.read() == b"abc"


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=200), max_size=5))
def test_any_content_comes_back(tmp_path: Path, chunks: list[bytes]) -> None:
    files = Files(tmp_path)
    ref = files.put(chunks)
    assert ref == FileRef(hashlib.sha256(b"".join(chunks)).hexdigest(), len(b"".join(chunks)))
    with files.open(ref.sha256) as content:
        assert content.read() == b"".join(chunks)
    assert files.sound(ref.sha256)


@pytest.mark.parametrize("name", ["", "abc", "../../etc/passwd", ABC.upper(), ABC + "0", ABC])
def test_what_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(NotFoundError):
        Files(tmp_path).open(name)


def test_a_damaged_file_is_found(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.put([b"abc"])
    files.path(ABC).write_bytes(b"abd")
    assert not files.sound(ABC)


def test_too_long_keeps_nothing(tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="3 bytes"):
        Files(tmp_path).put([b"ab", b"cd"], bytes_max=3)
    assert everything(tmp_path) == []


def test_a_sender_that_breaks_off_keeps_nothing(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"ab"
        raise ConnectionResetError(errno.ECONNRESET, "reset")

    with pytest.raises(UnavailableError):
        Files(tmp_path).put(broken())
    assert everything(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("a file where the folder should be")
    with pytest.raises(UnavailableError, match="cannot be written"):
        Files(tmp_path / "files").put([b"abc"])


def test_the_same_content_from_many_at_once(tmp_path: Path) -> None:
    files = Files(tmp_path)
    together(8, lambda _: files.put([b"abc"]))
    assert everything(tmp_path) == [f"ba/{ABC}"]


def test_leftovers_are_swept_by_age(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.put([b"abc"])
    for name, at_s in (("old", 1000), ("new", 3000)):
        leftover = tmp_path / ".partial" / name
        leftover.write_bytes(b"x")
        os.utime(leftover, (at_s, at_s))
    assert files.sweep(2_000_000) == 1
    assert everything(tmp_path) == [".partial/new", f"ba/{ABC}"]

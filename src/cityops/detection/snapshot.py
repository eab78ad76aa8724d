"""The detectors' memory on disk (状态快照): one file, replaced in one step, or refused as a whole."""

from __future__ import annotations

import json
import logging
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from cityops.detection.detector import Array

FORMAT: Final = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Snapshot:
    """What a snapshot holds: arrays by name, and a JSON-able header with the log positions."""

    arrays: Mapping[str, Array]
    header: Mapping[str, Any]


def save_snapshot(path: Path, snapshot: Snapshot) -> None:
    """Write and make durable, then replace the old one.

    Raises:
        OSError: the disk takes nothing; the old snapshot stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    header = json.dumps({"format": FORMAT, **snapshot.header}).encode()
    arrays: dict[str, Any] = {**snapshot.arrays, "header": np.frombuffer(header, np.uint8)}
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as stream:
        np.savez(stream, **arrays)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load_snapshot(path: Path) -> Snapshot | None:
    """The last snapshot; ``None`` when there is none or it cannot be read, which is logged: history replaces it."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        header = json.loads(arrays.pop("header").tobytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        _log.error("the snapshot %s cannot be read (%s); the state is rebuilt from history", path, error)
        return None
    if header.get("format") != FORMAT:
        _log.error("the snapshot %s has format %s; the state is rebuilt from history", path, header.get("format"))
        return None
    return Snapshot(arrays, header)

"""How far the named consumers of a log have come, and the release of what all of them have passed."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cityops.kit import ConfigError, Text
from cityops.observations.log import release_segments
from cityops.observations.segments import make_folder, write_file


@dataclass(frozen=True)
class Progress:
    """A consumer's position; ``pending`` is the end of a piece of work that was begun behind it, if any."""

    position: int = 0
    pending: int | None = None


class PositionFile:
    """The position of one consumer, kept durably and replaced in one step: ``state/<consumer>.position``."""

    def __init__(self, state_folder: Path, consumer: str) -> None:
        self._path = state_folder / f"{consumer}.position"

    def load(self) -> Progress:
        """The position last saved; 0 when there is none.

        Raises:
            ConfigError: the file is not one of ours.
        """
        try:
            content = json.loads(self._path.read_bytes())
            return Progress(int(content["position"]), content["pending"])
        except FileNotFoundError:
            return Progress()
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                f"位置文件 {self._path} 无法解读",
                f"the position file {self._path} cannot be read",
                code="position.damaged",
                kept=Text("日志未受影响", "the log is untouched"),
                todo=Text(
                    "从备份恢复该文件，或删除它以从头重读日志",
                    "restore it from a backup, or delete it to read the log from its start",
                ),
            ) from error

    def save(self, position: int, *, pending: int | None = None) -> None:
        """Keep the position durably; raises ``OSError`` when the disk does not take it (the old one then stays)."""
        make_folder(self._path.parent)
        write_file(self._path, json.dumps({"position": position, "pending": pending}).encode())


def release_passed(log_folder: Path, state_folder: Path, consumers: Collection[str]) -> int:
    """Remove the log segments that every one of ``consumers`` has passed. Returns how many were removed.

    A consumer without a position file has read nothing yet and holds everything; without consumers nothing goes.
    """
    if not consumers:
        return 0
    passed = min(PositionFile(state_folder, consumer).load().position for consumer in consumers)
    return release_segments(log_folder, passed)

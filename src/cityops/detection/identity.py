"""The identity of an alert (预警标识): typed, versioned, the same for the same facts."""

from __future__ import annotations

import re
from typing import Final, NamedTuple, Self

from cityops.kit import InvalidError

_WORD: Final = re.compile(r"[a-z][a-z0-9_]*")


class AlertIdentity(NamedTuple):
    """Who found what about whom, and when it began. Written ``scene/detector/v1/device/start_ms``."""

    scene: str
    detector: str
    version: int
    device: int
    episode_start_ms: int

    def __str__(self) -> str:
        """The text that is unique in the table."""
        return f"{self.scene}/{self.detector}/v{self.version}/{self.device}/{self.episode_start_ms}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The opposite of ``str``.

        Raises:
            InvalidError: it is not an identity.
        """
        parts = text.split("/")
        numbers = [parts[2][1:], parts[3], parts[4]] if len(parts) == 5 and parts[2].startswith("v") else []
        if not numbers or not all(re.fullmatch(r"-?\d+", number) for number in numbers):
            raise InvalidError(f"不是预警标识：{text}", f"not an alert identity: {text}")
        if not _WORD.fullmatch(parts[0]) or not _WORD.fullmatch(parts[1]):
            raise InvalidError(f"不是预警标识：{text}", f"not an alert identity: {text}")
        return cls(parts[0], parts[1], int(numbers[0]), int(numbers[1]), int(numbers[2]))

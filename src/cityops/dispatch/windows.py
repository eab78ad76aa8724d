"""The hours of each day in which something holds (每日时段), such as night work from 22:00 to 05:00."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from cityops.kit import InvalidError, from_ms


@dataclass(frozen=True, slots=True)
class DailyWindow:
    """From ``begins`` (included) to ``ends`` (not included) of each day in Asia/Shanghai, over midnight if need be.

    Raises:
        InvalidError: ``window.empty``: both are the same.
    """

    begins: time
    ends: time

    def __post_init__(self) -> None:
        if self.begins == self.ends:
            raise InvalidError(
                "时段的开始与结束不能相同", "a window begins and ends at different times", code="window.empty"
            )

    @classmethod
    def parse(cls, begins: str, ends: str) -> DailyWindow:
        """Of two times such as ``22:00``; ``InvalidError`` (``window.form``) for anything else."""
        try:
            return cls(*(time(int(text[:2]), int(text[3:])) for text in (begins, ends) if _is_time(text)))
        except (TypeError, ValueError) as error:
            raise InvalidError("时间应如 22:00", "times look like 22:00", code="window.form") from error

    def holds(self, at_ms: int) -> bool:
        """Whether it holds at a moment."""
        now = from_ms(at_ms).time()
        if self.begins < self.ends:
            return self.begins <= now < self.ends
        return now >= self.begins or now < self.ends


def _is_time(text: str) -> bool:
    return len(text) == 5 and text[2] == ":" and text[:2].isascii() and text[:2].isdigit() and text[3:].isdigit()

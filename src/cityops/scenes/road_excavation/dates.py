"""The order of dates (日期顺序): found, stopped, transferred, received, filed, decided, paid; nothing in the future."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final

from cityops.kit import SHANGHAI, Text

ORDER: Final[Mapping[str, Text]] = {
    "found_on": Text("发现", "found"),
    "stopped_on": Text("责令停工", "stop order"),
    "transferred_on": Text("移送", "transfer"),
    "received_on": Text("签收", "receipt"),
    "filed_on": Text("立案", "filing"),
    "decided_on": Text("处罚决定", "decision"),
    "paid_on": Text("缴款", "payment"),
}
"""Each is not earlier than any that stands before it."""

RESTORED: Final = ("restored_on", Text("恢复", "restoration"))
"""Not earlier than the stop order; otherwise independent of the decision."""

_NAMES: Final = (*ORDER, RESTORED[0])


def days_in(told: Mapping[str, Any]) -> dict[str, date]:
    """The days among a form's values, in Asia/Shanghai."""
    return {name: day_of(told[name]) for name in _NAMES if told.get(name)}


def day_of(moment: str) -> date:
    """The day of a moment with a zone (ISO 8601), in Asia/Shanghai."""
    return datetime.fromisoformat(moment).astimezone(SHANGHAI).date()


def contradictions(days: Mapping[str, date], today: date, *, about: Iterable[str] | None = None) -> list[Text]:
    """What is wrong with these days, in words that name both; empty when they can be true.

    Args:
        days: by name, as far as they are known.
        today: nothing happened after it.
        about: only contradictions in which one of these is the later-standing one (None: all).
    """
    wanted = set(_NAMES if about is None else about)
    titles = {**ORDER, RESTORED[0]: RESTORED[1]}
    found = [
        Text(f"{titles[name].zh}日期 {day} 在今天之后", f"{titles[name].en} {day} is in the future")
        for name, day in days.items()
        if name in wanted and day > today
    ]
    order = list(ORDER)
    pairs = [(order[i], order[j]) for j in range(len(order)) for i in range(j)]
    pairs += [("found_on", RESTORED[0]), ("stopped_on", RESTORED[0])]
    for before, after in pairs:
        if after in wanted and before in days and after in days and days[after] < days[before]:
            found.append(
                Text(
                    f"{titles[after].zh}日期 {days[after]} 早于{titles[before].zh}日期 {days[before]}",
                    f"{titles[after].en} {days[after]} is earlier than {titles[before].en} {days[before]}",
                )
            )
    return found

"""What is different between two versions of a rule table (版本比较): rows added, changed and removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that stands in both versions with other words; ``fields``: which."""

    before: Row
    after: Row
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """The differences, each in the order of the version it stands in."""

    added: tuple[Row, ...]
    changed: tuple[ChangedRow, ...]
    removed: tuple[Row, ...]

    @property
    def count(self) -> int:
        """How many rows are different."""
        return len(self.added) + len(self.changed) + len(self.removed)


def compare(before: Iterable[Row], after: Iterable[Row], key: Sequence[str]) -> Changes:
    """The differences between two versions.

    Args:
        before: the older rows.
        after: the newer rows.
        key: the fields that make a row the same row; of several with one key the last counts.
    """
    old = {_named(row, key): row for row in before}
    new = {_named(row, key): row for row in after}
    changed = []
    for name, row in new.items():
        fields = tuple(field for field in row if name in old and old[name].get(field, "") != row[field])
        if fields:
            changed.append(ChangedRow(old[name], row, fields))
    return Changes(
        tuple(row for name, row in new.items() if name not in old),
        tuple(changed),
        tuple(row for name, row in old.items() if name not in new),
    )


def _named(row: Row, key: Sequence[str]) -> tuple[str, ...]:
    return tuple(row.get(field, "") for field in key)

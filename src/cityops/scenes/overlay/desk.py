"""What a person does with an overlay: check, publish with or without a trial, compare, roll back, xlsx out and in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cityops.access import Permission, Principal
from cityops.cases.catalogue import Changes, Column, RowError, RuleTables, RuleVersion, compare, read_rows, write_rows
from cityops.kit import ConflictError, InvalidError, Text
from cityops.scenes.overlay.book import Overlays, rows_of, table_name
from cityops.scenes.overlay.leaves import NOTHING
from cityops.scenes.overlay.merging import MAX_ROWS, RowFault, Rows
from cityops.scenes.overlay.trials import Trial, Trials

COLUMNS: Final = (
    Column("可调项", "path", True, 60),
    Column("说明", "about", False, 50),
    Column("内置值", "built_in", False, 30),
    Column("本市值", "value", False, 30),
)
KEY: Final = ("path",)


@dataclass(frozen=True)
class Checked:
    """Values as they would be published, what is wrong with them, what they would change against those in force."""

    rows: Rows
    faults: Sequence[RowFault]
    changes: Changes


class OverlayDesk:
    """The overlay of one scene.

    Args:
        scene: its name.
        overlays: what holds.
        tables: the published versions.
        trials: the trials.

    Raises:
        NotFoundError: there is no such scene.
    """

    def __init__(self, scene: str, overlays: Overlays, tables: RuleTables, trials: Trials) -> None:
        overlays.in_force(scene)
        self.table = table_name(scene)
        self._scene = scene
        self._overlays = overlays
        self._tables = tables
        self._trials = trials
        self._declared = overlays.declared[scene]

    def check(self, values: Rows) -> Checked:
        """Nothing is stored; values that say what is declared anyway are dropped."""
        rows = self._rows(values)
        return Checked(rows, self._declared.merge(rows).faults, self._changes(self._in_force(), rows))

    def ask_trial(self, person: Principal, values: Rows, base_version: int) -> Trial:
        """Have values tried against the last 90 days; raises like ``Trials.ask``, and ``InvalidError`` when wrong."""
        rows = self._rows(values)
        self._declared.sound(rows)
        return self._trials.ask(person, self.table, _fields(rows), base_version)

    def publish(
        self, person: Principal, values: Rows, *, expected_version: int, note: str, untried_reason: str
    ) -> RuleVersion:
        """Publish values as the next version; in force at once here, within a second in every process.

        Raises:
            ForbiddenError: without ``rules.publish``. InvalidError: values are wrong, or there is no note.
            ConflictError: ``overlay.untried``: exactly these values were not tried on the version in force and no
                reason is given to do without; ``rules.stale``: somebody published meanwhile.
        """
        person.require(Permission.RULES_PUBLISH)
        rows = self._rows(values)
        self._declared.sound(rows)
        if self._trials.done_for(self.table, _fields(rows), expected_version) is None:
            if not untried_reason.strip():
                raise _untried()
            note = f"{note.strip()}（未试算发布 untried：{untried_reason.strip()}）" if note.strip() else ""
        made = self._tables.publish(person, self.table, _fields(rows), expected_version=expected_version, note=note)
        self._overlays.refresh()
        return made

    def roll_back(self, person: Principal, to_version: int, *, expected_version: int, note: str) -> RuleVersion:
        """Publish an older version again, which was in force and is not tried anew; 0: what is built in.

        Raises:
            NotFoundError: no such version. InvalidError: its values no longer fit. Else like ``publish``.
        """
        person.require(Permission.RULES_PUBLISH)
        self._declared.sound(self.at(to_version))
        if to_version == 0:
            made = self._tables.publish(person, self.table, [], expected_version=expected_version, note=note)
        else:
            made = self._tables.roll_back(person, self.table, to_version, expected_version=expected_version, note=note)
        self._overlays.refresh()
        return made

    def history(self) -> list[RuleVersion]:
        """The newest 200 versions, newest first."""
        return self._tables.history(self.table)

    def at(self, version: int) -> Rows:
        """The values of a version; none of version 0."""
        return {} if version == 0 else rows_of(row.fields for row in self._tables.at(self.table, version)[1])

    def changes(self, before: int, after: int) -> Changes:
        """What is different between two versions."""
        return self._changes(self.at(before), self.at(after))

    def sheet(self, version: int | None) -> bytes:
        """Everything that may be changed as xlsx, with the values of a version (None: those in force)."""
        rows = self._in_force() if version is None else self.at(version)
        lines = (
            (leaf.path, leaf.about.zh, leaf.value, rows.get(leaf.path, "")) for leaf in self._declared.leaves.values()
        )
        return write_rows("场景配置", COLUMNS, lines)

    def read_sheet(self, content: bytes) -> tuple[Rows, list[RowError]]:
        """The values of a sheet and what is wrong in it, row by row; an empty value is the built-in one.

        Raises:
            InvalidError: ``import.file``: no xlsx, or not with these headings.
        """
        values: dict[str, str] = {}
        errors: list[RowError] = []
        row_of: dict[str, int] = {}
        for row in read_rows(content, COLUMNS):
            errors += row.errors
            path, value = row.fields["path"], row.fields["value"]
            if path in row_of:
                errors.append(RowError(row.row, "可调项", Text("重复", "is there twice")))
            elif not row.errors and value:
                values[path] = value
            row_of[path] = row.row
        checked = self.check(values)
        errors += [RowError(row_of.get(fault.path, 1), "本市值", fault.text) for fault in checked.faults]
        return checked.rows, errors

    def _in_force(self) -> Rows:
        return self._overlays.in_force(self._scene).rows

    def _rows(self, values: Rows) -> Rows:
        if len(values) > MAX_ROWS:
            raise InvalidError(f"超过 {MAX_ROWS} 项", f"more than {MAX_ROWS} values", code="overlay.rows")
        return self._declared.differing(values)

    def _changes(self, before: Rows, after: Rows) -> Changes:
        """With the built-in value where one of both says nothing."""
        leaves = self._declared.leaves
        paths = [path for path in {**before, **after} if before.get(path) != after.get(path)]
        built_in = {path: leaves[path].value if path in leaves else NOTHING for path in paths}
        older = [{"path": path, "value": before.get(path, built_in[path])} for path in paths]
        newer = [{"path": path, "value": after.get(path, built_in[path])} for path in paths]
        return compare(older, newer, KEY)


def _fields(rows: Rows) -> Sequence[dict[str, str]]:
    return [{"path": path, "value": value} for path, value in rows.items()]


def _untried() -> ConflictError:
    return ConflictError(
        "这些值还没有在现行版本上试算过。",
        "exactly these values were not tried on the version in force",
        code="overlay.untried",
        kept=Text("没有发布，现行配置未改变。", "Nothing was published; what is in force stands."),
        todo=Text("请先试算；确需直接发布的，请写明理由。", "Try them first, or give the reason to publish untried."),
    )

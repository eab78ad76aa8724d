"""Within which distance and time two reports may be one and the same (重复判定规则), by matter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cityops.cases.catalogue import (
    NATIONAL,
    Catalogue,
    Column,
    Import,
    ItemKey,
    Kind,
    RowError,
    SheetRow,
    cell_words,
    is_class,
    is_code,
    parse_one,
    read_rows,
    whole_number,
    write_rows,
)
from cityops.kit import InvalidError, Text

MAX_RADIUS_M: Final = 2_000
MAX_WINDOW_H: Final = 24 * 366
DEFAULT_RADIUS_M: Final = 50
DEFAULT_WINDOW_H: Final = 72
"""Ours, no standard's: what a city without a table of its own begins with."""
_COVERS: Final = Text("井盖", "manhole covers")
_REFUSE: Final = Text("垃圾", "refuse")
RULE_COLUMNS: Final[Sequence[Column]] = (
    Column("标准", "standard", required=False, width=22),
    Column("事项或大类代码", "code", required=False),
    Column("距离（米）", "radius_m", required=True),
    Column("时间（小时）", "window_h", required=True),
    Column("同类组", "group", required=False, words=cell_words([_COVERS, _REFUSE])),
)


@dataclass(frozen=True, slots=True)
class DuplicateRule:
    """One row: matter (five digits), class (two digits) or all (empty), and how near is the same.

    Matters with the same ``group`` are kin (近似事项): a report of one may be a duplicate of the other.

    Raises:
        InvalidError: ``duplicates.rule``: says which part.
    """

    standard: str
    code: str
    radius_m: int
    window_h: int
    group: str = ""

    def __post_init__(self) -> None:
        if bool(self.standard) != bool(self.code) or (self.code and not (is_code(self.code) or is_class(self.code))):
            raise _bad_rule("事项代码应为 5 位、大类代码 2 位，并写明标准", "five digits of a matter or two of a class")
        if not 0 < self.radius_m <= MAX_RADIUS_M or not 0 < self.window_h <= MAX_WINDOW_H:
            raise _bad_rule(
                f"距离为 1 至 {MAX_RADIUS_M} 米，时间为 1 至 {MAX_WINDOW_H} 小时",
                f"1 to {MAX_RADIUS_M} m and 1 to {MAX_WINDOW_H} h",
            )
        if self.group and not is_code(self.code):
            raise _bad_rule("只有单个事项可以归入同类组", "only a single matter can be in a group of kin")


class DuplicateRules:
    """The rules of a city: the row of the matter, else of its class, else of all, else the product's default.

    Raises:
        InvalidError: ``duplicates.rule``: two rows for the same.
    """

    def __init__(self, rules: Iterable[DuplicateRule] = ()) -> None:
        self._rules: dict[tuple[str, str], DuplicateRule] = {}
        self._groups: dict[str, list[ItemKey]] = {}
        for rule in rules:
            if (rule.standard, rule.code) in self._rules:
                raise _bad_rule(f"重复：{rule.standard} {rule.code}", f"twice: {rule.standard} {rule.code}")
            self._rules[rule.standard, rule.code] = rule
            if rule.group:
                self._groups.setdefault(rule.group, []).append(ItemKey(rule.standard, Kind.MATTER, rule.code))

    @property
    def rules(self) -> list[DuplicateRule]:
        """All rows, by matter."""
        return sorted(self._rules.values(), key=lambda rule: (rule.standard, rule.code))

    def of(self, key: ItemKey) -> DuplicateRule:
        """The rule for a matter."""
        for name in ((key.standard, key.code), (key.standard, key.code[:2])):
            if name in self._rules:
                return self._rules[name]
        return self.general

    @property
    def general(self) -> DuplicateRule:
        """The row of all, which also holds for cases without a matter."""
        return self._rules.get(("", ""), DuplicateRule("", "", DEFAULT_RADIUS_M, DEFAULT_WINDOW_H))

    def kin(self, key: ItemKey) -> list[ItemKey]:
        """The matter itself and its kin."""
        return sorted({key, *self._groups.get(self.of(key).group, [])})


def default_rules(catalogue: Catalogue) -> DuplicateRules:
    """Where a city begins: all manhole covers are kin (people mistake them), and so are the kinds of lying refuse."""
    covers = [item.code for item in catalogue.items(Kind.MATTER) if item.name.endswith("井盖异常")]
    kin = {**dict.fromkeys(covers, _COVERS.zh), **dict.fromkeys(("06010", "06011", "06042"), _REFUSE.zh)}
    return DuplicateRules(
        DuplicateRule(NATIONAL, code, DEFAULT_RADIUS_M, DEFAULT_WINDOW_H, group) for code, group in kin.items()
    )


def import_duplicate_rules(content: bytes, catalogue: Catalogue) -> Import[DuplicateRule]:
    """The rows of an xlsx, with errors by row; raises ``InvalidError`` when it is no such table."""
    return duplicate_rules_of(read_rows(content, RULE_COLUMNS), catalogue)


def export_duplicate_rules(rules: Iterable[DuplicateRule]) -> bytes:
    """The rules as xlsx; ``import_duplicate_rules`` gives back the same."""
    rows = map(duplicate_rule_row, rules)
    return write_rows("重复判定规则", RULE_COLUMNS, ([row[column.name] for column in RULE_COLUMNS] for row in rows))


def duplicate_rule_row(rule: DuplicateRule) -> dict[str, str]:
    """A rule as text; ``duplicate_rules_of`` reads it."""
    return {column.name: str(getattr(rule, column.name)) for column in RULE_COLUMNS}


def duplicate_rules_of(rows: Sequence[SheetRow], catalogue: Catalogue) -> Import[DuplicateRule]:
    """The rules in rows of text, with the errors of each row. Of two rows for the same both are refused."""
    errors: list[RowError] = []
    read: list[tuple[DuplicateRule, int]] = []
    for row in rows:
        rule = parse_one(row, RULE_COLUMNS, lambda one: _rule(one, catalogue))
        if isinstance(rule, DuplicateRule):
            read.append((rule, row.row))
        else:
            errors.extend(rule)
    names = [(rule.standard, rule.code) for rule, _ in read]
    twice = Text("同一事项有两行", "two rows for the same")
    errors += [RowError(row, "", twice) for rule, row in read if names.count((rule.standard, rule.code)) > 1]
    valid = [rule for rule, _ in read if names.count((rule.standard, rule.code)) == 1]
    return Import(valid, sorted(errors, key=lambda error: error.row), len(rows))


def _rule(row: SheetRow, catalogue: Catalogue) -> DuplicateRule:
    fields = row.fields
    rule = DuplicateRule(
        fields["standard"],
        fields["code"],
        whole_number(row, "radius_m"),
        whole_number(row, "window_h"),
        fields["group"],
    )
    if rule.code:
        catalogue.check_pattern(Kind.MATTER, rule.standard, rule.code)
    return rule


def _bad_rule(zh: str, en: str) -> InvalidError:
    return InvalidError(
        f"重复判定规则有误：{zh}。",
        f"the duplicate rule is not sound: {en}",
        code="duplicates.rule",
        kept=Text("现行规则未改变。", "The rules in force stand."),
        todo=Text("请修改后重新提交。", "Correct it and send it again."),
    )

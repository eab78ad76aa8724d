"""What the rules say about an accident (快处规则): who may be handled quickly, and which liability the facts suggest.

The rule sets are dated data (``data/rules.yaml``): the one in force on the day of the accident counts. The machine
proposes; a named officer decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

import yaml
from pydantic import Field

from cityops.kit import Data, InvalidError, Text, Words

RULES: Final = Path(__file__).parent / "data" / "rules.yaml"
UNCHANGED: Final = Text("没有改变任何内容", "nothing was changed")
_LOADER: Final[type[yaml.SafeLoader | yaml.CSafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MAX_PARTIES: Final = 4
"""More vehicles than this are no matter for the quick way."""


class Level(StrEnum):
    """How much of the liability a party bears (责任等级; Accident Procedure Regulations art. 60)."""

    FULL = "full"  # 全部责任
    MAIN = "main"  # 主要责任
    EQUAL = "equal"  # 同等责任
    SECONDARY = "secondary"  # 次要责任
    NONE = "none"  # 无责任


LEVEL_WORDS: Final[Mapping[Level, Text]] = {
    Level.FULL: Text("全部责任", "full liability"),
    Level.MAIN: Text("主要责任", "main liability"),
    Level.EQUAL: Text("同等责任", "equal liability"),
    Level.SECONDARY: Text("次要责任", "secondary liability"),
    Level.NONE: Text("无责任", "no liability"),
}


class Exclusion(Data):
    """What keeps an accident out of the online way (不适用情形). ``stricter``: than the regulation asks for.

    ``effect``: ``ordinary`` leaves the slow way only; ``patrol`` needs the police on scene, and the officer may still
    decide from afar. ``beyond_slight``: not one of the accidents with damage or slight injuries that the share counts.
    """

    code: str
    title: Words
    article: Words
    effect: Literal["ordinary", "patrol"]
    stricter: bool = False
    beyond_slight: bool = False


class Situation(Data):
    """A fault (过错情形) with its article. ``weight`` 2: breach of somebody's right of way; 1: want of care."""

    code: str
    title: Words
    article: Words
    weight: Literal[1, 2]


class SharePercents(Data):
    """The custom of settlements: percent of the main side; the secondary side has the rest."""

    main: Annotated[int, Field(gt=50, lt=100)]
    secondary: Annotated[int, Field(gt=0, lt=50)]


class RuleSet(Data):
    """The rules of one time."""

    valid_from: date
    valid_to: date | None
    notice: Words
    to_verify: Words
    shares: SharePercents
    exclusions: tuple[Exclusion, ...]
    situations: tuple[Situation, ...]
    level_article: Words

    def checked_exclusions(self, codes: Collection[str]) -> tuple[Exclusion, ...]:
        """The exclusions of these codes; ``InvalidError`` for an unknown one."""
        known = {entry.code: entry for entry in self.exclusions}
        _ensure_known(codes, known, "不适用情形", "exclusion")
        return tuple(entry for entry in self.exclusions if entry.code in codes)

    def checked_situations(self, codes: Collection[str]) -> tuple[Situation, ...]:
        """The situations of these codes; ``InvalidError`` for an unknown one."""
        known = {entry.code: entry for entry in self.situations}
        _ensure_known(codes, known, "过错情形", "situation")
        return tuple(entry for entry in self.situations if entry.code in codes)


@cache
def rule_sets(path: Path = RULES) -> tuple[RuleSet, ...]:
    """All rule sets, the oldest first."""
    raw = yaml.load(path.read_text(encoding="utf-8"), _LOADER)["rule_sets"]
    return tuple(sorted((RuleSet.model_validate(entry) for entry in raw), key=lambda entry: entry.valid_from))


def rules_on(day: date, sets: Sequence[RuleSet] | None = None) -> RuleSet:
    """The rules in force on a day; ``InvalidError`` when there are none."""
    for entry in sets or rule_sets():
        if entry.valid_from <= day and (entry.valid_to is None or day <= entry.valid_to):
            return entry
    raise InvalidError(
        f"{day} 没有适用的快处规则", f"no rules for quick handling are in force on {day}", code="accident.no_rules"
    )


def shares_of(levels: Sequence[Level], percents: SharePercents) -> tuple[int, ...]:
    """The percent of each party; they always add up to 100.

    One full and none for the others; one main and the secondary ones share the rest; or two and more equal ones.
    Percents that do not divide go to the first parties, one each.

    Raises:
        InvalidError: ``accident.levels``: levels that do not go together.
    """
    counts = {level: sum(one is level for one in levels) for level in Level}
    if 2 <= len(levels) <= MAX_PARTIES:
        if counts[Level.FULL] == 1 and counts[Level.NONE] == len(levels) - 1:
            return tuple(100 if level is Level.FULL else 0 for level in levels)
        if counts[Level.MAIN] == 1 and counts[Level.SECONDARY] >= 1 and not counts[Level.FULL] + counts[Level.EQUAL]:
            rest = iter(_split(100 - percents.main, counts[Level.SECONDARY]))
            given = {Level.MAIN: percents.main, Level.NONE: 0}
            return tuple(next(rest) if level is Level.SECONDARY else given[level] for level in levels)
        if counts[Level.EQUAL] >= 2 and counts[Level.EQUAL] + counts[Level.NONE] == len(levels):
            parts = iter(_split(100, counts[Level.EQUAL]))
            return tuple(next(parts) if level is Level.EQUAL else 0 for level in levels)
    raise InvalidError(
        "各方责任等级不能同时成立：一方全责其余无责，一方主责其余次责，或两方以上同责",
        "these levels do not go together: one full and none, one main and secondary, or two and more equal",
        code="accident.levels",
        kept=UNCHANGED,
        todo=Text("请重新选择各方责任", "choose the levels again"),
    )


def propose(faults: Sequence[Collection[str]], rules: RuleSet) -> tuple[Level, ...] | None:
    """The levels that the ticked faults of each party suggest (art. 60), or ``None``: a person must weigh it.

    One side with faults bears all; of several the one with the heavier fault the main part; the same weight: equal.

    Raises:
        InvalidError: an unknown situation.
    """
    weights = [max((entry.weight for entry in rules.checked_situations(codes)), default=0) for codes in faults]
    at_fault = [weight for weight in weights if weight]
    heaviest = max(weights, default=0)
    if not at_fault:
        return None
    if len(at_fault) == 1:
        return tuple(Level.FULL if weight else Level.NONE for weight in weights)
    if len(set(at_fault)) == 1:
        return tuple(Level.EQUAL if weight else Level.NONE for weight in weights)
    if at_fault.count(heaviest) > 1:
        return None
    lighter = {0: Level.NONE, heaviest: Level.MAIN}
    return tuple(lighter.get(weight, Level.SECONDARY) for weight in weights)


def _split(total: int, parts: int) -> list[int]:
    base, over = divmod(total, parts)
    return [base + (index < over) for index in range(parts)]


def _ensure_known(codes: Collection[str], known: Mapping[str, object], zh: str, en: str) -> None:
    unknown = sorted(set(codes) - set(known))
    if unknown:
        raise InvalidError(
            f"没有这种{zh}：{'、'.join(unknown)}",
            f"no such {en}: {', '.join(unknown)}",
            code=f"accident.{en}",
            kept=UNCHANGED,
        )

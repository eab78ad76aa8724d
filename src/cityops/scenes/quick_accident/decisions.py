"""The scene's own rule of steps: what a decision on liability needs before it may be taken.

Nobody decides online what an exclusion forbids, nobody decides without a recorded plan of liability, and what was
contested has to be recorded anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import RowMapping, update

from cityops.cases import Act, Transition
from cityops.kit import ConflictError, Text
from cityops.scenes.quick_accident.rows import accident_row, decision_row, party_rows, rules_of, way_of
from cityops.scenes.quick_accident.rules import LEVEL_WORDS, UNCHANGED, Level, RuleSet
from cityops.scenes.quick_accident.tables import decision_table
from cityops.scenes.quick_accident.views import LABEL_WORDS

_UNDONE: Final = frozenset({"contest", "lapse", "need_more"})


def on_step(act: Act, transition: Transition) -> Mapping[str, Any]:
    """What the scene adds to a step's data, or why it may not be taken; see ``cases.StepRule``.

    Raises:
        ConflictError: ``accident.not_screened``, ``accident.excluded``, ``accident.not_recorded``.
    """
    if transition.action in ("decide_online", "certify"):
        return _deciding(act, online=transition.action == "decide_online")
    if transition.action in _UNDONE:
        of_case = decision_table.c.case_id == act.case_id
        act.conn.execute(update(decision_table).where(of_case).values(withdrawn=True))
    return {}


def _deciding(act: Act, *, online: bool) -> dict[str, Any]:
    accident = accident_row(act.conn, act.case_id)
    rules = rules_of(accident)
    way, decision = way_of(accident, rules), decision_row(act.conn, act.case_id)
    if way is None:
        raise _not_yet(
            "accident.not_screened", "尚未核对不适用快处的情形", "the list of exclusions was not gone through"
        )
    if way == "ordinary" or (online and way == "patrol"):
        names = [entry.title for entry in rules.checked_exclusions(accident["exclusions"])]
        zh, en = "；".join(name.zh for name in names), "; ".join(name.en for name in names)
        raise _not_yet("accident.excluded", f"存在不适用情形：{zh}", f"excluded from this way: {en}")
    if decision is None:
        raise _not_yet("accident.not_recorded", "尚未登记定责方案", "no plan of liability is recorded")
    parties = party_rows(act.conn, act.case_id)
    return {"liability": levels_words(decision, parties), "basis": "；".join(articles_of(decision, rules))}


def levels_words(decision: RowMapping, parties: Sequence[RowMapping]) -> str:
    """``甲方承担全部责任，乙方无责任``."""
    said = []
    for party in parties:
        level = Level(decision["levels"][party["label"]])
        verb = "" if level is Level.NONE else "承担"
        said.append(f"{LABEL_WORDS[party['label']]}{verb}{LEVEL_WORDS[level].zh}")
    return "，".join(said)


def articles_of(decision: RowMapping, rules: RuleSet) -> list[str]:
    """The articles of the faults that were ticked, and the one that liability follows from."""
    codes = {code for of_party in decision["faults"].values() for code in of_party}
    return [*(entry.article.zh for entry in rules.checked_situations(codes)), rules.level_article.zh]


def _not_yet(code: str, zh: str, en: str) -> ConflictError:
    todo = Text("请在快处台处理后再定责", "see to it on the quick handling page, then decide")
    return ConflictError(zh, en, code=code, kept=UNCHANGED, todo=todo)

"""Several cases from one, one from several, and those who reported them (拆分、合并、答复上报人)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import RowMapping, insert, or_, select, update

from cityops.cases.effects import EffectHandler
from cityops.cases.inputs import NewCase, Reporter
from cityops.cases.opening import CALL_BACK_DONE, CALL_BACK_OWED, add_reporter, open_case
from cityops.cases.records import Act, add_step, audit
from cityops.cases.scope import case_scope
from cityops.cases.showing import matter_view
from cityops.cases.tables import answer_table, case_table, reporter_table
from cityops.cases.workflow import Effect, Transition
from cityops.kit import ConflictError, InvalidError, Text
from cityops.store import emit

MAX_PARTS: Final = 10
MAX_CHAIN: Final = 100
"""Cases that were merged into each other, one after the other; nobody merges deeper."""
ANSWER: Final = "answer"
"""The field of a form whose words go to the reporters (答复)."""

JOINED: Final = Text("再次上报，已并入", "Reported again, added here")
_KEPT: Final = Text("案件没有变化", "the case was not changed")


def _merge_case(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Merge this case into another open one (合并): it ends, its reporters stay and hear of the other's outcome."""
    field = transition.field_of("case")
    assert field is not None  # the check at load holds this
    case, target = act.case(), _target(act, act.form[field.name])
    act.set_case(merged_into_id=target["id"])
    here = (case_table.c.id == target["id"]) & (case_table.c.version == target["version"])
    values = {"version": target["version"] + 1, "changed_ms": act.at_ms}
    if act.conn.execute(update(case_table).where(here).values(**values)).rowcount == 0:
        raise ConflictError(
            "目标案件已被他人更新", "the other case was changed meanwhile", code="case.stale", kept=_KEPT
        )
    other = replace(act, case_id=target["id"], form={}, task_id=None)
    words = Text(f"并入案件 {case['number']}", f"Case {case['number']} was merged into this one")
    add_step(other, "merged_here", words, states=(target["state"], target["state"]), data={"case_id": case["id"]})
    emit(act.conn, "case.changed", target["id"], {"case_id": target["id"], "action": "merged_here"})
    audit(other, "merged_here", {"case_id": case["id"]})


def _target(act: Act, name: str) -> RowMapping:
    case = case_table.c
    named = or_(case.id == name, case.number == name)
    query = select(case_table).where(named, case_scope(act.principal)).with_for_update()
    row = act.conn.execute(query).mappings().one_or_none()
    own = act.case()
    if row is None or row["id"] == own["id"] or (row["scene"], row["kind"]) != (own["scene"], own["kind"]):
        raise InvalidError(
            f"没有可并入的案件“{name}”", f"there is no case {name!r} to merge into", code="case.no_target", kept=_KEPT
        )
    if row["ended"]:
        raise _target_ended(row["number"])
    return row


def _target_ended(number: str) -> ConflictError:
    return ConflictError(
        f"案件 {number} 已结束，不能并入",
        f"case {number} has ended; nothing can be merged into it",
        code="case.target_ended",
        kept=_KEPT,
        todo=Text("请另选案件，或新立一案", "choose another case, or file a new one"),
    )


def join_report(act: Act, case: RowMapping, reporter: Reporter, data: Mapping[str, Any]) -> str:
    """Add one more report to an open case: its reporter is kept and told the outcome; returns the reporter's id."""
    if case["ended"]:
        raise _target_ended(case["number"])
    reporter_id = add_reporter(act, reporter)
    add_step(act, "report_joined", JOINED, states=(case["state"], case["state"]), data=data)
    emit(act.conn, "case.changed", act.case_id, {"case_id": act.case_id, "action": "report_joined"})
    audit(act, "report_joined", {"channel": reporter.channel})
    return reporter_id


def _split_case(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Open a case for each line of the form (拆分); this one goes on as the first part. All reporters are kept."""
    field = transition.field_of("long_text")
    assert field is not None  # the check at load holds this
    titles = [line.strip() for line in act.form[field.name].splitlines() if line.strip()]
    if not 1 <= len(titles) <= MAX_PARTS:
        raise InvalidError(
            f"请分行写明拆出的事项，1至{MAX_PARTS}项",
            f"give each part on a line of its own, 1 to {MAX_PARTS}",
            code="case.parts",
            kept=_KEPT,
        )
    case = act.case()
    reporters = _reporters(act, [act.case_id])
    for title in titles:
        part = replace(act, case_id=act.ids.next(), form={}, task_id=None)
        open_case(part, _part(case, title))
        for row in reporters:
            kept = ("channel", "name", "contact", "account_id", "reference")
            add_reporter(part, Reporter(**{name: row[name] for name in kept}))


def _part(case: RowMapping, title: str) -> NewCase:
    same = ("scene", "kind", "severity", "lon", "lat", "area_code", "place", "level", "description")
    copied = {name: case[name] for name in same} | {"matter": matter_view(case)}
    return NewCase(title=Text(title, title), origin_id=case["id"], data={"split_from": case["number"]}, **copied)


def _tell_reporters(act: Act, transition: Transition, effect: Effect, task_id: str | None) -> None:
    """Tell everybody who reported this case, or one merged into it, what came of it."""
    case = act.case()
    state = act.workflow.states[case["state"]].title
    answer = act.form.get(ANSWER)
    more = Text("" if answer is None else f"：{answer}", "" if answer is None else f": {answer}")
    words = Text(
        f"您反映的问题（{case['number']}）{state.zh}{more.zh}", f"Your report ({case['number']}): {state.en}{more.en}"
    )
    told = _reporters(act, _with_merged(act))
    again = reporter_table.c.id.in_([row["id"] for row in told]) & (reporter_table.c.call_back == CALL_BACK_DONE)
    act.conn.execute(update(reporter_table).where(again).values(call_back=CALL_BACK_OWED))
    for row in told:
        answer_id = act.ids.next()
        act.conn.execute(
            insert(answer_table).values(
                id=answer_id,
                case_id=act.case_id,
                reporter_id=row["id"],
                state=case["state"],
                text_zh=words.zh,
                text_en=words.en,
                at_ms=act.at_ms,
            )
        )
        emit(act.conn, "reporter.told", answer_id, {"answer_id": answer_id, "case_id": act.case_id})


def _with_merged(act: Act) -> list[str]:
    """This case and all that were merged into it, also by way of others."""
    found, frontier = [act.case_id], [act.case_id]
    for _ in range(MAX_CHAIN):
        if not frontier:
            break
        query = select(case_table.c.id).where(case_table.c.merged_into_id.in_(frontier))
        frontier = [case_id for case_id in act.conn.execute(query).scalars() if case_id not in found]
        found += frontier
    return found


def _reporters(act: Act, case_ids: list[str]) -> list[RowMapping]:
    query = select(reporter_table).where(reporter_table.c.case_id.in_(case_ids)).order_by(reporter_table.c.id)
    return list(act.conn.execute(query).mappings())


JOINING_HANDLERS: Final[Mapping[str, EffectHandler]] = {
    "merge_case": _merge_case,
    "split_case": _split_case,
    "tell_reporters": _tell_reporters,
}

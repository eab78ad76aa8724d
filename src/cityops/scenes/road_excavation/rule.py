"""The scene's own rules of a step: the order of dates, the offender, the range of the fine, the sum that was paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import RowMapping

from cityops.cases import Act, Transition, told_before
from cityops.kit import CreditCode, InvalidError, Text, from_ms
from cityops.scenes.road_excavation.dates import contradictions, day_of, days_in
from cityops.scenes.road_excavation.discretion import DiscretionTable, table_on
from cityops.scenes.road_excavation.matters import EarlierCase, earlier_cases, keep_matter, matter_of

MAX_AREA_M2: Final = 100_000
_DATED: Final = {
    "transfer": "transferred_on",
    "sign_receipt": "received_on",
    "file_case": "filed_on",
    "decide": "decided_on",
    "approve_outside": "decided_on",
    "pay": "paid_on",
    "restoration_passed": "restored_on",
}
"""The day that a step stands for; left empty it is now."""
_KEPT: Final = Text(
    "案件没有变化，填写的内容仍在页面上", "the case was not changed; what you typed is still on the page"
)


@dataclass(frozen=True)
class Discretion:
    """What weighs in a decision: the table in force, the earlier cases that count, the grade they suggest."""

    table: DiscretionTable
    earlier: Sequence[EarlierCase]
    suggested: str


@dataclass(frozen=True)
class ExcavationRule:
    """The rule of the workflow ``excavation``."""

    tables: Sequence[DiscretionTable]

    def __call__(self, act: Act, transition: Transition) -> Mapping[str, Any]:
        """Check a step and complete its form; what it adds goes into the timeline and the documents."""
        form, added = dict(act.form), {}
        dated = _DATED.get(transition.action)
        if dated is not None and dated not in form:
            added[dated] = from_ms(act.at_ms).isoformat()
        told = told_before(act.conn, act.case_id)
        check_dates(told, {**form, **added}, from_ms(act.at_ms).date())
        match transition.action:
            case "order_stop":
                _keep_offender(act, form)
            case "propose" | "decide" | "ask_leader":
                added |= self._weigh(act, transition.action, form)
            case "approve_outside":
                added |= self._words(act, {**told, **form})
            case "revoked":
                keep_matter(act.conn, act.case_id, {"decided_on": None, "fine_yuan": None})
            case "pay":
                _check_paid(act, form)
        if transition.action in ("decide", "approve_outside"):
            decided = {**told, **form, **added}
            values = {"decided_on": day_of(decided["decided_on"]).isoformat(), "fine_yuan": decided["fine_yuan"]}
            keep_matter(act.conn, act.case_id, values)
        return added

    def discretion(self, matter: RowMapping, earlier: Sequence[EarlierCase]) -> Discretion:
        """What weighs in the decision of this case; earlier decisions count within the table's months."""
        found = date.fromisoformat(matter["found_on"])
        table = table_on(self.tables, found)
        counting = [
            case
            for case in earlier
            if case.decided_on is not None and _months_between(date.fromisoformat(case.decided_on), found, table)
        ]
        return Discretion(table, counting, table.suggested(matter["area_m2"], len(counting)))

    def _weigh(self, act: Act, action: str, form: Mapping[str, Any]) -> dict[str, Any]:
        """Hold the fine against the chosen grade's range; a decision outside it needs the leader."""
        words = self._words(act, form)
        fine, low, high = form["fine_yuan"], words["range_min_yuan"], words["range_max_yuan"]
        within = low <= fine <= high
        most = self._discretion(act).table.statutory
        if not 0 < fine <= most.max_yuan:
            raise _refused(
                f"罚款 {fine:g} 元超出法定幅度（{most.article}：{most.max_yuan:g} 元以下）",
                f"a fine of {fine:g} yuan is outside the law ({most.article}: up to {most.max_yuan:g} yuan)",
                "excavation.fine_unlawful",
            )
        if action == "decide" and not within:
            raise _refused(
                f"罚款 {fine:g} 元不在该档次的幅度 {low:g} 至 {high:g} 元内",
                f"a fine of {fine:g} yuan is outside the grade's range of {low:g} to {high:g} yuan",
                "excavation.fine_outside",
                Text("请调整，或写明理由“报领导批准”", "correct it, or give reasons and ask the leader"),
            )
        if action == "ask_leader" and within:
            raise _refused(
                "罚款在该档次的幅度内，无需报批，请直接作出决定",
                "the fine is within the grade's range: decide it",
                "excavation.fine_within",
            )
        return words

    def _words(self, act: Act, form: Mapping[str, Any]) -> dict[str, Any]:
        """The range and the earlier cases as the timeline and the decision name them."""
        found = self._discretion(act)
        grade = found.table.grades[form["grade"]]
        earlier = "；".join(f"{case.number}（{case.decided_on} 罚款 {case.fine_yuan:g} 元）" for case in found.earlier)
        return {
            "range_min_yuan": grade.min_yuan,
            "range_max_yuan": grade.max_yuan,
            "suggested_grade": found.table.grades[found.suggested].zh,
            "discretion_words": f"{found.table.notice.zh}，{grade.zh}，{grade.min_yuan:g} 至 {grade.max_yuan:g} 元",
            **({"earlier_cases": earlier} if earlier else {}),
        }

    def _discretion(self, act: Act) -> Discretion:
        matter = matter_of(act.conn, act.case_id)
        assert matter is not None  # no decision without a stop order, which wrote it
        return self.discretion(matter, earlier_cases(act.conn, matter))


def correct_imported(act: Act, transition: Transition) -> Mapping[str, Any]:
    """The rule of the workflow ``imported_case``: a correction must resolve the contradiction; both stay on record."""
    if transition.action == "correct":
        days = {**days_in(told_before(act.conn, act.case_id)), **days_in(act.form)}
        _refuse_all(contradictions(days, from_ms(act.at_ms).date()))
        changed = {name: day.isoformat() for name, day in days.items() if name in ("found_on", "decided_on")}
        keep_matter(act.conn, act.case_id, {**changed, "flags": []})
    return {}


def check_dates(told: Mapping[str, Any], form: Mapping[str, Any], today: date) -> None:
    """``InvalidError`` when a day of the form contradicts what was said before it, or is in the future."""
    new = days_in(form)
    if new:
        _refuse_all(contradictions({**days_in(told), **new}, today, about=new))


def _refuse_all(found: Sequence[Text]) -> None:
    if found:
        raise _refused(
            "；".join(text.zh for text in found), "; ".join(text.en for text in found), "excavation.date_order"
        )


def _keep_offender(act: Act, form: Mapping[str, Any]) -> None:
    if not 0 < form["area_m2"] <= MAX_AREA_M2:
        raise _refused(
            f"面积应大于 0 且不超过 {MAX_AREA_M2} 平方米",
            f"the area is over 0 and at most {MAX_AREA_M2} m²",
            "excavation.area",
        )
    code = CreditCode.parse(form["party_code"]).text if form.get("party_code") else None
    values = {name: form[name] for name in ("party", "party_kind", "area_m2")}
    keep_matter(act.conn, act.case_id, {**values, "party_code": code, "found_on": day_of(form["found_on"]).isoformat()})


def _check_paid(act: Act, form: Mapping[str, Any]) -> None:
    matter = matter_of(act.conn, act.case_id)
    assert matter is not None  # a decision was made
    if form["paid_yuan"] != matter["fine_yuan"]:
        raise _refused(
            f"缴款 {form['paid_yuan']:g} 元与决定的罚款 {matter['fine_yuan']:g} 元不一致",
            f"{form['paid_yuan']:g} yuan were paid, the fine is {matter['fine_yuan']:g} yuan",
            "excavation.paid",
        )


def _months_between(earlier: date, later: date, table: DiscretionTable) -> bool:
    """Whether ``earlier`` lies within the table's months before ``later``."""
    months = (later.year - earlier.year) * 12 + later.month - earlier.month - (later.day < earlier.day)
    return earlier <= later and months < table.repeat_months


def _refused(zh: str, en: str, code: str, todo: Text | None = None) -> InvalidError:
    return InvalidError(
        zh, en, code=code, kept=_KEPT, todo=todo or Text("请核对后重新提交", "check it and submit again")
    )

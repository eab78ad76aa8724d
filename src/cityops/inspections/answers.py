"""What an inspection's answers must be, what they add up to, and which hazards they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cityops.inspections.checklists import Checklist, ChecklistItem
from cityops.inspections.declaration import Grade
from cityops.inspections.views import ItemAnswer, NewInspection
from cityops.kit import InvalidError, Text

MAX_WORDS: Final = 1000
MAX_HAZARDS: Final = 20
_INSPECTED: Final = ("passed", "failed")


@dataclass(frozen=True, slots=True)
class Finding:
    """A hazard that an inspection found: a failed item, or what stands beside the checklist (``item`` None)."""

    item: ChecklistItem | None
    grade: Grade
    words: str
    evidence_ids: Sequence[str]

    @property
    def title(self) -> Text:
        """What it is called."""
        return Text(self.words, self.words) if self.item is None else self.item.item

    @property
    def description(self) -> str:
        """What is wrong, what was asked, by which rule; a line each."""
        item = self.item
        asked = [] if item is None else [f"检查项目 {item.no}：{item.item.zh}"]
        basis = [] if item is None or not item.basis else [f"依据：{item.basis}"]
        return "\n".join(line for line in (self.words, *asked, *basis) if line)


def checked_answers(checklist: Checklist | None, new: NewInspection) -> None:
    """Refuse answers that are not one to each item, or lack the words or the photo that they need.

    Raises:
        InvalidError: ``inspection.invalid``, naming the first item that is wrong.
    """
    if len(new.hazards) > MAX_HAZARDS:
        raise refused(f"表外隐患最多 {MAX_HAZARDS} 项", f"at most {MAX_HAZARDS} hazards beside the list")
    for hazard in new.hazards:
        if not 0 < len(hazard.words.strip()) <= MAX_WORDS:
            raise refused(f"请用 {MAX_WORDS} 字以内写明隐患", f"say what the hazard is, in {MAX_WORDS} characters")
    items = {} if checklist is None else {item.no: item for item in checklist.items}
    asked = [answer.no for answer in new.items]
    wrong = sorted({no for no in asked if no not in items or asked.count(no) > 1})
    if wrong:
        raise refused(
            f"检查表没有这些项，或重复：{'、'.join(wrong)}", f"not in the checklist, or twice: {', '.join(wrong)}"
        )
    missing = [no for no in items if no not in asked]
    if missing:
        raise refused(f"这些项没有填：{'、'.join(missing[:10])}", f"not answered: {', '.join(missing[:10])}")
    if checklist is None and not new.comment.strip():
        raise refused("请写明做了什么", "say what was done")
    for answer in new.items:
        _check_answer(items[answer.no], answer)


def findings_of(checklist: Checklist | None, new: NewInspection) -> list[Finding]:
    """The hazards of an inspection whose answers were checked."""
    items = {} if checklist is None else {item.no: item for item in checklist.items}
    failed = (answer for answer in new.items if answer.result == "failed")
    found = [
        Finding(items[one.no], one.grade or items[one.no].grade, one.words.strip(), one.evidence_ids) for one in failed
    ]
    return [*found, *(Finding(None, one.grade, one.words.strip(), one.evidence_ids) for one in new.hazards)]


def score_of(checklist: Checklist | None, new: NewInspection) -> float | None:
    """Points of 100 by weight, of the items that were inspected; None where none was or none has a weight."""
    if checklist is None:
        return None
    weights = {item.no: item.weight for item in checklist.items}
    return points_of(weights, [(answer.no, answer.result) for answer in new.items])


def points_of(weights: Mapping[str, int], results: Sequence[tuple[str, str]]) -> float | None:
    """Points of 100 by the weight of each item; an item without one is not counted, None when none is."""
    inspected = sum(weights.get(no, 0) for no, result in results if result in _INSPECTED)
    passed = sum(weights.get(no, 0) for no, result in results if result == "passed")
    return round(100 * passed / inspected, 1) if inspected else None


def refused(zh: str, en: str) -> InvalidError:
    """An inspection that cannot be recorded as it is."""
    return InvalidError(
        zh,
        en,
        code="inspection.invalid",
        kept=Text("检查没有登记；手机上的内容还在", "the inspection was not recorded; the phone still has it"),
        todo=Text("改正后重新提交", "correct it and submit again"),
    )


def _check_answer(item: ChecklistItem, answer: ItemAnswer) -> None:
    for zh, en in _faults(item, answer):
        raise refused(f"第 {item.no} 项：{zh}", f"item {item.no}: {en}")


def _faults(item: ChecklistItem, answer: ItemAnswer) -> Iterator[tuple[str, str]]:
    needs = ("failed",) if item.evidence == "photo_if_failed" else _INSPECTED
    if len(answer.words) > MAX_WORDS:
        yield f"文字超过 {MAX_WORDS} 字", f"more than {MAX_WORDS} characters"
    if answer.result == "left_out" and not answer.words.strip():
        yield "未检须写明原因", "say why it was left out"
    if item.evidence != "none" and answer.result in needs and not answer.evidence_ids:
        yield "需要照片", "needs a photo"
    if answer.grade is not None and answer.result != "failed":
        yield "只有不合格项才定级", "only a failed item has a grade"

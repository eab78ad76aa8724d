"""Between the intake's values and what the HTTP interface says and hears."""

from __future__ import annotations

from cityops.api.reading import show
from cityops.api.schemas import Bilingual, Deadline
from cityops.api.schemas import intake as schemas
from cityops.cases.catalogue import ItemKey, Match
from cityops.cases.intake import FittingStandard, NewCaseReport, StageDue, Suggestion
from cityops.kit import Text, to_ms


def draft_answer(found: Suggestion) -> schemas.Suggestions:
    """What the desk is shown while a report is written."""
    return schemas.Suggestions(
        place=None if found.place is None else show(schemas.DraftPlace, found.place),
        matters=[_matter(match) for match in found.matters],
        chosen=None if found.chosen is None else found.chosen.path,
        duplicates=[show(schemas.NearCase, one) for one in found.duplicates],
        route=None if found.route is None else show(schemas.DraftRoute, found.route),
        standards=[_standard(one) for one in found.standards],
    )


def new_report(report: schemas.NewCaseReport) -> NewCaseReport:
    """The report as the intake takes it."""
    same = set(schemas.NewCaseReport.model_fields) - {"matter", "title", "seen_at", "evidence_ids"}
    return NewCaseReport(
        key=ItemKey.of_path(report.matter),
        title=None if report.title is None else Text(report.title, report.title),
        seen_at_ms=None if report.seen_at is None else to_ms(report.seen_at),
        evidence_ids=tuple(report.evidence_ids),
        **{name: getattr(report, name) for name in same},
    )


def _matter(match: Match) -> schemas.SuggestedMatter:
    item = match.item
    why = Bilingual(zh=match.why.zh, en=match.why.en)
    return schemas.SuggestedMatter(
        matter=item.key.path, name=item.name, class_name=item.class_name, score=match.score, why=why
    )


def _standard(one: FittingStandard) -> schemas.DraftStandard:
    return schemas.DraftStandard(
        number=one.number,
        filing=one.filing,
        closing=one.closing,
        evidence=list(one.evidence),
        stages=[_stage(stage) for stage in one.stages],
    )


def _stage(stage: StageDue) -> schemas.DraftStage:
    words, due = stage.deadline.explanation, stage.deadline
    deadline = Deadline(
        due_at=due.due,
        explanation=Bilingual(zh=words.zh, en=words.en),
        provisional=due.provisional,
        elapsed_share=0.0,
        overdue=False,
    )
    return schemas.DraftStage(name=stage.name, deadline=deadline, planned=stage.planned)

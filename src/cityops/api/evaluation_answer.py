"""The evaluation's answer: figures with their words, groups with the names people know them by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from cityops.analysis.evaluation import (
    COUNTER_WORDS,
    COUNTERS,
    DEFINITIONS,
    CountedCase,
    Dimension,
    Evaluation,
    Question,
    Rate,
    Report,
)
from cityops.api.context import ApiContext
from cityops.api.schemas import Bilingual, Page
from cityops.api.schemas.evaluation import (
    CountedCaseList,
    CountedCaseRow,
    EvaluatedGroup,
    EvaluatedRate,
    EvaluationAnswer,
    NamedFigure,
    PostScore,
    ScoreLine,
    ScoreRulesInForce,
)
from cityops.cases.catalogue import ItemKey, Kind
from cityops.kit import Text, from_ms

Named = Mapping[Dimension, Callable[[str], str]]


def evaluation_answer(services: ApiContext, question: Question, report: Report) -> EvaluationAnswer:
    """The report as an answer."""
    named = _names(services, report)
    shown = DEFINITIONS if question.post is None else report.rules.posts[question.post]
    rated = [key for key, definition in DEFINITIONS.items() if definition.shares and key in shown]
    return EvaluationAnswer(
        scene=question.scene,
        kind=question.kind,
        title=_words(services.cases.workflow(question.scene, question.kind).title.text),
        first=question.first,
        last=question.last,
        counted_to=from_ms(report.counted_to_ms),
        by=[one.value for one in question.by],
        rules=ScoreRulesInForce(
            name=report.rules.name,
            title=Bilingual(zh=report.rules.title.zh, en=report.rules.title.en),
            notice=report.rules.notice,
            deferred_excluded=report.rules.deferred_excluded,
        ),
        counters=[counter_figure(name) for name in COUNTERS],
        indicators=[
            NamedFigure(key=key.value, title=_words(DEFINITIONS[key].name), formula=_words(DEFINITIONS[key].formula))
            for key in rated
        ],
        groups=[_group(group, question.by, named) for group in report.groups] if question.by else [],
        total=_group(report.total, (), named),
    )


def cases_answer(counter: str, items: Iterable[CountedCase], total: int, page: int, page_size: int) -> CountedCaseList:
    """The cases behind a counter as an answer."""
    rows = [
        CountedCaseRow(
            case_id=one.case_id,
            number=one.number,
            title=_words(one.title),
            at=from_ms(one.at_ms),
            done=one.done,
            in_time=one.in_time,
            spoilt=one.spoilt,
            exempt=one.exempt,
        )
        for one in items
    ]
    return CountedCaseList(
        counter=counter_figure(counter), items=rows, page=Page(total=total, page=page, page_size=page_size)
    )


def counter_figure(name: str) -> NamedFigure:
    """A counter with its words."""
    return NamedFigure(key=name, title=_words(COUNTER_WORDS[name]))


def _group(group: Evaluation, by: tuple[Dimension, ...], named: Named) -> EvaluatedGroup:
    score = group.score
    return EvaluatedGroup(
        key=list(group.key),
        labels=[named[one](value) for one, value in zip(by, group.key, strict=False)],
        counters={name: getattr(group.counters, name) for name in COUNTERS},
        rates={indicator.value: _rate(rate) for indicator, rate in group.rates.items()},
        score=None
        if score is None
        else PostScore(
            total=score.total,
            weight_with_data=score.weight_with_data,
            items=[
                ScoreLine(indicator=one.indicator.value, weight=one.weight, score=one.score, raw_score=one.raw_score)
                for one in score.items
            ],
        ),
    )


def _rate(rate: Rate) -> EvaluatedRate:
    names: dict[str, Any] = {name: getattr(rate, name) for name in EvaluatedRate.model_fields}
    return EvaluatedRate(**names)


def _names(services: ApiContext, report: Report) -> Named:
    divisions = {division.code: division.name for division in services.city.divisions}
    catalogue = services.rulebook.rules().catalogue

    def matter(text: str) -> str:
        if not text:
            return ""
        *standard, kind, code = text.split(" ")
        key = ItemKey(" ".join(standard), Kind(kind), code)
        return f"{code} {catalogue.get(key).name}" if catalogue.has(key) else text

    def person_or_unit(key: str) -> str:
        return report.names.get(key, "")

    return {
        Dimension.UNIT: person_or_unit,
        Dimension.PERSON: person_or_unit,
        Dimension.AREA: lambda code: f"{code} {divisions[code]}" if code in divisions else code,
        Dimension.MATTER: matter,
        Dimension.PERIOD: lambda day: day,
    }


def _words(text: Text) -> Bilingual:
    return Bilingual(zh=text.zh, en=text.en)

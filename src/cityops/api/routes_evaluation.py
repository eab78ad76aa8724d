"""Evaluation (综合评价): counters, rates and scores of a span of days, their sheet, and the cases behind a number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from cityops.access import Permission
from cityops.analysis.evaluation import Dimension, Period, Post, Question
from cityops.api.declare import spec
from cityops.api.evaluation_answer import cases_answer, evaluation_answer
from cityops.api.examples.evaluation import COUNTED_CASES, EVALUATION
from cityops.api.excel import XLSX, sheet_response, write_sheet
from cityops.api.reading import Code, PageNumber, PageSize, audit_read
from cityops.api.schemas.evaluation import (
    CountedCaseList,
    DimensionName,
    EvaluatedGroup,
    EvaluationAnswer,
    PeriodName,
    PostName,
)
from cityops.api.security import Person, Services
from cityops.kit import InvalidError, Text

router = APIRouter(prefix="/api", tags=["评价 Evaluation"])

_First = Annotated[date | None, Query(alias="from", description="首日，缺省为本月一日 First day; the month's first")]
_Last = Annotated[date | None, Query(alias="to", description="末日（含），缺省为今天 Last day, included; today")]
_By = Annotated[list[DimensionName] | None, Query(max_length=3, description="分组 What to group by")]
_Digits = Annotated[int | None, Query(ge=2, le=20, description="按区划代码的前几位分组 Digits of the area's code")]
_Area = Annotated[str | None, Query(pattern=r"^\d{2,20}$", description="区域代码开头 Beginning of the area's code")]
_Matter = Annotated[str | None, Query(max_length=60, description="事项 The matter: standard, kind, code")]


async def _question(
    services: Services,
    scene: Code = None,
    kind: Code = None,
    first: _First = None,
    last: _Last = None,
    by: _By = None,
    post: PostName | None = None,
    period: PeriodName = "month",
    area_digits: _Digits = 6,
    unit_id: Code = None,
    person_id: Code = None,
    area: _Area = None,
    matter: _Matter = None,
) -> Question:
    """What is asked, with what was left open filled in; ``InvalidError`` for a kind of case that is not evaluated."""
    known = [one for one in services.evaluations.kinds if one[0] == (scene or one[0]) and one[1] == (kind or one[1])]
    if not known:
        raise InvalidError(
            "没有可评价的案件类型。",
            "No kind of case is evaluated there.",
            code="evaluation.kind",
            todo=Text("请在场景声明中写明评价口径。", "Let the scene declare what is counted."),
        )
    end = last or services.clock.now().date()
    return Question(
        scene=known[0][0],
        kind=known[0][1],
        first=first or end.replace(day=1),
        last=end,
        by=tuple(dict.fromkeys(Dimension(one) for one in by or ())),
        post=None if post is None else Post(post),
        period=Period(period),
        area_digits=area_digits,
        unit_id=unit_id,
        person_id=person_id,
        area=area,
        matter=matter,
    )


Asked = Annotated[Question, Depends(_question)]


@router.get("/evaluation", **spec("综合评价", "Evaluation", Permission.LEARN_READ, answer=EVALUATION))
def evaluation(services: Services, person: Person, asked: Asked) -> EvaluationAnswer:
    """Counters from the cases themselves, the published rates, and the scores of a post, within this person's scope."""
    return evaluation_answer(services, asked, services.evaluations.report(person, asked))


@router.get(
    "/evaluation/cases",
    **spec(
        "评价数字背后的案件", "The cases behind a number", Permission.LEARN_READ, answer=COUNTED_CASES, refusals=(404,)
    ),
)
def counted_cases(
    services: Services,
    person: Person,
    asked: Asked,
    counter: Annotated[str, Query(max_length=40, description="计数项 The counter")],
    page: PageNumber = 1,
    page_size: PageSize = 50,
) -> CountedCaseList:
    """The cases that a counter counts under the same question; one may count more than once (checks, dispatches)."""
    items, total = services.evaluations.cases(person, asked, counter, page=page, page_size=page_size)
    return cases_answer(counter, items, total, page, page_size)


@router.get(
    "/evaluation.xlsx",
    response_class=Response,
    **spec("导出评价", "Export the evaluation", Permission.LEARN_READ, answer="(xlsx)", media_type=XLSX),
)
def export_evaluation(services: Services, person: Person, asked: Asked) -> Response:
    """The same figures as an xlsx file, the raw rate beside each exempted one. The export is audited."""
    answer = evaluation_answer(services, asked, services.evaluations.report(person, asked))
    audit_read(services, person, "evaluation.export", "evaluation", None, detail={"groups": len(answer.groups)})
    columns: list[tuple[str, int]] = [(one, 24) for one in answer.by]
    columns += [(f"{one.title.zh} {one.title.en}", 12) for one in answer.counters]
    for figure in answer.indicators:
        words = f"{figure.title.zh} {figure.title.en}"
        columns += [(f"{words} %", 14), (f"{words}（未剔除申诉 raw）%", 14)]
    columns.append(("得分 Score", 12))
    rows = (_sheet_row(answer, group) for group in [*answer.groups, answer.total])
    return sheet_response(write_sheet("评价 Evaluation", columns, rows), "evaluation.xlsx")


def _sheet_row(answer: EvaluationAnswer, group: EvaluatedGroup) -> list[Any]:
    labels = [label or key for label, key in zip(group.labels, group.key, strict=True)]
    labels += ["合计 Total"] if not labels and answer.by else []
    labels += [""] * (len(answer.by) - len(labels))
    score = None if group.score is None or group.score.total is None else round(group.score.total, 2)
    return [*labels, *(group.counters[one.key] for one in answer.counters), *_percents(answer, group), score]


def _percents(answer: EvaluationAnswer, group: EvaluatedGroup) -> Iterator[float | None]:
    for one in answer.indicators:
        rate = group.rates[one.key]
        for text in (rate.percent, rate.raw_percent):
            yield None if text is None else float(text)

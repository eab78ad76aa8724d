"""How an endpoint is declared: its words, its permission, an example of its answer, and the refusals it may give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import Depends
from pydantic.json_schema import models_json_schema

from cityops.access import Permission
from cityops.api import examples, schemas
from cityops.api.door import VisitKind
from cityops.api.problems import MEDIA_TYPE
from cityops.api.security import admitted, needs

_PUBLIC_WORDS: Final = (
    "无需登录：上报、查询、评价、匿名举报。另有 Open311 GeoReport v2 接口（/open311/v2）。 Without signing in: report, "
    "follow, rate, tip off. Open311 GeoReport v2 is spoken at /open311/v2, see /open311/v2/discovery.xml."
)
TAGS: Final[Sequence[Mapping[str, str]]] = (
    {"name": "登录 Session", "description": "登录、退出、当前用户。 Sign-in, sign-out, who is signed in."},
    {"name": "地图 Map", "description": "底图图层与车辆实时状态。 Base map layers and live vehicles."},
    {"name": "预警 Alerts", "description": "检测发现及其证据。 Findings of the detectors with their evidence."},
    {"name": "受理 Intake", "description": "受理建议、上报、导入、回访。 Suggestions, filing, import, calls back."},
    {"name": "案件 Cases", "description": "案件、任务、办理步骤、案卷。 Cases, tasks, steps, the printed file."},
    {"name": "证据 Evidence", "description": "照片、录音、视频、文书。 Photos, sound, films, documents."},
    {"name": "外业 Field", "description": "离线目录、外业答复、巡查。 Catalogue for phones, answers, patrols."},
    {"name": "检查 Inspections", "description": "计划、待检、覆盖、检查、隐患。 Plans, what is due, hazards."},
    {"name": "公众 Public", "description": _PUBLIC_WORDS},
    {"name": "公众上报 Reports", "description": "受理公众上报。 The desk of public reports."},
    {"name": "有奖举报 Tip-offs", "description": "核查、奖励、兑付。 Checking, rewards, payment."},
    {"name": "调度 Dispatch", "description": "处置力量、推荐、封路。 Crews, recommendations, closures."},
    {"name": "台账 Registers", "description": "单位、车辆、终端。 Units, vehicles, terminals."},
    {"name": "演练 Drills", "description": "演练计时与记录。 Drills with timings and their record."},
    {"name": "违章掘路 Road digging", "description": "掘路许可、上报、历史案卷。 Permits, findings, earlier files."},
    {"name": "管理 Administration", "description": "账号与审计。 Accounts and the audit chain."},
    {"name": "研判 Learn", "description": "今日研判、年度发生率。 Today, yearly rates."},
    {"name": "评价 Evaluation", "description": "综合评价及其背后的案件。 The evaluation and the cases behind it."},
    {"name": "规则 Rules", "description": "目录、立结案条件、派遣、重复、评分规则。 Catalogue and rule tables."},
    {"name": "实时 Live", "description": "服务器推送事件。 Server-sent events."},
    {"name": "运行 Operations", "description": "运行状态与指标。 Health and metrics."},
)

_WORDS: Final[Mapping[int, str]] = {
    400: "输入不符合要求 The input does not fit",
    401: "未登录 Nobody is signed in",
    403: "无权限 Not allowed",
    404: "不存在或不在您的范围内 No such thing, or not for this person",
    408: "请求内容没有及时传完 The body did not arrive in time",
    409: "已被他人更改或当前状态不允许 Somebody was faster, or not possible in this state",
    413: "请求内容太大 The body is too large",
    429: "达到上限，请稍后再试 A bound was reached; try again later",
    503: "某个部分暂不可用 A part is not there now",
}
_SCHEMA: Final = "#/components/schemas/{model}"
_STANDARD: Final = (400, 401, 403, 429, 503)
_PUBLIC: Final = (400, 429, 503)


def spec(
    zh: str,
    en: str,
    *permissions: Permission,
    answer: Mapping[str, Any] | str | None = None,
    body: Mapping[str, Any] | None = None,
    upload: bool = False,
    status: int = 200,
    media_type: str = "application/json",
    refusals: Sequence[int] = (),
    public: bool = False,
    visit: VisitKind | None = None,
) -> dict[str, Any]:
    """Keyword arguments for a route's decorator.

    Args:
        zh: what it does, in Chinese.
        en: what it does, in English.
        permissions: any one of them opens the route; none means that being signed in is enough.
        answer: an example of the answer.
        body: an example of the request body.
        upload: the request body is a file.
        status: the status of success.
        media_type: of the answer.
        refusals: statuses besides those that every route may give.
        public: nobody needs to be signed in.
        visit: the same, and visits are bounded by address.
    """
    public = public or visit is not None
    statuses = sorted({*(_PUBLIC if public else _STANDARD), *refusals})
    responses: dict[int | str, Any] = {code: {"description": _WORDS[code]} for code in statuses}
    if answer is not None:
        responses[status] = {"content": {media_type: {"example": answer}}}
    extra: dict[str, Any] = {"x-permissions": sorted(permissions), "x-public": public}
    if body is not None:
        extra["requestBody"] = {"content": {"application/json": {"example": body}}}
    if upload:
        content = {"schema": {"type": "string", "format": "binary"}, "example": "(file)"}
        extra["requestBody"] = {"required": True, "content": {"application/octet-stream": content}}
    return {
        "summary": f"{zh} {en}",
        "status_code": status,
        "responses": responses,
        "dependencies": [Depends(one) for one in _asked(permissions, public, visit)],
        "openapi_extra": extra,
    }


def _asked(permissions: Sequence[Permission], public: bool, visit: VisitKind | None) -> list[Any]:
    if visit is not None:
        return [admitted(visit)]
    return [] if public else [needs(*permissions)]


def finish_openapi(document: dict[str, Any]) -> dict[str, Any]:
    """FastAPI's document as ours: refusals in their own media type with an example, no trace of FastAPI's 422."""
    for path in document["paths"].values():
        for operation in path.values():
            responses = operation["responses"]
            responses.pop("422", None)
            for code, response in responses.items():
                if int(code) >= 400:
                    response["content"] = {MEDIA_TYPE: _problem_content(int(code))}
    for unused in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(unused, None)
    document["components"]["schemas"].update(_problem_schemas())
    return document


def _problem_schemas() -> dict[str, Any]:
    """The schemas of refusals: FastAPI, told of them route by route, would make them a thousand times at each start."""
    _, found = models_json_schema(
        [(schemas.InvalidInput, "serialization"), (schemas.Problem, "serialization")], ref_template=_SCHEMA
    )
    definitions: dict[str, Any] = found["$defs"]
    for field in (field for one in definitions.values() for field in one["properties"].values()):
        if field.get("default", ...) is None:
            del field["default"]  # as FastAPI writes all other schemas
    return definitions


def _problem_content(code: int) -> dict[str, Any]:
    model = schemas.InvalidInput if code == 400 else schemas.Problem
    return {"schema": {"$ref": _SCHEMA.format(model=model.__name__)}, "example": _problem_example(code)}


def _problem_example(code: int) -> dict[str, Any]:
    if code != 400:
        return examples.PROBLEM
    return {
        **examples.PROBLEM,
        "code": "invalid.fields",
        "message": "「原因」必须填写",
        "message_en": "reason: is required",
        "fields": [{"field": "reason", "message": "「原因」必须填写", "message_en": "reason: is required"}],
    }

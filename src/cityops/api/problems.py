"""Errors on the wire: every refusal is a ``Problem`` (what happened, what was kept, what to do) in two languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from cityops.api import schemas
from cityops.api.words import field_title
from cityops.kit import CityOpsError, InvalidError, Text, rule_sentence
from cityops.registers import ObjectFaultsError

MEDIA_TYPE: Final = "application/problem+json"

_NOTHING_CHANGED: Final = Text("没有任何数据被改动。", "Nothing was changed.")

_STATUS_WORDS: Final[Mapping[int, tuple[str, Text, Text]]] = {
    400: (
        "body.unreadable",
        Text("请求内容无法读取，或含有空字符。", "The request body cannot be read, or contains the null character."),
        Text("请检查内容后重新发送。", "Check the content and send it again."),
    ),
    404: (
        "route.unknown",
        Text("没有这个接口地址。", "There is no such address."),
        Text("请对照 /api/docs 检查地址。", "Check the address against /api/docs."),
    ),
    405: (
        "route.method",
        Text("这个地址不支持该请求方法。", "This address does not take that method."),
        Text("请对照 /api/docs 检查方法。", "Check the method against /api/docs."),
    ),
    408: (
        "body.too_slow",
        Text("请求内容没有及时传完。", "The request body did not arrive in time."),
        Text("请检查网络后重新发送。", "Check the connection and send it again."),
    ),
    413: (
        "body.too_large",
        Text("请求内容太大，未被接收。", "The request is too large and was not taken."),
        Text("请缩小内容后重新发送。", "Make it smaller and send it again."),
    ),
}


class FieldsError(InvalidError):
    """Input that does not fit the contract, field by field."""

    default_code = "invalid.fields"

    def __init__(self, fields: Sequence[schemas.FieldProblem]) -> None:
        super().__init__(
            "；".join(field.message for field in fields),
            "; ".join(field.message_en for field in fields),
            kept=_NOTHING_CHANGED,
            todo=Text("请改正后重新提交。", "Correct it and send it again."),
        )
        self.fields = list(fields)


def problem_response(error: CityOpsError, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer for an expected error, with its own status."""
    words = problem_of(error).model_dump()
    fields = _fields_of(error)
    body = schemas.InvalidInput(**words, fields=fields) if error.status == 400 else schemas.Problem(**words)
    return JSONResponse(body.model_dump(), error.status, dict(headers or {}), MEDIA_TYPE)


def _fields_of(error: CityOpsError) -> list[schemas.FieldProblem]:
    if isinstance(error, ObjectFaultsError):
        return [
            schemas.FieldProblem(field=one.field, message=one.text.zh, message_en=one.text.en) for one in error.faults
        ]
    return error.fields if isinstance(error, FieldsError) else []


def problem_of(error: CityOpsError) -> schemas.Problem:
    """An expected error in the words of the contract."""
    words: dict[str, Any] = {
        "code": error.code,
        "message": error.text.zh,
        "message_en": error.text.en,
        "kept": error.kept.zh if error.kept else None,
        "kept_en": error.kept.en if error.kept else None,
        "todo": error.todo.zh if error.todo else None,
        "todo_en": error.todo.en if error.todo else None,
    }
    return schemas.Problem(**words)


def validation_problem(errors: Sequence[Mapping[str, Any]]) -> FieldsError:
    """Pydantic's error list as one ``Problem`` that names each field in the user's words."""
    fields = []
    for error in errors:
        path = [str(part) for part in error["loc"] if part not in ("body", "query", "path", "header")]
        name = ".".join(path) or "body"
        title, rule = field_title(name), rule_sentence(error)
        fields.append(
            schemas.FieldProblem(field=name, message=f"「{title.zh}」{rule.zh}", message_en=f"{title.en}: {rule.en}")
        )
    return FieldsError(fields)


async def _on_cityops_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, CityOpsError)
    return problem_response(error)


async def _on_invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return problem_response(validation_problem(error.errors()))


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code, text, todo = _STATUS_WORDS.get(
        error.status_code,
        ("http.refused", Text("请求无法处理。", "The request cannot be handled."), None),
    )
    refusal = CityOpsError(text.zh, text.en, code=code, kept=_NOTHING_CHANGED, todo=todo)
    response = problem_response(refusal, error.headers)
    response.status_code = error.status_code
    return response


async def _on_bug(request: Request, error: Exception) -> JSONResponse:
    """A defect of the product: the server logs it with its trace (Starlette raises it again after this answer)."""
    refusal = CityOpsError(
        "系统内部出错，错误已记入日志。",
        "The product failed; the failure is in its log.",
        code="bug",
        kept=Text("此前已确认的内容不受影响。", "What was acknowledged before is not affected."),
        todo=Text("请稍后再试；仍不行时请联系管理员。", "Try again later; if it stays, tell the administrator."),
    )
    return problem_response(refusal, {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


def install_problems(app: FastAPI) -> None:
    """Make every refusal of ``app`` a ``Problem``."""
    app.add_exception_handler(CityOpsError, _on_cityops_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(Exception, _on_bug)

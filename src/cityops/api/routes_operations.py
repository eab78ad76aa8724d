"""Health, metrics and the description of the interface itself (运行)."""

from __future__ import annotations

import hmac
from html import escape
from typing import Annotated

from fastapi import APIRouter, Cookie, Header, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse

from cityops.access import Permission
from cityops.api import examples, schemas
from cityops.api.context import ApiContext
from cityops.api.declare import spec
from cityops.api.metrics import CONTENT_TYPE, render_metrics
from cityops.api.security import COOKIE, OwnParts, Services, client_address
from cityops.kit import ForbiddenError, Text, UnauthenticatedError

router = APIRouter(tags=["运行 Operations"])

_LOOPBACK = ("127.0.0.1", "::1")


@router.get("/api/health", **spec("运行状态", "Health", answer=examples.HEALTH, public=True))
def health(
    services: Services, parts: OwnParts, session: Annotated[str | None, Cookie(alias=COOKIE)] = None
) -> schemas.Health:
    """Which part is well. Words and figures only for who may read devices. 200 also when a part is not well."""
    full = _may_read_figures(services, session)
    shown = [
        schemas.Part(
            name=part.name,
            ok=part.ok,
            detail=schemas.Bilingual(zh=part.detail.zh, en=part.detail.en) if full else _plain(part.ok),
            figures=dict(part.figures) if full else {},
        )
        for part in (parts.health(), *services.health())
    ]
    return schemas.Health(ok=all(part.ok for part in shown), version=services.settings.version, parts=shown)


def _plain(ok: bool) -> schemas.Bilingual:
    return schemas.Bilingual(zh="运行正常", en="runs") if ok else schemas.Bilingual(zh="异常", en="not well")


def _may_read_figures(services: ApiContext, session: str | None) -> bool:
    if not session:
        return False
    try:
        principal, _ = services.sessions.principal(session)
    except UnauthenticatedError:
        return False  # health answers everybody; a session that is over sees what nobody signed in sees
    return principal.can(Permission.DEVICES_READ)


@router.get(
    "/metrics",
    response_class=PlainTextResponse,
    **spec(
        "指标",
        "Prometheus metrics",
        answer="cityops_live_clients 3",
        media_type="text/plain",
        public=True,
        refusals=(403,),
    ),
)
def metrics(
    request: Request, services: Services, parts: OwnParts, authorization: Annotated[str, Header()] = ""
) -> PlainTextResponse:
    """With a metrics token set: ``Authorization: Bearer <token>``. Without one: from this machine only."""
    token = services.settings.metrics_token
    if token:
        allowed = hmac.compare_digest(authorization.encode(), f"Bearer {token}".encode())
    else:
        allowed = client_address(request) in _LOOPBACK
    if not allowed:
        raise ForbiddenError(
            "指标只对本机或持有令牌者开放。",
            "Metrics are for this machine, or for who has the token.",
            code="metrics.closed",
            todo=Text("请设置指标令牌并在请求中携带。", "Set a metrics token and send it."),
        )
    samples = [sample for source in services.samples for sample in source()]
    return PlainTextResponse(render_metrics([*parts.samples(), *samples]), media_type=CONTENT_TYPE)


@router.get("/api/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> JSONResponse:
    """The OpenAPI document."""
    return JSONResponse(request.app.openapi())


@router.get("/api/docs", include_in_schema=False)
async def docs(request: Request) -> HTMLResponse:
    """A plain page that lists every route; needs nothing from elsewhere."""
    return HTMLResponse(docs_page(request.app.openapi()))


def docs_page(document: dict[str, object]) -> str:
    """The OpenAPI document as one table."""
    rows = []
    paths = document["paths"]
    assert isinstance(paths, dict)
    for path, operations in paths.items():
        for method, operation in operations.items():
            allowed = (
                "公开 public" if operation["x-public"] else ", ".join(operation["x-permissions"]) or "登录 signed in"
            )
            rows.append(
                f"<tr><td><code>{method.upper()}</code></td><td><code>{escape(path)}</code></td>"
                f"<td>{escape(operation['summary'])}<br><small>{escape(operation.get('description', ''))}</small></td>"
                f"<td>{escape(allowed)}</td></tr>"
            )
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>CityOps API</title>'
        '<meta name="viewport" content="width=device-width"><style>body{font:15px/1.6 system-ui,sans-serif;margin:2rem}'
        "table{border-collapse:collapse}td,th{border:1px solid #d0d5dd;padding:.4rem .6rem;text-align:left;"
        "vertical-align:top}small{color:#475467}</style></head><body><h1>CityOps API</h1>"
        '<p>OpenAPI: <a href="/api/openapi.json">/api/openapi.json</a></p>'
        "<table><thead><tr><th></th><th>地址 Path</th><th>说明 What it does</th><th>权限 Permission</th></tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></body></html>"
    )

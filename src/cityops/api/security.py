"""Who asks, and may they: the session cookie, the CSRF header, and the permission that each route declares."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.responses import Response

from cityops.access import Permission, Principal
from cityops.api.context import ApiContext, ApiParts
from cityops.api.door import VisitKind
from cityops.kit import ForbiddenError, Text, UnauthenticatedError

COOKIE: Final = "cityops_session"
CSRF_HEADER: Final = "X-CSRF-Token"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_SIGN_IN: Final = Text("请先登录。", "Sign in first.")


@dataclass(frozen=True)
class Visitor:
    """A signed-in person with the token of their session and its CSRF token."""

    principal: Principal
    token: str
    csrf: str


async def context_of(request: Request) -> ApiContext:
    """The rooms' services."""
    context = request.app.state.context
    assert isinstance(context, ApiContext)
    return context


Services = Annotated[ApiContext, Depends(context_of)]


async def parts_of(request: Request) -> ApiParts:
    """What this room made for itself."""
    parts = request.app.state.parts
    assert isinstance(parts, ApiParts)
    return parts


OwnParts = Annotated[ApiParts, Depends(parts_of)]


def client_address(request: Request) -> str:
    """The peer's address, for throttling and audit."""
    return request.client.host if request.client else "unknown"


def visitor(request: Request, services: Services) -> Visitor:
    """Who is signed in.

    Raises:
        UnauthenticatedError: no valid session.
        ForbiddenError: an unsafe method without this session's CSRF token.
    """
    token = request.cookies.get(COOKIE, "")
    if not token:
        raise UnauthenticatedError("尚未登录。", "Nobody is signed in.", code="session.none", todo=_SIGN_IN)
    principal, csrf = services.sessions.principal(token)
    if request.method not in _SAFE:
        check_same_site(request)
        given = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(given.encode(), csrf.encode()):
            raise ForbiddenError(
                f"请求缺少有效的 {CSRF_HEADER}。",
                f"The request lacks a valid {CSRF_HEADER}.",
                code="session.csrf",
                kept=Text("没有任何数据被改动。", "Nothing was changed."),
                todo=Text("请刷新页面后重试。", "Load the page again and retry."),
            )
    return Visitor(principal, token, csrf)


def check_same_site(request: Request) -> None:
    """Refuse an unsafe request that a browser says comes from another site (Fetch Metadata).

    Raises:
        ForbiddenError: ``Sec-Fetch-Site`` is ``cross-site``.
    """
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise ForbiddenError(
            "不接受来自其他网站的请求。", "Requests from other sites are not taken.", code="session.site"
        )


CurrentVisitor = Annotated[Visitor, Depends(visitor)]


async def current_principal(visitor: CurrentVisitor) -> Principal:
    """The person of the session."""
    return visitor.principal


Person = Annotated[Principal, Depends(current_principal)]


def needs(*permissions: Permission) -> Callable[[Visitor], Awaitable[None]]:
    """A dependency: any one of ``permissions`` opens the route; none means that being signed in is enough."""

    async def check(visitor: CurrentVisitor) -> None:
        principal = visitor.principal
        if permissions and not any(principal.can(permission) for permission in permissions):
            principal.require(permissions[0])

    return check


def admitted(kind: VisitKind) -> Callable[[Request, OwnParts], Awaitable[None]]:
    """A dependency of a public route: counts the visit by its address, in memory only (``BusyError``).

    An unsafe request that a browser says comes from another site is refused, as everywhere.
    """

    async def check(request: Request, parts: OwnParts) -> None:
        if request.method not in _SAFE:
            check_same_site(request)
        parts.door.visits[kind].admit(client_address(request))

    return check


def set_session_cookie(response: Response, token: str, *, secure: bool) -> None:
    """Give the browser its session: not readable by scripts, not sent by other sites."""
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")


def clear_session_cookie(response: Response, *, secure: bool) -> None:
    """Take the session back from the browser."""
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=secure, path="/")

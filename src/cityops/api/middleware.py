"""What surrounds every request: security headers, bounds on requests at once and on their bodies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cityops.api.metrics import HttpCounters
from cityops.api.problems import problem_response
from cityops.kit import BusyError, InvalidError, Text

_TIANDITU: Final = "https://*.tianditu.gov.cn"


def content_security_policy(*, tianditu: bool) -> str:
    """The policy of every page: own scripts only. MapLibre needs its worker and pictures from ``blob:`` and ``data:``.

    Charts and components set ``style`` attributes, so inline styles are allowed; inline scripts are not.
    """
    tiles = f" {_TIANDITU}" if tianditu else ""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob:{tiles}",
            "media-src 'self' blob:",
            f"connect-src 'self'{tiles}",
            "worker-src 'self' blob:",
            "child-src 'self' blob:",
            "font-src 'self' data:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class SecurityHeaders:
    """Adds the security headers and counts responses. A response keeps a stricter header that it has already."""

    def __init__(self, app: ASGIApp, *, policy: str, counters: HttpCounters, secure: bool) -> None:
        self.app = app
        self.counters = counters
        self._headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "X-Frame-Options": "DENY",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), microphone=(self), payment=(), geolocation=(self)",
        }
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        is_api = scope["path"].startswith(("/api", "/metrics", "/open311"))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = int(message["status"])
                self.counters.responses[status] = self.counters.responses.get(status, 0) + 1
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if is_api:
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)


class NoNul:
    """Refuses the null character (空字符) in addresses, JSON and forms: PostgreSQL keeps no text that has one."""

    _WRITTEN: Final[Mapping[str, bytes]] = MappingProxyType(
        {"application/json": b"\\u0000", "application/x-www-form-urlencoded": b"%00"}
    )

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            await problem_response(_nul())(scope, receive, send)
        else:
            kind = Headers(scope=scope).get("content-type", "").partition(";")[0].strip().lower()
            written = self._WRITTEN.get(kind)
            await self.app(scope, receive if written is None else self._without(receive, written), send)

    def _without(self, receive: Receive, written: bytes) -> Receive:
        tail = b""

        async def receive_checked() -> Message:
            nonlocal tail
            message = await receive()
            seen = tail + message.get("body", b"")
            if written in seen:
                raise HTTPException(400)
            tail = seen[1 - len(written) :]
            return message

        return receive_checked


@dataclass(frozen=True)
class BodyBound:
    """Bounds of one request's body: bytes, seconds for all of it, seconds between two pieces of it."""

    size_bytes: int
    whole_s: float
    pause_s: float


_MIB: Final = 1024 * 1024
_SMALL: Final = BodyBound(256 * 1024, 20.0, 20.0)
_UPLOADS: Final[Mapping[str, BodyBound]] = MappingProxyType(
    # A little over the longest film: which kind a file is, and how long that may be, is found as it comes in.
    {
        "/api/evidence": BodyBound(501 * _MIB, 3600.0, 30.0),
        "/api/intake/import": BodyBound(11 * _MIB, 120.0, 30.0),
        "/api/registers/*/import": BodyBound(31 * _MIB, 300.0, 30.0),
        "/api/rules/*": BodyBound(11 * _MIB, 120.0, 30.0),
        "/api/public/*/photos": BodyBound(31 * _MIB, 600.0, 30.0),
        "/api/scenes/*/photos": BodyBound(31 * _MIB, 600.0, 30.0),
        "/api/scenes/*/import": BodyBound(11 * _MIB, 120.0, 30.0),
    }
)


@dataclass(frozen=True)
class RequestLimits:
    """Bounds of the API outside the live stream.

    Args:
        in_flight: requests at once.
        body: of every body that ``uploads`` does not name.
        uploads: paths that take more, ``*`` stands for any characters (``fnmatch``); the first that fits holds.
    """

    in_flight: int = 200
    body: BodyBound = _SMALL
    uploads: Mapping[str, BodyBound] = field(default_factory=lambda: _UPLOADS)

    def bound_of(self, path: str) -> BodyBound:
        """The bounds on a body sent to ``path``."""
        return next((bound for form, bound in self.uploads.items() if fnmatchcase(path, form)), self.body)


class Gate:
    """Bounds the API: so many requests at once, so many bytes and seconds for a body.

    Live streams have their own bound.
    """

    def __init__(self, app: ASGIApp, *, counters: HttpCounters, limits: RequestLimits) -> None:
        self.app = app
        self.counters = counters
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith("/api/") or path == "/api/live":
            await self.app(scope, receive, send)
            return
        if self.counters.in_flight >= self.limits.in_flight:
            self.counters.refused_busy += 1
            await problem_response(_too_busy(), {"Retry-After": "1"})(scope, receive, send)
            return
        self.counters.in_flight += 1
        try:
            await self.app(scope, self._bounded(receive, self.limits.bound_of(path)), send)
        finally:
            self.counters.in_flight -= 1

    def _bounded(self, receive: Receive, bound: BodyBound) -> Receive:
        """``receive`` with the bounds on the body; beyond them a 408 or 413 is raised."""
        now_s = asyncio.get_running_loop().time
        due_s = now_s() + bound.whole_s
        more_body, size = True, 0

        async def receive_bounded() -> Message:
            nonlocal more_body, size
            if not more_body:  # the body is here; what may still come is the client going away
                return await receive()
            try:
                async with asyncio.timeout_at(min(due_s, now_s() + bound.pause_s)):
                    message = await receive()
            except TimeoutError:
                self.counters.refused_slow_body += 1
                raise HTTPException(408, headers={"Connection": "close"}) from None
            size += len(message.get("body", b""))
            if size > bound.size_bytes:
                self.counters.refused_large_body += 1
                raise HTTPException(413, headers={"Connection": "close"})
            more_body = bool(message.get("more_body", False))
            return message

        return receive_bounded


def _nul() -> InvalidError:
    return InvalidError(
        "地址中含有空字符。",
        "The address contains the null character.",
        code="http.nul",
        kept=Text("没有任何数据被改动。", "Nothing was changed."),
        todo=Text("请删去空字符后重新发送。", "Remove the null character and send it again."),
    )


def _too_busy() -> BusyError:
    return BusyError(
        "系统繁忙，请求数已达上限。",
        "The product is busy: the bound on requests at once is reached.",
        code="http.busy",
        kept=Text("本次请求没有处理。", "This request was not handled."),
        todo=Text("请稍等一秒再试。", "Wait a second and send it again."),
    )

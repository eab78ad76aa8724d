"""The GeoReport v2 server (Open311 接口): addresses, keys, bounds, and answers in XML or JSON by the path's ending."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from cityops.cases.reports import ReportInvalidError
from cityops.gateways.open311 import documents
from cityops.gateways.open311.documents import MEDIA_TYPES, Node
from cityops.gateways.open311.reading import Fields, one, read_fields, read_filter, read_report, read_span, read_words
from cityops.gateways.open311.service import Doors, Open311Settings, ReportService, SenderDesk
from cityops.kit import BusyError, CityOpsError, Clock, ConflictError, ForbiddenError, InvalidError, NotFoundError

ID_MAX: Final = 100
_FORM: Final = "application/x-www-form-urlencoded"
_MORE: Final = {"X-More-Results": "true"}
Answer = tuple[str, Node, bool]
"""Name of the root element, the document, and whether there was more than the bound lets through."""


@dataclass(slots=True)
class Open311Counters:
    """What the server did and refused since it was made."""

    requests: int = 0
    accepted: int = 0
    updates: int = 0
    refused_busy: int = 0
    refused_key: int = 0
    refused_invalid: int = 0


def open311_app(
    service: ReportService,
    desk: SenderDesk,
    settings: Open311Settings,
    clock: Clock,
    *,
    doors: Doors,
    counters: Open311Counters,
) -> Starlette:
    """The application, to be mounted or served by itself. Nothing is opened and nothing is started here.

    Args:
        service: where reports are kept.
        desk: takes what senders say later.
        settings: names and bounds.
        clock: the time.
        doors: who may come in, and how often.
        counters: what happened.
    """
    server = _Server(service, desk, settings, clock, doors, counters)
    routes = [
        Route("/discovery.{form}", server.answer(server.discovery)),
        Route("/services.{form}", server.answer(server.services)),
        Route("/services/{code}.{form}", server.answer(server.definition)),
        Route("/requests.{form}", server.answer(server.requests), methods=["GET", "POST"]),
        Route("/requests/{code}.{form}", server.answer(server.request)),
        Route("/tokens/{code}.{form}", server.answer(server.token)),
        Route("/servicerequestupdates.{form}", server.answer(server.updates), methods=["GET", "POST"]),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _http_error})


class _Server:
    def __init__(
        self,
        service: ReportService,
        desk: SenderDesk,
        settings: Open311Settings,
        clock: Clock,
        doors: Doors,
        counters: Open311Counters,
    ) -> None:
        self._service = service
        self._desk = desk
        self._doors = doors
        self._settings = settings
        self._clock = clock
        self._counters = counters
        self._in_flight = 0

    def answer(
        self, handle: Callable[[Request, Fields], Awaitable[Answer]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint around a handler: format, bounds, jurisdiction, and errors as an array."""

        async def endpoint(request: Request) -> Response:
            form = request.path_params["form"]
            if form not in MEDIA_TYPES:
                return _errors("xml", 404, [f"格式只有 xml 和 json / there is no format {form[:10]}; use xml or json"])
            self._counters.requests += 1
            if self._in_flight >= self._settings.in_flight_max:
                self._counters.refused_busy += 1
                return _errors(form, 429, ["请求过多，请稍候重试 / too many requests at once; send again"])
            self._in_flight += 1
            try:
                self._doors.reader(request.client.host if request.client else "")
                query = read_fields(request.scope["query_string"], self._settings.fields_max)
                if request.method != "POST":
                    self._check_jurisdiction(query)
                root, node, more = await handle(request, query)
            except CityOpsError as error:
                return self._refusal(form, error)
            finally:
                self._in_flight -= 1
            return Response(
                documents.write(root, node, form),
                media_type=None,
                headers={"Content-Type": MEDIA_TYPES[form]} | (_MORE if more else {}),
            )

        return endpoint

    async def discovery(self, request: Request, query: Fields) -> Answer:
        """GET discovery."""
        return "discovery", documents.discovery(self._settings), False

    async def services(self, request: Request, query: Fields) -> Answer:
        """GET services."""
        return "services", documents.services(await run_in_threadpool(self._service.services)), False

    async def definition(self, request: Request, query: Fields) -> Answer:
        """GET services/{code}."""
        found = await run_in_threadpool(self._service.service, _code(request))
        return "service_definition", documents.definition(found), False

    async def requests(self, request: Request, query: Fields) -> Answer:
        """GET and POST requests."""
        if request.method == "POST":
            return await self._submit(request, query)
        found = await run_in_threadpool(self._service.find, read_filter(query, self._clock.now_ms()))
        return "service_requests", documents.requests(found.items), found.more

    async def request(self, request: Request, query: Fields) -> Answer:
        """GET requests/{id}."""
        found = await run_in_threadpool(self._service.get, _code(request))
        return "service_requests", documents.requests([found]), False

    async def token(self, request: Request, query: Fields) -> Answer:
        """GET tokens/{id}."""
        given = _code(request)
        report_id = await run_in_threadpool(self._service.id_of_token, given)
        if report_id is None:
            raise NotFoundError("编号尚未分配，请稍后再查", "the token has no service_request_id yet; ask again later")
        return "service_requests", documents.token(report_id, given), False

    async def updates(self, request: Request, query: Fields) -> Answer:
        """GET and POST servicerequestupdates."""
        if request.method == "POST":
            return await self._say(request, query)
        span = read_span(query, self._clock.now_ms())
        found = await run_in_threadpool(self._service.updates, *span)
        return "service_request_updates", documents.updates(found.items), found.more

    async def _submit(self, request: Request, query: Fields) -> Answer:
        fields, source = await self._form(request, query)
        new = read_report(fields, source, request.headers.get("idempotency-key"))
        given = await run_in_threadpool(self._service.submit, new)
        self._counters.accepted += 1
        return "service_requests", documents.receipt(given), False

    async def _say(self, request: Request, query: Fields) -> Answer:
        """FixMyStreet's extension of GeoReport v2: what the sender of a report says later."""
        fields, source = await self._form(request, query)
        update_id = await run_in_threadpool(self._desk.say, read_words(fields, source))
        self._counters.updates += 1
        return "service_request_updates", documents.said(update_id), False

    async def _form(self, request: Request, query: Fields) -> tuple[Fields, str]:
        """The fields of a form and the source they came from; every form needs a key."""
        content_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if content_type != _FORM:
            raise InvalidError(f"请用 {_FORM} 提交", f"send the form as {_FORM}")
        fields = read_fields(await self._body(request), self._settings.fields_max)
        sender = await run_in_threadpool(self._doors.holder, one(fields, "api_key") or "")
        if sender is None:
            raise ForbiddenError(
                "缺少 api_key 或 api_key 不对", "the api_key is missing or invalid", code="open311.key"
            )
        self._check_jurisdiction({**query, **fields})
        self._doors.sender(sender)
        return fields, f"open311:{sender}"

    async def _body(self, request: Request) -> bytes:
        most = self._settings.body_bytes_max
        body = bytearray()
        try:
            async with asyncio.timeout(self._settings.body_timeout_s):
                async for chunk in request.stream():
                    body += chunk
                    if len(body) > most:
                        raise InvalidError(f"表单超过 {most} 字节", f"the form is longer than {most} bytes")
        except TimeoutError:
            raise InvalidError("表单没有及时传完", "the form did not arrive in time") from None
        except ClientDisconnect:
            raise InvalidError("连接中断", "the connection was closed") from None
        return bytes(body)

    def _check_jurisdiction(self, fields: Fields) -> None:
        given = one(fields, "jurisdiction_id")
        if given is not None and self._settings.jurisdiction_id not in ("", given):
            raise NotFoundError("没有这个 jurisdiction_id", "the jurisdiction_id was not found")

    def _refusal(self, form: str, error: CityOpsError) -> Response:
        """The error as an array: 404 missing, 403 key, 429 and 503 as they are, 400 otherwise."""
        if isinstance(error, ForbiddenError):
            self._counters.refused_key += 1
        elif isinstance(error, BusyError):
            self._counters.refused_busy += 1
        elif isinstance(error, InvalidError | ConflictError):
            self._counters.refused_invalid += 1
        status = 400 if isinstance(error, ConflictError) else error.status
        texts = error.faults if isinstance(error, ReportInvalidError) else (error.text,)
        return _errors(form, status, [f"{text.zh} / {text.en}" for text in texts])


def _code(request: Request) -> str:
    given = str(request.path_params["code"])[:ID_MAX]
    return given.replace("\0", "\N{REPLACEMENT CHARACTER}")


async def _http_error(request: Request, error: Exception) -> Response:
    """Unknown addresses and methods, in the format the path asks for."""
    if not isinstance(error, HTTPException):
        raise error
    words = {
        404: "没有这个地址 / there is no such address; see discovery.xml",
        405: "不支持这个方法 / this address does not take that method",
    }
    form = "json" if request.url.path.endswith(".json") else "xml"
    return _errors(form, error.status_code, [words.get(error.status_code, error.detail)], dict(error.headers or {}))


def _errors(form: str, status: int, descriptions: list[str], headers: dict[str, str] | None = None) -> Response:
    node = documents.errors([(status, words) for words in descriptions])
    body = documents.write("errors", node, form)
    return Response(body, status, {**(headers or {}), "Content-Type": MEDIA_TYPES[form]})

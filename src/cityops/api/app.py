"""The application: routers, errors, security headers, the live feed's life."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.middleware.gzip import GZipMiddleware

from cityops import __version__
from cityops.access import SYSTEM, Principal
from cityops.api import (
    routes_admin,
    routes_alerts,
    routes_cases,
    routes_dispatch,
    routes_documents,
    routes_drills,
    routes_evaluation,
    routes_evidence,
    routes_field,
    routes_figures,
    routes_inspections,
    routes_intake,
    routes_learn,
    routes_live,
    routes_map,
    routes_operations,
    routes_public,
    routes_register_objects,
    routes_register_sheets,
    routes_registers,
    routes_registration,
    routes_reports,
    routes_rules,
    routes_session,
    routes_tipoffs,
    routes_work,
)
from cityops.api.context import ApiContext, ApiParts
from cityops.api.declare import TAGS, finish_openapi
from cityops.api.door import PublicDoor
from cityops.api.field_catalogue import FieldCatalogue
from cityops.api.layers import Layers
from cityops.api.live_feed import LiveFeed
from cityops.api.live_hub import LiveHub
from cityops.api.live_scope import EventScope
from cityops.api.live_vehicles import LiveVehicles
from cityops.api.metrics import HttpCounters
from cityops.api.middleware import Gate, NoNul, SecurityHeaders, content_security_policy
from cityops.api.problems import install_problems
from cityops.api.register_imports import ImportJobs
from cityops.api.static import web_router
from cityops.api.uploads import Uploads
from cityops.cases import CaseFilter
from cityops.cases.fieldwork import FieldAnswers
from cityops.cases.reports import ReportFiling
from cityops.detection import AlertFilter
from cityops.kit import IdMaker

_ROUTERS: Final[Sequence[APIRouter]] = (
    routes_session.router,
    routes_map.router,
    routes_alerts.router,
    routes_cases.router,
    routes_registration.router,
    routes_work.router,
    routes_evidence.router,
    routes_field.router,
    routes_figures.router,
    routes_documents.router,
    routes_inspections.router,
    routes_public.router,
    routes_intake.router,
    routes_reports.router,
    routes_tipoffs.public_router,
    routes_tipoffs.router,
    routes_dispatch.router,
    routes_drills.router,
    routes_registers.router,
    routes_register_objects.router,
    routes_register_sheets.router,
    routes_admin.router,
    routes_learn.router,
    routes_evaluation.router,
    routes_rules.router,
    routes_live.router,
    routes_operations.router,
)
_PAGE: Final = 500
_DESCRIPTION: Final = (
    "城市运行管理服务平台接口。会话凭证在 Cookie 中；每个非 GET 请求须带 X-CSRF-Token。时间一律带时区。\n\n"
    "The interface of CityOps. The session is a cookie; every unsafe method carries X-CSRF-Token. Times have a zone."
)


def _frame(version: str, routers: Sequence[APIRouter]) -> FastAPI:
    """The application's routes and errors, without anything behind them; ``routers`` are those of the scenes."""
    app = _DocumentedApp(
        title="CityOps",
        version=version,
        description=_DESCRIPTION,
        openapi_url=None,
        openapi_tags=[dict(tag) for tag in TAGS],
    )
    install_problems(app)
    for router in (*_ROUTERS, *routers):
        app.include_router(router)
    return app


class _DocumentedApp(FastAPI):
    """FastAPI with our refusals in its OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = finish_openapi(super().openapi())
        return self.openapi_schema


def openapi_document(routers: Sequence[APIRouter] = ()) -> dict[str, Any]:
    """The OpenAPI document of the interface with the scenes' ``routers``; needs nothing that runs."""
    return _frame(__version__, routers).openapi()


def create_app(context: ApiContext, routers: Sequence[APIRouter] = (), *, scenes: object = None) -> FastAPI:
    """The HTTP interface over the given services. The live feed runs while the application does (ASGI lifespan).

    Args:
        context: the rooms' services.
        routers: the routes that the scenes bring; they are declared like the product's own.
        scenes: what the scenes' routes work with, handed to them as ``app.state.scenes``.
    """
    settings = context.settings
    app = _frame(settings.version, routers)
    app.state.scenes = scenes
    parts = make_parts(context)
    app.state.context = context
    app.state.parts = parts
    app.router.lifespan_context = _lifespan(parts)
    for path, mounted in context.mounts.items():
        app.mount(path, mounted)
    app.include_router(web_router(settings.web_folder))
    app.add_middleware(NoNul)
    app.add_middleware(Gate, counters=parts.counters, limits=settings.requests)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=5)
    app.add_middleware(
        SecurityHeaders,
        policy=content_security_policy(tianditu=bool(settings.tianditu_key)),
        counters=parts.counters,
        secure=settings.secure_cookies,
    )
    return app


def make_parts(context: ApiContext) -> ApiParts:
    """What the room makes for itself over the given services."""

    def alerting() -> set[int]:
        found: set[int] = set()
        page = 1
        while True:
            active = context.alerts.list(SYSTEM, AlertFilter(state="active"), page=page, page_size=_PAGE)
            found.update(alert.device for alert in active.items)
            if len(active.items) < _PAGE:
                return found
            page += 1

    def pursued(crew: Principal) -> set[str]:
        open_cases = context.cases.list(crew, CaseFilter(ended=False, page_size=_PAGE)).items
        return {case.vehicle_id for case in open_cases if case.vehicle_id is not None}

    vehicles = LiveVehicles(
        context.latest,
        context.devices,
        alerting=alerting,
        pursued=pursued,
        city=context.city,
        clock=context.clock,
    )
    hub = LiveHub(context.settings.live)
    feed = LiveFeed(context.store, vehicles, lambda: EventScope(context.alerts, context.store), hub, context.clock)
    catalogue = FieldCatalogue(context.rulebook.rules)
    answers = FieldAnswers(context.store, context.clock, context.cases, context.evidence)
    layers, door, imports = Layers(context.city), PublicDoor(context.clock), ImportJobs(IdMaker(context.clock))
    filing = ReportFiling(context.store, context.intake, context.report_desk, context.tip_offs, context.evidence)
    return ApiParts(HttpCounters(), layers, vehicles, hub, feed, Uploads(), door, filing, catalogue, answers, imports)


def _lifespan(parts: ApiParts) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        parts.feed.start(asyncio.get_running_loop())
        try:
            yield
        finally:
            await run_in_threadpool(parts.feed.stop)
            await run_in_threadpool(parts.imports.stop)

    return run

"""``cityops serve``: the HTTP interface, with detection, history and cases working behind it."""

from __future__ import annotations

import argparse
import gc
import json
import signal
from collections.abc import Iterator, Sequence
from typing import Any, Final

import uvloop

from cityops import __version__
from cityops.access import Principal
from cityops.api import (
    ApiContext,
    ApiSettings,
    DemoSignIn,
    HealthPart,
    Sample,
    SceneCard,
    create_app,
    make_server,
)
from cityops.bootstrap.open311 import Open311
from cityops.bootstrap.product import METRICS_FILE, Product, check_data_folder, check_port, exclusive, web_folder
from cityops.bootstrap.rooms import Rooms, open_rooms
from cityops.bootstrap.working import Workers
from cityops.cases import CaseDetailView
from cityops.cases.intake import CallBacks
from cityops.kit import ConflictError, Text
from cityops.scenes import CITY_ACCOUNTS, DEMO_PASSWORD, routers_of
from cityops.supervisor import watch_lifeline

_GATEWAY_SILENT_MS: Final = 15_000


def serve(product: Product, _: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C."""
    settings = product.settings
    check_data_folder(settings.data_dir)
    check_port(settings.http_host, settings.http_port, "CITYOPS_HTTP_PORT")
    watch_lifeline(product.environment)
    gc.disable()  # until it serves: what a start makes stays, and looking it through time and again took a fifth of it
    with exclusive(settings.data_dir / "serve.lock", wait=product.is_child), open_rooms(product) as rooms:
        workers = Workers(rooms, on_failure=lambda: setattr(server, "should_exit", True))
        routers = routers_of(rooms.scenes.values())
        app = create_app(api_context(rooms, workers), routers, scenes=rooms.context)
        server = make_server(app, host=settings.http_host, port=settings.http_port)
        # Uvicorn raises a signal again once it has shut down: without these the workers would never be stopped.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: setattr(server, "should_exit", True))
        workers.start()
        gc.freeze()  # the collector need not look through it later either
        gc.enable()
        try:
            uvloop.run(server.serve())
        finally:
            workers.stop()
        return 1 if workers.failed else 0


def api_context(rooms: Rooms, workers: Workers) -> ApiContext:
    """What the HTTP interface is given: every room, and what the workers behind it know."""
    product, context = rooms.product, rooms.context
    settings = product.settings
    health, open311 = _Health(rooms, workers), Open311(rooms)
    return ApiContext(
        settings=ApiSettings(
            version=__version__,
            web_folder=web_folder(),
            secure_cookies=settings.secure_cookies,
            demo_accounts=[
                DemoSignIn(one.username, DEMO_PASSWORD, one.role.value, one.display_name)
                for one in (*CITY_ACCOUNTS, *(one for scene in rooms.scenes.values() for one in scene.demo_accounts()))
            ]
            if settings.demo
            else (),
            scenes={name: scene.spec.title.text for name, scene in rooms.scenes.items()},
            tianditu_key=settings.tianditu_key,
            report_contact_days=settings.report_contact_days,
            public_url=settings.public_url,
        ),
        clock=product.clock,
        store=rooms.store,
        sessions=rooms.sessions,
        accounts=context.accounts,
        units=context.units,
        registers=context.registers,
        devices=context.devices,
        history=rooms.history_view,
        latest=workers.pipeline.latest,
        city=rooms.city,
        alerts=context.alerts,
        cases=context.cases,
        registrations=context.registrations,
        dispatch=context.dispatch,
        analysis=context.analysis,
        evidence=context.evidence,
        reports=context.reports,
        report_desk=context.report_desk,
        tip_offs=context.tip_offs,
        rules=context.rules,
        rulebook=context.rulebook,
        intake=context.intake,
        call_backs=CallBacks(rooms.store, product.clock, context.ids),
        evaluations=context.evaluations,
        documents=context.documents,
        inspections=context.inspections,
        drills=context.drills,
        figures=context.figures,
        open_case=_Opener(rooms),
        scenes=[
            SceneCard(scene.name, scene.spec.title.text, [one.name for one in scene.spec.registers])
            for scene in rooms.scenes.values()
        ],
        samples=[health.samples, open311.samples],
        health=lambda: [*health.parts(), open311.health()],
        mounts=open311.mounts(),
    )


class _Opener:
    """Opens a case from an alert by hand, in the alert's own scene."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms

    def __call__(self, principal: Principal, alert_id: str, comment: str | None) -> CaseDetailView:
        context = self._rooms.context
        name = context.alerts.get(principal, alert_id).scene
        scene = self._rooms.scenes.get(name)
        if scene is None:
            raise ConflictError(f"场景“{name}”已停用", f"the scene {name!r} is switched off", code="scene.off")
        case_id = self._rooms.store.write(
            lambda conn: scene.open_from_alert(conn, context, principal, alert_id, comment)
        )
        return context.cases.get(principal, case_id)


class _Health:
    """The state of the parts outside the HTTP room, in words and figures."""

    def __init__(self, rooms: Rooms, workers: Workers) -> None:
        self._rooms = rooms
        self._workers = workers

    def parts(self) -> Sequence[HealthPart]:
        """Gateway, detection, store."""
        figures = self._workers.pipeline.metrics()
        lag = figures["lag_bytes"]
        _, dead = self._rooms.store.dead_letters(limit=1)
        return [
            self._gateway(),
            HealthPart(
                "detection",
                not self._workers.failed,
                Text(f"待处理 {lag / 1024:.0f} KiB", f"{lag / 1024:.0f} KiB waiting"),
                figures,
            ),
            HealthPart(
                "store",
                dead == 0,
                Text("正常", "well")
                if dead == 0
                else Text(f"{dead} 个事件未送达", f"{dead} events were not delivered"),
                {**{name: float(value) for name, value in self._rooms.store.counters().items()}, "dead_letters": dead},
            ),
        ]

    def samples(self) -> Iterator[Sample]:
        """The same figures for Prometheus."""
        for part in self.parts():
            for name, value in part.figures.items():
                yield Sample(f"cityops_{part.name}_{name}", f"{part.name}: {name}", "gauge", value)

    def _gateway(self) -> HealthPart:
        path = self._rooms.product.folder("state") / METRICS_FILE
        try:
            published: dict[str, Any] = json.loads(path.read_text())
        except FileNotFoundError:
            return HealthPart("gateway", False, Text("网关尚未启动", "the gateway has not started yet"))
        age_ms = self._rooms.product.clock.now_ms() - int(published["at_ms"])
        if age_ms > _GATEWAY_SILENT_MS:
            return HealthPart(
                "gateway",
                False,
                Text(f"网关已 {age_ms // 1000} 秒没有消息", f"nothing heard of the gateway for {age_ms // 1000} s"),
            )
        figures = published["figures"]
        words = Text(f"{figures['online']} 台终端在线", f"{figures['online']} terminals online")
        return HealthPart("gateway", True, words, {name: float(value) for name, value in figures.items()})

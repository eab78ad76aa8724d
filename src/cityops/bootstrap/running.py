"""``cityops run``, ``simulate`` and ``replay``: the whole product, and the city that it works for."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import uvloop

from cityops.access import Role
from cityops.bootstrap.product import Product, check_data_folder, check_port, exclusive
from cityops.bootstrap.rooms import find_city
from cityops.gateways.jt808 import Location
from cityops.kit import ConfigError, Text
from cityops.scenes.key_vehicles import DEMO_ACCOUNTS, DEMO_PASSWORD, demo_fleet
from cityops.simulation import Orders, identity_of, read_frames, read_tracks, replay_frames, replay_tracks, run_town
from cityops.supervisor import Supervisor, command, watch_lifeline

_logger = logging.getLogger(__name__)
_READY_LIMIT_S: Final = 60.0
_DEMO_SEED: Final = 2026
T = TypeVar("T")


def run(product: Product, options: argparse.Namespace) -> int:
    """Start everything and watch it until Ctrl-C."""
    settings = product.settings
    check_data_folder(settings.data_dir)
    with exclusive(settings.data_dir / "run.lock", wait=False):
        check_port(settings.http_host, settings.http_port, "CITYOPS_HTTP_PORT")
        check_port(settings.jt808_host, settings.jt808_port, "CITYOPS_JT808_PORT")
        children = {"gateway": command("gateway"), "serve": command("serve")}
        if settings.demo and not options.no_simulation:
            children["simulate"] = command("simulate")
        supervisor = Supervisor(children, clock=product.clock, environment=product.environment)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: supervisor.request_stop())
        print("CityOps 正在启动 … starting …", flush=True)
        supervisor.run(on_tick=_Greeting(product))
    print("CityOps 已停止，数据已保存。Stopped; everything is kept.", flush=True)
    return 0


class _Greeting:
    """Says once where the product is, as soon as it answers; says so when that takes too long."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._begun_s = product.clock.monotonic_s()
        self._asked_s = 0.0
        self._said = False
        self._warned = False
        self._client = httpx.Client(timeout=1.0, trust_env=False)

    def __call__(self) -> None:
        now_s = self._product.clock.monotonic_s()
        if self._said or now_s - self._asked_s < 0.3:
            return
        self._asked_s = now_s
        address = _address(self._product)
        try:
            self._said = self._client.get(f"{address}/api/product").status_code == httpx.codes.OK
        except httpx.TransportError:
            self._said = False
        if self._said:
            self._print(address, now_s - self._begun_s)
        elif not self._warned and now_s - self._begun_s > _READY_LIMIT_S:
            self._warned = True
            print(f"CityOps: still not answering on {address}; the lines above say why", flush=True)

    def _print(self, address: str, took_s: float) -> None:
        print(f"\n  CityOps  {address}   ({took_s:.1f} s)\n", flush=True)
        if self._product.settings.demo:
            print(f"  演示账号 demo accounts, password 密码: {DEMO_PASSWORD}")
            for account in DEMO_ACCOUNTS:
                print(f"    {account.username:<13}{account.role.value:<15}{account.display_name}")
            host, port = self._product.settings.jt808_host, self._product.settings.jt808_port
            print(f"\n  JT/T 808 终端接入 gateway: {host}:{port}   ·   Ctrl-C 停止 stops everything\n", flush=True)


def _address(product: Product) -> str:
    host = product.settings.http_host
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host
    return f"http://{shown}:{product.settings.http_port}"


def simulate(product: Product, options: argparse.Namespace) -> int:
    """Drive the demo city until stopped."""
    settings = product.settings
    if not settings.demo:
        raise ConfigError(
            "演示关闭时不能仿真：仿真车辆不是登记车辆",
            "there is nothing to simulate while the demo is off: its trucks are not registered",
            todo=Text("打开 CITYOPS_DEMO", "switch CITYOPS_DEMO on"),
        )
    watch_lifeline(product.environment)
    trucks = options.trucks or settings.demo_trucks
    acknowledged = _Acknowledged(options.acknowledged) if options.acknowledged else None
    crews = {one.username: DEMO_PASSWORD for one in DEMO_ACCOUNTS if one.role is Role.CREW}
    city = find_city(product)
    orders = Orders(
        fleet=demo_fleet(trucks, _DEMO_SEED),
        network=city.network,
        center=city.center,
        clock=product.clock,
        gateway=(settings.jt808_host, settings.jt808_port),
        api=_address(product),
        crews={} if options.no_crews else crews,
        interval_s=options.interval or settings.demo_interval_s,
        since_h=options.since,
        speed_up=max(1.0, options.speed_up),
        seed=_DEMO_SEED,
        state_file=product.folder("simulation") / "hauls.json",
        on_acknowledged=acknowledged or (lambda phone, positions: None),
    )
    _until_stopped(run_town(orders), limit_s=options.minutes * 60 if options.minutes else None)
    return 0


def replay(product: Product, options: argparse.Namespace) -> int:
    """Send a recording to the gateway and say what came of it."""
    settings = product.settings
    gateway = (settings.jt808_host, settings.jt808_port)
    path: Path = options.file
    if not path.exists():
        raise ConfigError(f"找不到文件 {path}", f"there is no file {path}")
    if path.suffix == ".jsonl":
        sent = _until_stopped(replay_frames(read_frames(path), gateway=gateway))
        print(f"{sent.sent} frames sent, {sent.answered} answers" if sent else "stopped")
        return 0
    tracks = read_tracks(path)
    identities = [identity_of(truck) for truck in reversed(demo_fleet(settings.demo_trucks, _DEMO_SEED))]
    count = _until_stopped(
        replay_tracks(tracks, identities, gateway=gateway, clock=product.clock, speed_up=max(1.0, options.speed_up))
    )
    print(f"{len(tracks)} tracks, {count} positions acknowledged" if count is not None else "stopped")
    return 0


def _until_stopped(work: Coroutine[Any, Any, T], *, limit_s: float | None = None) -> T | None:
    """Run ``work`` to its end, until SIGTERM or Ctrl-C, or for ``limit_s``; ``None`` when it was stopped."""

    async def watched() -> T | None:
        task = asyncio.ensure_future(work)
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        done, _ = await asyncio.wait([task], timeout=limit_s)
        if not done:
            task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            return None

    return uvloop.run(watched())


class _Acknowledged:
    """Writes a line for each acknowledged position: phone and event time. For tests of what survives a crash."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1)

    def __call__(self, phone: str, positions: Sequence[Location]) -> None:
        self._file.write("".join(f"{phone} {position.event_ms}\n" for position in positions))

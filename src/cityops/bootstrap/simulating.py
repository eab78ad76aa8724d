"""``cityops simulate`` and ``replay``: the city that the product works for."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import uvloop

from cityops.access import Role
from cityops.bootstrap.database import open_store
from cityops.bootstrap.places import find_city
from cityops.bootstrap.product import Product, reachable_host, web_address
from cityops.gateways.jt808 import Location
from cityops.kit import ConfigError, Text
from cityops.scenes import DEMO_PASSWORD, DemoTruck, Scene, SceneSwitches, load_scenes
from cityops.simulation import Orders, identity_of, read_frames, read_tracks, replay_frames, replay_tracks, run_town
from cityops.supervisor import watch_lifeline

_DEMO_SEED: Final = 2026
T = TypeVar("T")


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
    scenes = _scenes(product)
    accounts = (one for scene in scenes for one in scene.demo_accounts())
    crews = {one.username: DEMO_PASSWORD for one in accounts if one.role is Role.CREW}
    city = find_city(product)
    fleet = _fleet(scenes, trucks)
    limit_s = options.minutes * 60 if options.minutes else None
    if not fleet and not crews:
        _until_stopped(asyncio.Event().wait(), limit_s=limit_s)  # no scene in use has anything that moves
        return 0
    orders = Orders(
        fleet=fleet,
        network=city.network,
        center=city.center,
        clock=product.clock,
        gateway=(reachable_host(settings.jt808_host), settings.jt808_port),
        api=web_address(product),
        crews={} if options.no_crews else crews,
        interval_s=options.interval or settings.demo_interval_s,
        since_h=options.since,
        speed_up=max(1.0, options.speed_up),
        seed=_DEMO_SEED,
        state_file=product.folder("simulation") / "hauls.json",
        on_acknowledged=acknowledged or (lambda phone, positions: None),
    )
    _until_stopped(run_town(orders), limit_s=limit_s)
    return 0


def replay(product: Product, options: argparse.Namespace) -> int:
    """Send a recording to the gateway and say what came of it."""
    settings = product.settings
    gateway = (reachable_host(settings.jt808_host), settings.jt808_port)
    path: Path = options.file
    if not path.exists():
        raise ConfigError(f"找不到文件 {path}", f"there is no file {path}")
    if path.suffix == ".jsonl":
        sent = _until_stopped(replay_frames(read_frames(path), gateway=gateway))
        print(f"{sent.sent} frames sent, {sent.answered} answers" if sent else "stopped")
        return 0
    tracks = read_tracks(path)
    identities = [identity_of(truck) for truck in reversed(_fleet(_scenes(product), settings.demo_trucks))]
    count = _until_stopped(
        replay_tracks(tracks, identities, gateway=gateway, clock=product.clock, speed_up=max(1.0, options.speed_up))
    )
    print(f"{len(tracks)} tracks, {count} positions acknowledged" if count is not None else "stopped")
    return 0


def _scenes(product: Product) -> list[Scene]:
    """The scenes in use."""
    with open_store(product) as store:
        return list(load_scenes(SceneSwitches(store, product.clock).disabled()).values())


def _fleet(scenes: Sequence[Scene], trucks: int) -> list[DemoTruck]:
    return [truck for scene in scenes for truck in scene.demo_fleet(trucks, _DEMO_SEED)]


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

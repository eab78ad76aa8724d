"""``cityops run``: the whole product under a supervisor. Light on purpose: it must be watching within a moment."""

from __future__ import annotations

import argparse
import json
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any, Final

from cityops.bootstrap.product import Product, check_data_folder, check_port, exclusive, reachable_host, web_address
from cityops.supervisor import REFUSED, Supervisor, command

_READY_LIMIT_S: Final = 60.0
_ASK_EVERY_S: Final = 0.2
_PATIENCE_S: Final = 3.0
"""Processes of a product that was killed a moment ago may still be letting go of their ports."""
_DEMO_PASSWORD_HINT: Final = "演示账号 demo accounts, password 密码"


def run(product: Product, options: argparse.Namespace) -> int:
    """Start everything and watch it until Ctrl-C."""
    settings = product.settings
    check_data_folder(settings.data_dir)
    with exclusive(settings.data_dir / "run.lock", wait=False):
        check_port(settings.http_host, settings.http_port, "CITYOPS_HTTP_PORT", patience_s=_PATIENCE_S)
        check_port(settings.jt808_host, settings.jt808_port, "CITYOPS_JT808_PORT", patience_s=_PATIENCE_S)
        supervisor = Supervisor(
            {"gateway": command("gateway"), "serve": command("serve")},
            clock=product.clock,
            environment=product.environment,
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: supervisor.request_stop())
        print("CityOps 正在启动 … starting …", flush=True)

        def ready() -> None:
            if settings.demo and not options.no_simulation:
                supervisor.add("simulate", command("simulate"))

        supervisor.run(on_tick=_Greeting(product, ready))
    print("CityOps 已停止，数据已保存。Stopped; everything is kept.", flush=True)
    return 0 if supervisor.refused is None else REFUSED


class _Greeting:
    """Says once where the product is, as soon as it answers, and calls ``ready``; says so when that takes long."""

    def __init__(self, product: Product, ready: Callable[[], None]) -> None:
        self._product = product
        self._ready = ready
        self._begun_s = product.clock.monotonic_s()
        self._asked_s = 0.0
        self._said = False
        self._warned = False

    def __call__(self) -> None:
        """Ask, unless that was done a moment ago."""
        now_s = self._product.clock.monotonic_s()
        if self._said or now_s - self._asked_s < _ASK_EVERY_S:
            return
        self._asked_s = now_s
        address = web_address(self._product)
        about = _ask(f"{address}/api/product")
        if about is not None and _listens(self._product):
            self._said = True
            self._print(address, about, now_s - self._begun_s)
            self._ready()
        elif not self._warned and now_s - self._begun_s > _READY_LIMIT_S:
            self._warned = True
            late = address if about is None else "JT/T 808 gateway"
            print(f"CityOps: {late} 还没有应答，见上文 does not answer yet; see above", flush=True)

    def _print(self, address: str, about: dict[str, Any], took_s: float) -> None:
        lines = [f"\n  CityOps  {address}   {about['city']}   ({took_s:.1f} s)\n"]
        accounts = about["demo_accounts"]
        if accounts:
            lines.append(f"  {_DEMO_PASSWORD_HINT}: {accounts[0]['password']}")
            lines += [f"    {one['username']:<18}{one['role']:<15}{one['display_name']}" for one in accounts]
        host, port = self._product.settings.jt808_host, self._product.settings.jt808_port
        lines.append(f"\n  JT/T 808 终端接入 gateway: {host}:{port}   ·   Ctrl-C 停止 stops everything\n")
        print("\n".join(lines), flush=True)


def _listens(product: Product) -> bool:
    """Whether the gateway takes terminals; with port 0 nobody can say where it is."""
    host, port = reachable_host(product.settings.jt808_host), product.settings.jt808_port
    if port == 0:
        return True
    try:
        socket.create_connection((host, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _ask(address: str) -> dict[str, Any] | None:
    """What the product says of itself; ``None`` while it does not answer."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=1.0) as answer:
            about: dict[str, Any] = json.load(answer)
            return about
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return None

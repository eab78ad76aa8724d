"""``cityops gateway``: the JT/T 808 server, the only writer of the durable log."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import uvloop

from cityops.bootstrap.database import open_store
from cityops.bootstrap.product import LOG_WRITER, METRICS_FILE, Product, check_data_folder, check_port
from cityops.gateways.jt808 import Jt808Server, Jt808Settings, Media
from cityops.kit import UnavailableError, from_ms
from cityops.observations import DeadLetters, DeviceRegister, Log
from cityops.store import Files
from cityops.supervisor import watch_lifeline

_METRICS_S: Final = 2.0
_EXPIRE_S: Final = 3600.0
_DAY_MS: Final = 24 * 3600 * 1000

_logger = logging.getLogger(__name__)


def gateway(product: Product, _: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C; what was received by then is stored and acknowledged."""
    settings = product.settings
    check_data_folder(settings.data_dir)
    check_port(settings.jt808_host, settings.jt808_port, "CITYOPS_JT808_PORT")
    watch_lifeline(product.environment)
    with open_store(product) as store:
        return uvloop.run(_serve(product, DeviceRegister(store, product.clock), Files(product.folder("files"))))


async def _serve(product: Product, devices: DeviceRegister, files: Files) -> int:
    settings = product.settings
    media = _MediaFolder(files, product.folder("media"))
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    log = Log.open(product.folder("log"), writer=LOG_WRITER, min_free_bytes=settings.log_min_free_mb * 1024 * 1024)
    dead_letters = DeadLetters(product.folder("rejected"))
    try:
        devices.mark_all_offline()
        server = Jt808Server(
            settings.jt808_host,
            settings.jt808_port,
            devices=devices,
            log=log,
            dead_letters=dead_letters,
            clock=product.clock,
            files=media.put,
            settings=Jt808Settings(max_connections=settings.jt808_max_connections),
        )
        await server.start()
        failure = asyncio.ensure_future(server.wait())
        upkeep = asyncio.ensure_future(_keep_up(server, log, dead_letters, product))
        await asyncio.wait([failure, asyncio.ensure_future(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
        upkeep.cancel()
        await server.stop()
        if failure.done():
            failure.result()  # a bug: raises, the process ends with a traceback and is started again
        return 0
    finally:
        dead_letters.close()
        log.close()


async def _keep_up(server: Jt808Server, log: Log, dead_letters: DeadLetters, product: Product) -> None:
    """Write the counters where the server process finds them, and let rejected input expire."""
    path = product.folder("state") / METRICS_FILE
    keep_ms = product.settings.position_retention_days * _DAY_MS
    expired_s = float("-inf")
    while True:
        figures = server.metrics() | {"appended_rows": log.appended_rows, "rejected_rows": log.rejected_rows}
        now_ms, now_s = product.clock.now_ms(), product.clock.monotonic_s()
        try:
            await asyncio.to_thread(_replace, path, json.dumps({"at_ms": now_ms, "figures": figures}))
            if now_s - expired_s >= _EXPIRE_S:
                expired_s = now_s
                await asyncio.to_thread(dead_letters.delete_before, now_ms - keep_ms)
        except (OSError, UnavailableError) as error:
            _logger.warning("the gateway's upkeep waits: %s", error)  # a full disk; intake itself refuses loudly
        await asyncio.sleep(_METRICS_S)


def _replace(path: Path, content: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(content)
    fresh.replace(path)


class _MediaFolder:
    """Keeps what terminals bring by content, and a line for each file saying whose it is."""

    def __init__(self, files: Files, folder: Path) -> None:
        self._files = files
        self._index = folder / "terminal-media.jsonl"

    def put(self, media: Media, chunks: Iterable[bytes]) -> None:
        """Store one file; returns when it is durable."""
        stored = self._files.put(chunks)
        line = {
            "sha256": stored.sha256,
            "size": stored.size,
            "device": media.device,
            "kind": media.kind,
            "name": media.name,
            "media_type": media.media_type,
            "recorded_at": None if media.event_ms is None else from_ms(media.event_ms).isoformat(),
            "alarm": media.alarm,
        }
        with self._index.open("a", encoding="utf-8") as index:
            index.write(json.dumps(line, ensure_ascii=False) + "\n")
            index.flush()
            os.fsync(index.fileno())

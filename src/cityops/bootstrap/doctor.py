"""``cityops doctor``: what is missing or misconfigured, in one line each, with what to do."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from cityops.access import verify_audit
from cityops.bootstrap.product import Product, check_data_folder, check_port, web_folder
from cityops.cases.documents import font_file
from cityops.kit import CityOpsError, Text, WorkingCalendar
from cityops.observations import DamagedLogError, LogReader
from cityops.places import load_city
from cityops.scenes import load_scenes
from cityops.settings import describe_settings
from cityops.store import Store

_CALENDAR_AHEAD = timedelta(days=60)


@dataclass(frozen=True)
class Finding:
    """One line of the report. ``ok`` ``None``: worth knowing, not wrong."""

    ok: bool | None
    about: str
    text: Text


def doctor(product: Product, options: argparse.Namespace) -> int:
    """Print every finding; exit code 1 when something is wrong."""
    if options.settings:
        for name, value, text in describe_settings(product.settings):
            print(f"{name:<36}{value or '-':<40}{text.zh}  {text.en}")
        return 0
    bad = 0
    for finding in _examine(product):
        mark = {True: "ok  ", False: "BAD ", None: "note"}[finding.ok]
        bad += finding.ok is False
        print(f"{mark}  {finding.about:<14}{finding.text.zh}  {finding.text.en}")
    return 1 if bad else 0


def _examine(product: Product) -> Iterator[Finding]:
    settings = product.settings
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(sys.version_info >= (3, 11), "python", Text(f"版本 {version}", f"version {version}"))
    data = _attempt("data folder", lambda: check_data_folder(settings.data_dir))
    yield data
    if data.ok:
        free_mb = shutil.disk_usage(settings.data_dir).free // 2**20
        enough = free_mb > 2 * settings.log_min_free_mb
        yield Finding(enough, "disk", Text(f"剩余 {free_mb} MB", f"{free_mb} MB free"))
        yield from _examine_data(product)
    for host, port, variable in (
        (settings.http_host, settings.http_port, "CITYOPS_HTTP_PORT"),
        (settings.jt808_host, settings.jt808_port, "CITYOPS_JT808_PORT"),
    ):
        yield _port(host, port, variable)
    built = (web_folder() / "index.html").exists()
    yield Finding(
        built, "web", Text("已构建", "built") if built else Text("未构建，运行 make web", "not built: run make web")
    )
    yield _attempt("scenes", lambda: ", ".join(load_scenes()))
    yield _calendar(product)
    yield _font()


def _port(host: str, port: int, variable: str) -> Finding:
    found = _attempt(f"port {port}", lambda: check_port(host, port, variable))
    if found.ok:
        return found
    return Finding(
        None, found.about, Text("使用中（若 CityOps 正在运行则正常）", "in use (as it should be while CityOps runs)")
    )


def _examine_data(product: Product) -> Iterator[Finding]:
    yield _attempt("city", lambda: load_city(product.folder("places")).name)
    try:
        store = Store.open(product.settings.store_url, clock=product.clock)
    except CityOpsError as error:
        yield Finding(False, "store", error.text)
        return
    with store:
        current, head = store.revision()
        if current is None:
            yield Finding(None, "store", Text("尚未建立，首次启动时建立", "not there yet: the first start makes it"))
            return
        yield Finding(
            current == head, "store", Text(f"结构版本 {current}", f"schema {current}, this program wants {head}")
        )
        with store.read() as conn:
            audit = verify_audit(conn)
        good = Text(f"{audit.rows} 行，完整", f"{audit.rows} rows, the chain is whole")
        broken = Text(f"第 {audit.first_bad} 行起被改动", f"changed or missing from row {audit.first_bad} on")
        yield Finding(audit.ok, "audit chain", good if audit.ok else broken)
        _, dead = store.dead_letters(limit=1)
        yield Finding(dead == 0, "events", Text(f"{dead} 个未送达", f"{dead} not delivered"))
    yield _log(product)


def _log(product: Product) -> Finding:
    """Read the durable log from its oldest record to its end."""
    if not product.log_folder.exists():
        return Finding(None, "log", Text("尚无数据", "no data yet"))
    reader = LogReader(product.log_folder)
    rows = 0
    try:
        while batches := reader.read():
            rows += sum(batch.rows for batch in batches)
    except DamagedLogError as error:
        return Finding(False, "log", error.text)
    finally:
        reader.close()
    return Finding(True, "log", Text(f"{rows} 行，校验无误", f"{rows} rows, all checksums right"))


def _calendar(product: Product) -> Finding:
    calendar = WorkingCalendar.official()
    until = calendar.known_until
    text = Text(f"法定节假日数据至 {until}", f"official holidays are known until {until}")
    enough = product.clock.now().date() + _CALENDAR_AHEAD <= until
    if enough:
        return Finding(True, "calendar", text)
    return Finding(
        None,
        "calendar",
        Text(
            f"{text.zh}，之后的时限标为暂定，更新 chinesecalendar 后自动重算",
            f"{text.en}; later deadlines are provisional until chinesecalendar is updated",
        ),
    )


def _font() -> Finding:
    path = font_file()
    if path is not None:
        return Finding(True, "pdf font", Text(f"嵌入 {path.stem}", f"{path.stem} is embedded"))
    return Finding(
        None,
        "pdf font",
        Text(
            "不嵌入字体，缺少宋体的阅读器会显示空白；安装 fonts-wqy-zenhei 即嵌入",
            "none is embedded: a reader without a Song font shows blanks; install fonts-wqy-zenhei",
        ),
    )


def _attempt(about: str, work: Callable[[], object]) -> Finding:
    """Well when ``work`` raises nothing; its result is shown."""
    try:
        result = work()
    except CityOpsError as error:
        return Finding(False, about, error.text)
    shown = str(result) if result else ""
    return Finding(True, about, Text(shown or "正常", shown or "well"))

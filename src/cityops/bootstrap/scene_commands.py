"""``cityops scene``: new, check, test, list, enable, disable, schema."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

from cityops.access import SYSTEM
from cityops.bootstrap.database import open_store
from cityops.bootstrap.product import Product, check_data_folder
from cityops.bootstrap.scene_starter import schema_text, write_starter
from cityops.kit import ConfigError, NotFoundError, Text
from cityops.scenes import ENTRY_POINTS, SceneSwitches, find_folder, folder_faults, load_scenes, reference_page
from cityops.store import Store

MAX_NAMED: Final = 10
"""Open cases that are named before a scene is switched off; their number is always."""


def scene(product: Product, options: argparse.Namespace) -> int:
    """Run one of the commands; returns the exit code."""
    commands: dict[str, Callable[[Product, argparse.Namespace], int]] = {
        "new": _new, "check": _check, "test": _test, "list": _list,
        "enable": _enable, "disable": _disable, "schema": _schema,
    }  # fmt: skip
    return commands[options.action](product, options)


def _new(_: Product, options: argparse.Namespace) -> int:
    folder = write_starter(options.name, options.into, options.zh, options.en)
    _say(Text(f"{folder}：可用的场景，现在就可以检查和试跑", f"{folder}: a scene that works; check and try it now"))
    for command in ("check", "test"):
        print(f"  cityops scene {command} {folder}")
    return 0


def _check(_: Product, options: argparse.Namespace) -> int:
    folder = find_folder(options.path)
    faults = check(folder)
    for fault in faults:
        _say(fault)
    if not faults:
        _say(Text(f"{folder}：没有问题", f"{folder}: nothing is wrong"))
    return 1 if faults else 0


def check(folder: Path) -> list[Text]:
    """All faults of a scene's folder; relations may lead to the registers of the installed scenes."""
    others = {register.name for one in load_scenes().values() for register in one.spec.registers}
    return folder_faults(folder, others)


def _test(product: Product, options: argparse.Namespace) -> int:
    """Check it, then have a temporary city work with it; needs no data folder."""
    folder = _folder_of(options.what)
    faults = check(folder)
    for fault in faults:
        _say(fault)
    if faults:
        return 1
    # Brings every room along: only for this command.
    walk = importlib.import_module("cityops.bootstrap.scene_walk")
    failed = False
    for finding in walk.walk_scene(product, folder):
        failed |= finding.ok is False
        print({True: "ok  ", False: "BAD ", None: "note"}[finding.ok], f"{finding.text.zh}  {finding.text.en}")
    failed |= not walk.run_own_tests(folder)
    return 1 if failed else 0


def _folder_of(what: str) -> Path:
    """The folder of an installed scene, or the one that the path names."""
    if Path(what).exists():
        return find_folder(Path(what))
    for name, one in load_scenes().items():
        if name == what:
            return one.folder
    raise NotFoundError(f"没有场景或文件夹“{what}”", f"there is no scene and no folder {what!r}")


def _list(product: Product, _: argparse.Namespace) -> int:
    disabled = _disabled(product)
    scenes = load_scenes(disabled)
    for point in _points():
        package = "" if point.dist is None else f"{point.dist.name} {point.dist.version}"
        found = scenes.get(point.name)
        title = "" if found is None else f"{found.spec.title.zh} {found.spec.title.en}"
        print(f"{'off' if found is None else 'on ':<4}{point.name:<20}{package:<43} {title}")
    return 0


def _disabled(product: Product) -> frozenset[str]:
    """The scenes that are off; none where no product has run yet, and nothing is made for the sake of asking."""
    settings = product.settings
    if not settings.database_url and not settings.data_dir.is_dir():
        return frozenset()
    with Store.open(settings.store_url, clock=product.clock) as store:
        current, head = store.revision()
        return SceneSwitches(store, product.clock).disabled() if current == head else frozenset()


def _points() -> list[EntryPoint]:
    return sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name)


def _enable(product: Product, options: argparse.Namespace) -> int:
    return _switch(product, options.name, enabled=True)


def _disable(product: Product, options: argparse.Namespace) -> int:
    check_data_folder(product.settings.data_dir)
    with open_store(product) as store:
        numbers, total = SceneSwitches(store, product.clock).open_cases(options.name, MAX_NAMED)
    if total and not options.yes:
        more = "" if total <= len(numbers) else " …"
        raise ConfigError(
            f"场景“{options.name}”有 {total} 件未结案件：{'、'.join(numbers)}{more}",
            f"the scene {options.name!r} has {total} open cases: {', '.join(numbers)}{more}",
            code="scene.open_cases",
            kept=Text("没有停用", "it was not switched off"),
            todo=Text(
                "停用后案件仍可查看，不能再办理；确认请加 --yes",
                "they stay readable and nobody can take a step in them; say --yes if that is meant",
            ),
        )
    return _switch(product, options.name, enabled=False)


def _switch(product: Product, name: str, *, enabled: bool) -> int:
    if name not in {point.name for point in _points()}:
        raise NotFoundError(f"没有安装场景“{name}”", f"no scene {name!r} is installed")
    check_data_folder(product.settings.data_dir)
    with open_store(product) as store:
        SceneSwitches(store, product.clock).switch(SYSTEM, name, enabled=enabled)
    done = Text("启用", "on") if enabled else Text("停用，数据保留", "off; its data stay")
    _say(Text(f"{name}：下次启动时{done.zh}", f"{name}: from the next start {done.en}"))
    return 0


def _schema(_: Product, options: argparse.Namespace) -> int:
    text = reference_page() if options.reference else schema_text()
    if options.output is None:
        print(text, end="")
    else:
        options.output.write_text(text, encoding="utf-8")
    return 0


def _say(text: Text) -> None:
    print(f"{text.zh}  {text.en}")

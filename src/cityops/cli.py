"""The ``cityops`` command: thin. Each command reads its arguments and calls ``bootstrap``."""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from cityops import __version__
from cityops.bootstrap.product import Product, product
from cityops.kit import CityOpsError

_MANUAL: Final = """\
CityOps, the open city operations platform (城市运行管理服务平台, 一网统管).

First steps
  cityops run                 start everything with the demo city; open the address it prints
  cityops doctor              say what is missing or misconfigured, and verify the audit chain

Settings are CITYOPS_… variables or cityops.toml; `cityops doctor --settings` lists them with their meaning.
"""
_SCENES: Final = """\
A scene (场景) is one city system: a folder with scene.yaml, installed as a package, found through its entry point.

From nothing to the product
  cityops scene new bus_shelters     a folder that works, with demo data and a test
  cityops scene check bus_shelters   what is wrong, with file and line
  cityops scene test bus_shelters    a temporary city works with it to the last step
  pip install ./bus_shelters         it is in the product from the next start
  cityops scene list

docs/tutorial/first-scene.md takes an hour and no Python; docs/reference/scene.md explains every entry.
"""
_FILES: Final = """\
Files, all below the data folder (CITYOPS_DATA_DIR, ./data by default)
  cityops.db    relational store (unless CITYOPS_DATABASE_URL names a PostgreSQL)
  log/          durable log of observations: what a terminal was told is received is here
  history/      observations as Parquet, by stream, day and hour
  state/        where each consumer of the log stands; can be rebuilt from log and history
  places/       divisions, grids and roads of the city
  files/        photos, videos, documents, each named by its SHA-256
  media/        which terminal brought which of the files, when
  rejected/     input that could not be used, with the reason

Exit codes: 0 done; 1 a check failed; 2 wrong use, wrong settings, or a sentence that says what to do.
"""


def _add_run(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser(
        "run",
        help="the whole product: gateway, web, and the demo city",
        description=(
            "Starts gateway, server and (with CITYOPS_DEMO) the simulated city, restarts one that dies, and stops "
            "all of them on Ctrl-C. The next start resumes where this one was."
        ),
    )
    run.add_argument("--no-simulation", action="store_true", help="do not start the simulated city")
    commands.add_parser("serve", help="the web interface, detection and cases only")
    commands.add_parser("gateway", help="the JT/T 808 gateway only")


def _add_simulate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    simulate = commands.add_parser(
        "simulate",
        help="a synthetic city that speaks the real protocols",
        description=(
            "Drives trucks on the city's roads as JT/T 808 terminals (2013 and 2019), with rests, fatigue, speeding, "
            "tunnels, duplicates, wrong clocks and bad frames, and crews over HTTP. Equal seeds give equal cities."
        ),
    )
    simulate.add_argument("--trucks", type=int, help="how many (default: CITYOPS_DEMO_TRUCKS)")
    simulate.add_argument("--interval", type=int, help="seconds between positions (default: CITYOPS_DEMO_INTERVAL_S)")
    simulate.add_argument(
        "--since", type=float, default=0.0, metavar="HOURS", help="begin so many hours ago and catch up"
    )
    simulate.add_argument("--speed-up", type=float, default=60.0, help="how fast to catch up (default 60 times)")
    simulate.add_argument("--minutes", type=float, help="stop after so many minutes (default: never)")
    simulate.add_argument("--no-crews", action="store_true", help="trucks only")
    simulate.add_argument("--acknowledged", type=Path, metavar="FILE", help="write each acknowledged position to FILE")
    replay = commands.add_parser(
        "replay",
        help="send recorded frames or GPS tracks as terminals",
        description=(
            "FILE is a .jsonl with a hexadecimal `frame` a line, or a .csv of fixes (X;Y;…;trajectory_id;…;t, WGS-84). "
            "A track is sent in the demo trucks' name, its last fix now, so that it runs through the whole product."
        ),
    )
    replay.add_argument("file", type=Path)
    replay.add_argument("--speed-up", type=float, default=600.0, help="how many times faster than recorded")


def _add_data(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    importing = commands.add_parser(
        "import",
        help="bring in a real city, or another system's reports",
        description=(
            "`city` replaces the demo city's places: divisions from GeoJSON, roads from OpenStreetMap (XML); "
            "`demo` brings it back. `reports FILE --mapping M` files the requests of another system's CSV: all of them "
            "or none, unless --valid-only is given."
        ),
    )
    importing.add_argument("what", choices=["city", "demo", "reports"])
    importing.add_argument("file", nargs="?", type=Path, help="CSV in UTF-8 (reports)")
    importing.add_argument("--mapping", default="nyc311", help="mapping file, or nyc311 (reports)")
    importing.add_argument("--valid-only", action="store_true", help="leave rows with errors out (reports)")
    importing.add_argument("--local-items", type=Path, metavar="XLSX", help="write the entries that M needs (reports)")
    importing.add_argument("--name", help="what the city is called", default="")
    importing.add_argument("--divisions", type=Path, help="GeoJSON of divisions and grids with code and name")
    importing.add_argument("--roads", type=Path, help="OpenStreetMap extract (XML, plain or gzip)")
    importing.add_argument("--system", choices=["wgs84", "gcj02", "bd09"], default="wgs84", help="of the GeoJSON")
    backup = commands.add_parser("backup", help="copy everything to a folder while the product runs")
    backup.add_argument("target", type=Path)
    restore = commands.add_parser("restore", help="bring a backup back into an empty data folder")
    restore.add_argument("source", type=Path)
    users = commands.add_parser("users", help="accounts", description="Lists, adds, and switches off accounts.")
    actions = users.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="all accounts")
    add = actions.add_parser("add", help="a new account; the password is asked for")
    add.add_argument("username")
    add.add_argument("role")
    add.add_argument("--name", default="", help="display name")
    add.add_argument("--unit", help="code of the unit")
    add.add_argument("--area", action="append", default=[], help="division code; may be repeated")
    password = actions.add_parser("password", help="set a new password; it is asked for")
    password.add_argument("username")
    off = actions.add_parser("off", help="switch an account off and end its sessions")
    off.add_argument("username")
    evaluation = commands.add_parser(
        "evaluation",
        help="count the cases of the evaluation anew",
        description=(
            "`rebuild` makes the figures of the evaluation anew from every case: after an upgrade that changed a "
            "formula, or for cases that are older than the evaluation. Runs beside the product; tells how far it is."
        ),
    )
    evaluation.add_subparsers(dest="action", required=True).add_parser("rebuild", help="all cases")
    open311 = commands.add_parser(
        "open311", help="keys of other systems", description="Issues, lists and revokes keys for sending reports."
    )
    key_actions = open311.add_subparsers(dest="action", required=True)
    key_actions.add_parser("key", help="a new key for the system NAME; it is shown once").add_argument("name")
    key_actions.add_parser("list", help="all keys by name")
    key_actions.add_parser("revoke", help="refuse the key of NAME from now on").add_argument("name")


def _add_scene(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    scene = commands.add_parser(
        "scene",
        help="scenes: make, check, try, list, switch on and off",
        description=_SCENES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = scene.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = actions.add_parser("new", help="write a folder NAME that works at once, to be changed into what is wanted")
    new.add_argument("name", help="small letters, digits, underscores; registers and cases carry it")
    new.add_argument("--into", type=Path, default=Path(), metavar="DIR", help="where the folder goes (default: here)")
    new.add_argument("--zh", help="what it is called in Chinese")
    new.add_argument("--en", help="what it is called in English")
    check = actions.add_parser("check", help="every fault with file and line, in Chinese and English; exit code 1")
    check.add_argument("path", type=Path, nargs="?", default=Path(), help="its folder (default: here)")
    test = actions.add_parser(
        "test",
        help="check it, then let a temporary city work with it, and run its own tests",
        description=(
            "Seeds a temporary city with the scene's demo data, then creates and changes an object of each register, "
            "makes an inspection by each plan, finds a hazard and rectifies it, and takes a case of each workflow to "
            "its end. Nothing of your data folder is touched. What could not be walked is said."
        ),
    )
    test.add_argument("what", metavar="PATH|NAME", nargs="?", default=".", help="its folder, or an installed scene")
    actions.add_parser("list", help="installed scenes: on or off, name, package with version, title")
    actions.add_parser("enable", help="switch NAME on, from the next start").add_argument("name")
    disable = actions.add_parser("disable", help="switch NAME off, from the next start; its data stay")
    disable.add_argument("name")
    disable.add_argument("--yes", action="store_true", help="although cases of it are open")
    schema = actions.add_parser("schema", help="print the JSON Schema of scene.yaml, for editors")
    schema.add_argument("--reference", action="store_true", help="the page for people instead (Markdown)")
    schema.add_argument("--output", type=Path, metavar="FILE", help="write it to FILE")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cityops", description=_MANUAL, epilog=_FILES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"cityops {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_run(commands)
    _add_simulate(commands)
    _add_data(commands)
    _add_scene(commands)
    doctor = commands.add_parser("doctor", help="say what is missing or misconfigured")
    doctor.add_argument("--settings", action="store_true", help="list every setting with its value and meaning")
    commands.add_parser("openapi", help="print the HTTP interface as OpenAPI JSON")
    return parser


def _say(error: CityOpsError) -> None:
    chinese = os.environ.get("LANG", "").startswith("zh")
    for text in (error.text, error.kept, error.todo):
        if text is not None:
            print(f"CityOps: {text.zh if chinese else text.en}", file=sys.stderr)


_COMMANDS: Final = {
    "run": "running:run",
    "serve": "serving:serve",
    "gateway": "gateway:gateway",
    "simulate": "simulating:simulate",
    "replay": "simulating:replay",
    "import": "data:import_city",
    "backup": "data:backup",
    "restore": "data:restore",
    "users": "data:users",
    "evaluation": "evaluating:rebuild",
    "open311": "open311:keys",
    "scene": "scene_commands:scene",
    "doctor": "doctor:doctor",
    "openapi": "describing:openapi",
}
"""Command: module and function in ``bootstrap``. Imported when needed, so that --help answers at once."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    module, function = _COMMANDS[options.command].split(":")
    gc.disable()  # what modules make stays: nothing to collect
    work: Callable[[Product, argparse.Namespace], int] = getattr(
        importlib.import_module(f"cityops.bootstrap.{module}"), function
    )
    gc.enable()
    try:
        return work(product(os.environ), options)
    except CityOpsError as error:
        _say(error)
        return 2

"""``cityops import``, ``backup``, ``restore``, ``users``: commands for whoever runs an installation."""

from __future__ import annotations

import argparse
import getpass
import sys

from cityops.access import SYSTEM, Account
from cityops.bootstrap.product import Product, check_data_folder, exclusive
from cityops.bootstrap.rooms import Rooms, open_rooms, open_store
from cityops.kit import ConfigError, NotFoundError, Text
from cityops.places import build_demo_city, import_divisions, import_osm, load_city, save_city
from cityops.store import backup as backup_store
from cityops.store import restore as restore_store


def import_city(product: Product, options: argparse.Namespace) -> int:
    """Replace the city's divisions or roads, or bring the demo city back. Takes effect at the next start."""
    check_data_folder(product.settings.data_dir)
    folder = product.folder("places")
    if options.what == "demo":
        city = build_demo_city()
    else:
        if options.file is None or not options.file.exists():
            raise ConfigError(
                f"找不到文件 {options.file}",
                f"there is no file {options.file}",
                todo=Text("给出 GeoJSON 或 OSM XML 文件的路径", "give the path of a GeoJSON or an OSM XML file"),
            )
        try:
            present = load_city(folder)
        except NotFoundError:
            present = build_demo_city()
        bring_in = import_divisions if options.what == "divisions" else import_osm
        city = bring_in(present, options.file, name=options.name or present.name)
    save_city(city, folder)
    roads = len(city.network.edge_from)
    print(f"{city.name}: {len(city.divisions)} divisions, {len(city.grids)} grids, {roads} road edges")
    print("The next start uses them.")
    return 0


def backup(product: Product, options: argparse.Namespace) -> int:
    """Copy everything to a folder while the product runs, and verify the copy."""
    with open_store(product) as store:
        report = backup_store(store, product.settings.data_dir, options.target)
    print(f"{options.target}: {report}")
    return 0


def restore(product: Product, options: argparse.Namespace) -> int:
    """Bring a backup back; refuses to overwrite anything."""
    check_data_folder(product.settings.data_dir)
    with exclusive(product.settings.data_dir / "run.lock", wait=False):
        report = restore_store(options.source, product.settings.store_url, product.settings.data_dir)
    print(f"{product.settings.data_dir}: {report}")
    return 0


def users(product: Product, options: argparse.Namespace) -> int:
    """List, add and switch off accounts."""
    check_data_folder(product.settings.data_dir)
    with open_rooms(product) as rooms:
        accounts = rooms.context.accounts
        if options.action == "list":
            for account in accounts.list(SYSTEM):
                state = "" if account.active else "  (off)"
                print(f"{account.username:<20}{account.role.value:<15}{account.display_name}{state}")
        elif options.action == "add":
            _add(rooms, options)
        elif options.action == "password":
            accounts.set_password(SYSTEM, _find(rooms, options.username).account_id, _ask_password())
        else:
            accounts.deactivate(SYSTEM, _find(rooms, options.username).account_id)
    return 0


def _add(rooms: Rooms, options: argparse.Namespace) -> None:
    unit = rooms.context.units.find(options.unit) if options.unit else None
    if options.unit and unit is None:
        raise NotFoundError(f"没有编码为 {options.unit} 的单位", f"there is no unit with the code {options.unit}")
    rooms.context.accounts.create(
        SYSTEM,
        username=options.username,
        password=_ask_password(),
        display_name=options.name or options.username,
        role=options.role,
        unit_id=unit.id if unit else None,
        area_codes=options.area,
    )
    print(f"{options.username}: added")


def _find(rooms: Rooms, username: str) -> Account:
    account = rooms.context.accounts.find(username)
    if account is None:
        raise NotFoundError(f"没有账号 {username}", f"there is no account {username}")
    return account


def _ask_password() -> str:
    """From the terminal without echo, or the first line of standard input where there is none."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return getpass.getpass("password 密码: ")

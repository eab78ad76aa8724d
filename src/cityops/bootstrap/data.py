"""``cityops import``, ``backup``, ``restore``, ``users``: commands for whoever runs an installation."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import Final

from cityops.access import SYSTEM, Account, audit_seal
from cityops.bootstrap.database import open_store
from cityops.bootstrap.importing import import_reports
from cityops.bootstrap.product import Product, check_data_folder, exclusive
from cityops.bootstrap.rooms import Rooms, open_rooms
from cityops.kit import ConfigError, CoordinateSystem, NotFoundError, Text
from cityops.places import build_demo_city, save_city
from cityops.places import import_city as bring_in
from cityops.store import Manifest, verify_backup
from cityops.store import backup as backup_store
from cityops.store import restore as restore_store
from cityops.store.migrations.new import import_all_tables

# The log before the history it moves into: what is moved meanwhile is then in both. ``state`` is rebuilt from them.
_FOLDERS: Final = ("log", "history", "places", "rejected", "media", "simulation")


def import_city(product: Product, options: argparse.Namespace) -> int:
    """Replace the installed city by a real one, or bring the demo city back. Takes effect at the next start."""
    if options.what == "reports":
        return import_reports(product, options)
    check_data_folder(product.settings.data_dir)
    if options.what == "demo":
        city = build_demo_city()
    else:
        for path in (options.divisions, options.roads):
            if path is None or not path.exists():
                raise ConfigError(
                    f"找不到文件 {path}",
                    f"there is no file {path}",
                    kept=Text("现有城市没有改变", "the installed city is as it was"),
                    todo=Text(
                        "用 --divisions 给出 GeoJSON，用 --roads 给出 OSM XML",
                        "give a GeoJSON file with --divisions and an OSM XML extract with --roads",
                    ),
                )
        city = bring_in(options.name, options.divisions, options.roads, CoordinateSystem[options.system.upper()])
    save_city(city, product.folder("places"))
    roads = len(city.network.edge_from)
    print(f"{city.name}: {len(city.divisions)} divisions, {len(city.grids)} grids, {roads} road edges")
    print("The next start uses them.")
    return 0


def backup(product: Product, options: argparse.Namespace) -> int:
    """Copy everything to a folder while the product runs, and verify the copy."""
    import_all_tables()
    check_data_folder(product.settings.data_dir)
    with open_store(product) as store:
        manifest = backup_store(store, product.settings.data_dir, options.target, extra=_FOLDERS, seal=audit_seal)
    verify_backup(options.target)
    _report(options.target, manifest)
    return 0


def restore(product: Product, options: argparse.Namespace) -> int:
    """Bring a backup back; refuses to overwrite anything."""
    import_all_tables()
    check_data_folder(product.settings.data_dir)
    with exclusive(product.settings.data_dir / "run.lock", wait=False), open_store(product) as store:
        manifest = restore_store(options.source, store, product.settings.data_dir, seal=audit_seal)
    _report(product.settings.data_dir, manifest)
    return 0


def _report(folder: Path, manifest: Manifest) -> None:
    rows = sum(table.rows for table in manifest.tables.values())
    size_mb = sum(file.size for file in manifest.files) / 2**20
    print(
        f"{folder}: {len(manifest.tables)} tables, {rows} rows, {len(manifest.files)} files, {size_mb:.1f} MB; verified"
    )


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
            accounts.set_password(SYSTEM, _find(rooms, options.username).id, _ask_password())
        else:
            accounts.deactivate(SYSTEM, _find(rooms, options.username).id)
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

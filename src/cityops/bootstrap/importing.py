"""``cityops import reports``: requests of another system become reports, by a mapping file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from cityops.access import SYSTEM
from cityops.bootstrap.product import Product, check_data_folder
from cityops.bootstrap.rooms import open_rooms
from cityops.cases.catalogue import LOCAL_COLUMNS, Catalogue, Kind, RowError, write_rows
from cityops.cases.intake import ReportMapping, file_rows, import_foreign, read_mapping
from cityops.kit import ConfigError, Text

MAX_SHOWN: Final = 20
MAX_ROWS: Final = 5
"""Kinds of errors, and rows of each, that are printed; their number is always."""


def import_reports(product: Product, options: argparse.Namespace) -> int:
    """File every row of a CSV, or say row by row what is wrong; a row that was filed before is not filed again."""
    check_data_folder(product.settings.data_dir)
    mapping = read_mapping(options.mapping)
    if options.local_items is not None:
        return _write_local_items(mapping, options.local_items)
    content = _content(options.file)
    with open_rooms(product) as rooms:
        context = rooms.context
        rules = context.rulebook.rules()
        _say_missing_items(mapping, rules.catalogue)
        read = import_foreign(content, mapping, rules, context.city)
        _say(read.found.errors, read.found.rows)
        outcome = file_rows(context.intake, SYSTEM, read.found.accept(valid_only=options.valid_only))
    _say(outcome.errors, read.found.rows)
    print(f"{options.file}: {read.found.rows} rows, {outcome.filed} filed now or before 已上报（含以前导入的）")
    return 1 if outcome.errors else 0


def _content(path: Path | None) -> bytes:
    try:
        if path is not None:
            return path.read_bytes()
    except OSError as error:
        raise _no_file(path, str(error)) from error
    raise _no_file(path, "no file was named")


def _write_local_items(mapping: ReportMapping, path: Path) -> int:
    """The entries the mapping needs, as the sheet that the rules page publishes."""
    rows = [] if mapping.local_items is None else mapping.local_items.rows
    columns = [column.name for column in LOCAL_COLUMNS]
    path.write_bytes(write_rows("地方扩展", LOCAL_COLUMNS, ([row[name] for name in columns] for row in rows)))
    print(f"{path}: {len(rows)} entries; publish them on the rules page, table local_items, before the import")
    return 0


def _say_missing_items(mapping: ReportMapping, catalogue: Catalogue) -> None:
    """What has to be done first, said before the rows that fail because of it."""
    rows = [] if mapping.local_items is None else mapping.local_items.rows
    known = {item.code for item in catalogue.items(Kind.MATTER)}
    missing = [code for row in rows if (code := row["class_code"] + row["subclass_code"]) not in known]
    if missing:
        print(
            f"the mapping needs {len(missing)} matters that the catalogue has not ({', '.join(missing)}): write them "
            "with --local-items ITEMS.xlsx and publish that on the rules page, table local_items, first\n"
            f"映射文件用到目录中没有的 {len(missing)} 个事项：先用 --local-items 写出，在规则页发布",
            file=sys.stderr,
        )


def _say(errors: list[RowError], rows: int) -> None:
    """Each kind of error once, with the rows that have it."""
    kinds: dict[tuple[str, Text], list[int]] = {}
    for error in errors:
        kinds.setdefault((error.column, error.text), []).append(error.row)
    for (column, text), found in list(kinds.items())[:MAX_SHOWN]:
        where = ", ".join(map(str, found[:MAX_ROWS])) + (f" … ({len(found)} rows)" if len(found) > MAX_ROWS else "")
        print(f"row {where} {column}: {text.en} {text.zh}", file=sys.stderr)
    if len(kinds) > MAX_SHOWN:
        print(f"… {len(errors)} errors of {len(kinds)} kinds in {rows} rows", file=sys.stderr)


def _no_file(path: Path | None, why: str) -> ConfigError:
    return ConfigError(
        "没有给出文件" if path is None else f"读不到文件 {path}：{why}",
        why if path is None else f"cannot read {path}: {why}",
        kept=Text("未导入任何内容", "nothing was imported"),
        todo=Text("给出 CSV：cityops import reports 文件", "name a CSV: cityops import reports FILE"),
    )

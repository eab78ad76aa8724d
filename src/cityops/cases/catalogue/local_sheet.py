"""A city's own entries (地方扩展) as xlsx."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from cityops.cases.catalogue.catalogue import Catalogue, local_item_faults
from cityops.cases.catalogue.items import CatalogueItem, Kind, Standard
from cityops.cases.catalogue.sheets import (
    Column,
    FieldError,
    Import,
    RowError,
    SheetRow,
    cell_words,
    parse_one,
    read_rows,
    write_rows,
)
from cityops.kit import Text

_KIND_WORDS: Final = {Kind.COMPONENT: Text("部件", "component"), Kind.MATTER: Text("事项", "matter")}
LOCAL_COLUMNS: Final[Sequence[Column]] = (
    Column("类型", "kind", required=True, words=cell_words(_KIND_WORDS.values())),
    Column("大类代码", "class_code", required=True),
    Column("大类名称", "class_name", required=True, width=28),
    Column("小类代码", "subclass_code", required=True),
    Column("名称", "name", required=True, width=40),
)
_KINDS: Final = {text.zh: kind for kind, text in _KIND_WORDS.items()}


def import_local_items(content: bytes, catalogue: Catalogue, standard: Standard) -> Import[CatalogueItem]:
    """The entries in an xlsx, checked against the catalogue; raises ``InvalidError`` when it is no such table."""
    return local_items_of(read_rows(content, LOCAL_COLUMNS), catalogue, standard)


def export_local_items(items: Iterable[CatalogueItem]) -> bytes:
    """The entries as xlsx; ``import_local_items`` gives back the same."""
    rows = map(local_item_row, items)
    return write_rows("地方扩展", LOCAL_COLUMNS, ([row[column.name] for column in LOCAL_COLUMNS] for row in rows))


def local_item_row(item: CatalogueItem) -> dict[str, str]:
    """An entry as text; ``local_items_of`` reads it."""
    return {
        "kind": _KIND_WORDS[item.kind].zh,
        "class_code": item.class_code,
        "class_name": item.class_name,
        "subclass_code": item.subclass_code,
        "name": item.name,
    }


def local_items_of(rows: Sequence[SheetRow], catalogue: Catalogue, standard: Standard) -> Import[CatalogueItem]:
    """The entries in rows of text, with the errors of each row. Of two rows with one code both are refused."""
    errors: list[RowError] = []
    read: dict[tuple[Kind, str], list[tuple[CatalogueItem, int]]] = {}
    for row in rows:
        item = parse_one(row, LOCAL_COLUMNS, lambda one: _item(one, catalogue, standard))
        if isinstance(item, CatalogueItem):
            read.setdefault((item.kind, item.code), []).append((item, row.row))
        else:
            errors.extend(item)
    twice = Text("同一代码有两行", "two rows for one code")
    for same in read.values():
        errors += [RowError(row, "小类代码", twice) for _, row in same if len(same) > 1]
    valid = [same[0][0] for same in read.values() if len(same) == 1]
    return Import(valid, sorted(errors, key=lambda error: error.row), len(rows))


def _item(row: SheetRow, catalogue: Catalogue, standard: Standard) -> CatalogueItem:
    fields = row.fields
    kind = _KINDS.get(fields["kind"])
    if kind is None:
        raise FieldError("kind", "应为“部件”或“事项”", "部件 (component) or 事项 (matter)")
    item = CatalogueItem(
        standard.name, kind, fields["class_code"], fields["class_name"], fields["subclass_code"], fields["name"]
    )
    faults = local_item_faults(catalogue, standard, item)
    if faults:
        raise FieldError("subclass_code", "；".join(one.zh for one in faults), "; ".join(one.en for one in faults))
    return item

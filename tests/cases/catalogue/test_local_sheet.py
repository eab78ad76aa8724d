"""A city's own entries as xlsx, checked row by row."""

from __future__ import annotations

from datetime import date

from cityops.cases.catalogue import (
    NATIONAL,
    Catalogue,
    CatalogueItem,
    Kind,
    Standard,
    export_local_items,
    import_local_items,
)

CATALOGUE = Catalogue.built_in()
STANDARD = Standard("太原市地方目录", date(2026, 7, 1), None, "示例", local=True)


def item(kind: Kind, code: str, name: str) -> CatalogueItem:
    return CatalogueItem(STANDARD.name, kind, code[:2], "地方类", code[2:], name)


def test_there_and_back_and_into_the_catalogue() -> None:
    items = [item(Kind.MATTER, "81001", "冰溜子"), item(Kind.COMPONENT, "81001", "融雪剂箱")]
    imported = import_local_items(export_local_items(items), CATALOGUE, STANDARD).accept()
    assert imported == items
    assert CATALOGUE.with_local(STANDARD, imported).find(Kind.COMPONENT, "81001", date(2026, 11, 22)) == items[1]


def test_collisions_and_bad_codes_name_their_rows() -> None:
    items = [
        item(Kind.MATTER, "06010", "我们的垃圾"),
        item(Kind.COMPONENT, "06010", "部件的代码未占用"),
        item(Kind.MATTER, "81001", "甲"),
        item(Kind.MATTER, "81001", "乙"),
        item(Kind.MATTER, "8x001", "丙"),
    ]
    imported = import_local_items(export_local_items(items), CATALOGUE, STANDARD)
    assert [(error.row, error.column, error.text.en) for error in imported.errors] == [
        (2, "小类代码", f"06010 我们的垃圾: taken by 暴露垃圾 ({NATIONAL})"),
        (4, "小类代码", "two rows for one code"),
        (5, "小类代码", "two rows for one code"),
        (6, "小类代码", "'8x001': not a code, or no name"),
    ]
    assert imported.valid == [items[1]]

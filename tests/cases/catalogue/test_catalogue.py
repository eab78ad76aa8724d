"""The national catalogue, dates, local extensions, older codes."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

from cityops.cases.catalogue import (
    NATIONAL,
    OLDER,
    Catalogue,
    CatalogueItem,
    CatalogueSearch,
    ItemKey,
    Kind,
    Standard,
)
from cityops.cases.catalogue.pinyin import Reading
from cityops.kit import ConfigError, InvalidError, NotFoundError

FACTS = Path(__file__).parents[4] / "shared/facts/gbt47678_5_catalogue.csv"
TODAY = date(2026, 11, 22)
LOCAL = Standard("太原市地方目录", date(2026, 7, 1), None, "示例", local=True)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.built_in()


@pytest.fixture(scope="module")
def search(catalogue: Catalogue) -> CatalogueSearch:
    return CatalogueSearch(catalogue.items(Kind.MATTER, TODAY))


def local(code: str, name: str, standard: str = LOCAL.name) -> CatalogueItem:
    return CatalogueItem(standard, Kind.MATTER, code[:2], "地方事项类", code[2:], name)


def test_it_holds_153_components_and_250_matters(catalogue: Catalogue) -> None:
    assert len(catalogue.items(Kind.COMPONENT)) == 153
    assert len(catalogue.items(Kind.MATTER)) == 250
    assert catalogue.classes(Kind.COMPONENT, TODAY) == {
        "01": "市政公用设施", "02": "交通设施", "03": "市容环卫设施", "04": "园林绿化设施", "05": "其他管理部件",
    }  # fmt: skip
    counts = dict.fromkeys(catalogue.classes(Kind.MATTER, TODAY), 0)
    for item in catalogue.items(Kind.MATTER):
        counts[item.class_code] += 1
    assert counts == {
        "01": 76, "02": 44, "03": 16, "04": 14, "05": 3, "06": 51, "07": 7, "08": 16, "09": 21, "10": 2,
    }  # fmt: skip


def test_component_and_matter_may_share_a_code(catalogue: Catalogue) -> None:
    assert catalogue.get(ItemKey(NATIONAL, Kind.COMPONENT, "01001")).name == "供水井盖"
    assert catalogue.get(ItemKey(NATIONAL, Kind.MATTER, "01001")).name == "供水井盖异常"
    with pytest.raises(NotFoundError):
        catalogue.get(ItemKey(NATIONAL, Kind.MATTER, "01016"))


@pytest.mark.skipif(not FACTS.is_file(), reason="the collected facts are not on this machine")
def test_the_data_file_says_what_the_facts_say(catalogue: Catalogue) -> None:
    with FACTS.open(encoding="utf-8") as lines:
        facts = {
            (row["standard"], row["kind"], row["code"]): (row["class_name"], row["name_zh"])
            for row in csv.DictReader(lines)
        }
    assert {tuple(item.key): (item.class_name, item.name) for item in catalogue.items()} == facts


def test_the_standard_changes_on_1_july_2026(catalogue: Catalogue) -> None:
    before, after = catalogue.national(date(2026, 6, 30)), catalogue.national(date(2026, 7, 1))
    assert before is not None
    assert after is not None
    assert (before.name, after.name) == (OLDER, NATIONAL)
    assert catalogue.find(Kind.MATTER, "06010", date(2026, 7, 1)).name == "暴露垃圾"
    with pytest.raises(NotFoundError):
        catalogue.find(Kind.MATTER, "06010", date(2026, 6, 30))


def test_a_local_extension_stands_beside_the_national_standard(catalogue: Catalogue) -> None:
    extended = catalogue.with_local(LOCAL, [local("81001", "冰溜子")])
    assert extended.find(Kind.MATTER, "81001", TODAY).standard == "太原市地方目录"
    assert extended.find(Kind.MATTER, "06010", TODAY).standard == NATIONAL
    assert len(catalogue.items()) == 403
    assert len(extended.items()) == 404


@pytest.mark.parametrize(
    ("standard", "items", "says"),
    [
        (LOCAL, [local("06010", "我们的垃圾")], "taken by 暴露垃圾"),
        (LOCAL, [local("81001", "甲"), local("81001", "乙")], "taken by 甲"),
        (LOCAL, [local("81001", "甲", "别的")], "not of"),
        (LOCAL, [local("81001", " ")], "no name"),
        (LOCAL, [local("8100", "四位")], "not a code"),
        (Standard(NATIONAL, None, None, "", local=True), [], "is taken"),
        (Standard("不是地方", None, None, ""), [], "is taken"),
    ],
)
def test_collisions_are_named(catalogue: Catalogue, standard: Standard, items: list[CatalogueItem], says: str) -> None:
    with pytest.raises(InvalidError, match=says):
        catalogue.with_local(standard, items)


def test_older_codes_are_mapped_only_where_somebody_said_so(catalogue: Catalogue) -> None:
    older, present = ItemKey(OLDER, Kind.MATTER, "0101"), ItemKey(NATIONAL, Kind.MATTER, "06001")
    assert catalogue.successors(older) == ()
    assert catalogue.with_older({older: (present,)}).successors(older) == (present,)
    with pytest.raises(ConfigError, match="leads to no entry"):
        catalogue.with_older({older: (ItemKey(NATIONAL, Kind.MATTER, "99999"),)})


def test_two_national_standards_on_one_day_are_refused() -> None:
    with pytest.raises(ConfigError, match="two national standards"):
        Catalogue([Standard("甲", None, None, ""), Standard("乙", date(2026, 1, 1), None, "")], [])


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("暴露垃圾", "06010"),
        ("bllj", "06010"),
        ("baolulaji", "06010"),
        ("baolulj", "06010"),
        ("06010", "06010"),
        ("路灯不亮", "01037"),
        ("ldyc", "01037"),
        ("xingdaoshu", "04002"),
        ("jue lu", "08003"),
        ("掘路 无证", "08003"),
        ("lvdi zangluan", "06017"),
        ("lüdizangluan", "06017"),
        ("SOS", "01066"),
        ("马路上有积雪", "10001"),
        ("０６０１０", "06010"),
    ],
)
def test_search(search: CatalogueSearch, query: str, first: str) -> None:
    assert search.find(query)[0].code == first


def test_search_puts_recent_matters_first_among_equals(search: CatalogueSearch) -> None:
    sewer = ItemKey(NATIONAL, Kind.MATTER, "01002")
    assert [item.code for item in search.find("井盖异常", limit=2)] == ["01001", "01002"]
    assert search.find("井盖异常", limit=2, recent=[sewer])[0].code == "01002"
    assert search.find("bllj", recent=[sewer])[0].code == "06010"


def test_search_refuses_nothing_and_too_much(search: CatalogueSearch) -> None:
    for query in ("", "   ", "字" * 201):
        with pytest.raises(InvalidError):
            search.find(query)
    assert search.find("qqqqq") == []


def test_further_words_lead_to_a_matter(catalogue: Catalogue) -> None:
    key = ItemKey(NATIONAL, Kind.MATTER, "01037")
    search = CatalogueSearch(catalogue.items(Kind.MATTER, TODAY), {key: "灯杆倾斜"})
    assert [item.key for item in search.find("倾斜")] == [key]


def test_every_matter_is_found_by_its_initials_and_its_pinyin(search: CatalogueSearch, catalogue: Catalogue) -> None:
    for item in catalogue.items(Kind.MATTER):
        reading = Reading.of(item.name)
        for typed in (reading.initials, "".join(reading.syllables), item.name, item.code):
            assert item in search.find(typed), (item.name, typed)


@pytest.mark.parametrize(
    ("name", "syllables"),
    [
        ("人行横道桩", ("ren", "xing", "heng", "dao", "zhuang")),
        ("绿地（新）", ("lv", "di", "xin")),
        ("紧急报警点异常SOS", ("jin", "ji", "bao", "jing", "dian", "yi", "chang", "sos")),
        ("", ()),
    ],
)
def test_readings(name: str, syllables: tuple[str, ...]) -> None:
    assert Reading.of(name) == Reading(syllables)


@pytest.mark.parametrize(
    ("typed", "start"),
    [("b", 0), ("bl", 0), ("bll", 0), ("baolul", 0), ("lu", 1), ("llj", 1), ("laji", 2), ("baj", None), ("x", None)],
)
def test_pinyin_written_out_or_cut_off(typed: str, start: int | None) -> None:
    assert Reading(("bao", "lu", "la", "ji")).match(typed) == start

"""What residents can report in urban management: every entry leads to the catalogue and to a drawing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cityops.cases.catalogue import Catalogue, ItemKey, Kind
from cityops.cases.intake import SOURCES
from cityops.scenes import load_scenes, parse_scene, services_of, tip_off_matters_of, workflows_of

ROOT = Path(__file__).parents[3]
SCENES = load_scenes()
SERVICES = services_of(SCENES.values())
HEAD = "name: test\ntitle: {zh: 试, en: Test}\nowner: {zh: 试, en: Test}\nservices:\n"
WORDS = "name: {zh: 冰, en: Ice}, description: {zh: 冰, en: Ice}, group: {zh: 冰, en: Ice}, notice: {zh: 好, en: Well}"


def faults(*entries: str) -> list[str]:
    text = HEAD + "".join(f"  - {{{entry}, {WORDS}}}\n" for entry in entries)
    return [problem.text.en for problem in parse_scene(text)[1]]


def test_the_eight_matters_in_their_order() -> None:
    assert [one.code for one in SERVICES] == ["ice", "snow", "refuse", "lamp", "manhole", "road", "digging", "other"]
    assert all(one.name_en and one.description_en and one.notice_en for one in SERVICES)
    assert {one.code for one in SERVICES if not one.published} == {"ice", "digging", "other"}


def test_every_matter_is_in_the_national_catalogue() -> None:
    catalogue = Catalogue.built_in()
    tip_offs = tip_off_matters_of(SCENES.values())
    paths = [matter for matter in (*(one.matter for one in SERVICES), *(one.matter for one in tip_offs)) if matter]
    names = {}
    for path in paths:
        standard, kind, code = path.rsplit("/", 2)
        names[code] = catalogue.get(ItemKey(standard, Kind(kind), code)).name
    assert names == {
        "10001": "道路积雪、结冰",
        "06010": "暴露垃圾",
        "01037": "路灯异常",
        "01023": "不明井盖异常",
        "06013": "道路破损",
        "08003": "无证掘路",
        "06001": "私搭乱建",
    }


def test_every_picture_is_drawn() -> None:
    drawn = (ROOT / "web/src/pages/report/pictures.ts").read_text(encoding="utf-8")
    assert {one.picture for one in SERVICES} <= set(re.findall(r"^  (\w+): \{$", drawn, re.MULTILINE))


def test_a_report_reaches_a_workflow() -> None:
    """The national workflow takes what no other scene claims, from the public's sources."""
    claims = {claim for workflow in workflows_of(SCENES.values()).values() for claim in workflow.intake}
    assert "*" in claims
    assert {"portal", "open311", "tip_off"} <= set(SOURCES)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (("code: ice", "code: ice"), "'ice' is there twice"),
        (("code: ice, attributes: [{code: A, title: {zh: 甲, en: A}, datatype: singlevaluelist}]",), "has choices"),
        (
            ("code: ice, attributes: [{code: A, title: {zh: 甲, en: A}, choices: [{key: b, name: {zh: 乙, en: B}}]}]",),
            "choices",
        ),
        (
            ("code: ice, attributes: [{code: A, title: {zh: 甲, en: A}}, {code: A, title: {zh: 甲, en: A}}]",),
            "'A' is there twice",
        ),
        (("code: ice, matter: GB/T 47678.5-2026/10001",), "is wrong"),
        (("code: Ice",), "is wrong"),
        (("code: ice, type: sometimes",), "is wrong"),
    ],
)
def test_faults_are_named(entries: tuple[str, ...], said: str) -> None:
    found = faults(*entries)
    assert len(found) == 1
    assert said in found[0]


def test_a_right_one_has_none() -> None:
    assert faults("code: ice, matter: GB/T 47678.5-2026/matter/10001, published: true") == []

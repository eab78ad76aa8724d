"""A fault in scene.yaml is named with file, line and entry, in two languages."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from cityops.kit import ConfigError
from cityops.scenes import (
    Scene,
    load_scenes,
    measures_of,
    parse_scene,
    rate_detectors_of,
    read_scene,
    scene_from_folder,
    scene_schema,
    workflows_of,
)

SHIPPED = Path(__file__).parents[3] / "src/cityops/scenes/key_vehicles/scene.yaml"
SMALL = """\
name: icicles
title: {zh: 冰凌, en: Icicles}
owner: {zh: 城管局, en: Urban management bureau}
workflows:
  - name: icicle
    title: {zh: 冰凌清除, en: Icicle removal}
    number_prefix: IC
    initial: found
    states:
      found: {title: {zh: 已发现, en: Found}, stage: collect}
      removed: {title: {zh: 已清除, en: Removed}, stage: verify, end: true}
    transitions:
      - action: remove
        title: {zh: 清除, en: Remove}
        from: [found]
        to: removed
        permission: cases.handle
        form: []
        effects: []
"""


def line_of(text: str, words: str) -> int:
    return next(number for number, line in enumerate(text.splitlines(), start=1) if words in line)


def test_the_shipped_scene_is_sound() -> None:
    spec, problems = parse_scene(SHIPPED.read_text(encoding="utf-8"))
    assert problems == []
    assert spec is not None
    assert spec.detector("continuous_driving") is not None


def test_a_small_scene_needs_no_python(tmp_path: Path) -> None:
    (tmp_path / "scene.yaml").write_text(SMALL, encoding="utf-8")
    scene = scene_from_folder(tmp_path)
    assert (scene.name, scene.spec.title.en, scene.detectors()) == ("icicles", "Icicles", ())
    assert list(workflows_of([scene])) == [("icicles", "icicle")]


@pytest.mark.parametrize(
    ("old", "new", "at", "words"),
    [
        ("to: removed", "to: removd", "- action: remove", "unknown state 'removd'"),
        ("permission: cases.handle", "permission: cases.handel", "permission:", "unknown permission"),
        ("        form: []\n", "", "- action: remove", "form is missing"),
        ("owner: {zh: 城管局, en", "owner: {zh: 城管局, fr", "owner:", "owner.en is missing"),
        ("number_prefix: IC", "number_prefix: ic9", "number_prefix:", "is wrong"),
        ("        effects: []", "        effects: []\n        colour: red", "colour:", "not an entry that exists"),
        ("stage: collect", "stage: found", "found: {title", "stage is wrong"),
        (", end: true", "", "removed: {title", "dead end"),
        ("initial: found", "initial: found\n    initial: removed", "initial: removed", "is there twice"),
        ("title: {zh: 冰凌, en: Icicles}", "title: {zh: 冰凌, en: Icicles", "owner:", "not valid YAML"),
    ],
)
def test_a_fault_is_named_with_its_line(tmp_path: Path, old: str, new: str, at: str, words: str) -> None:
    assert old in SMALL
    text = SMALL.replace(old, new, 1)
    path = tmp_path / "scene.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as faulty:
        read_scene(path)
    assert words in str(faulty.value)
    assert f"{path}:{line_of(text, at)} " in str(faulty.value)
    assert f"{path}:{line_of(text, at)} " in faulty.value.text.zh
    assert faulty.value.text.zh.startswith("场景声明有误")


@pytest.mark.parametrize(
    ("old", "new", "zh", "en"),
    [
        (
            "number_prefix: IC",
            "number_prefix: ic9",
            "格式不符，应匹配 ^[A-Z]{1,6}$",
            "does not have the form ^[A-Z]{1,6}$",
        ),
        ("stage: collect", "stage: found", "只能是 'collect', 'file'", "must be 'collect', 'file'"),
        ("from: [found]", "from: []", "至少 1 项", "needs at least 1 entries"),
        ("from: [found]", "from: 7", "必须是列表", "must be a list"),
        (
            "title: {zh: 冰凌, en: Icicles}",
            "title: 冰凌",
            "必须是若干“键: 值”",
            "must be entries of the form 'key: value'",
        ),
        ("title: {zh: 冰凌, en: Icicles}", "title: {zh: 7, en: Icicles}", "必须是文字", "must be text"),
        ("end: true", "end: perhaps", "只能是 true 或 false", "must be true or false"),
        ("initial: found", "initial: found\n    limit: {amount: -1, unit: working_day}", "时限", "limit"),
        (
            "number_prefix: IC",
            "number_prefix: IC\n    escalations: [{percent: 5, to: desk}]",
            "不能小于 100",
            "must not be below 100",
        ),
        (
            "form: []",
            "form: [{name: a, title: {zh: 甲, en: A}, kind: choice}]",
            "选项属于且仅属于单选字段",
            "options belong to a choice field",
        ),
    ],
)
def test_a_wrong_value_is_explained_in_both_languages(old: str, new: str, zh: str, en: str) -> None:
    assert old in SMALL
    _, problems = parse_scene(SMALL.replace(old, new, 1))
    assert [problem for problem in problems if zh in problem.text.zh and en in problem.text.en], problems


def test_on_and_no_are_words() -> None:
    more = (
        "registers: [{name: pole, title: {zh: 杆, en: Pole}, fields: [{name: lit, title: {zh: 亮, en: Lit},"
        " kind: choice, options: [{value: on, title: {zh: 亮, en: On}}, {value: no, title: {zh: 不亮, en: Not}}]}]}]\n"
        "figures: [{name: lit, title: {zh: 亮, en: Lit}, register: pole, when: [{field: lit, any_of: [on]}],"
        " reported: {value: 3, source: x, on: 2026-01-31}}]\n"
    )
    spec, problems = parse_scene(SMALL + more)
    assert problems == []
    assert spec is not None
    assert spec.figures[0].when[0].any_of == ("on",)
    assert spec.figures[0].reported is not None
    assert str(spec.figures[0].reported.on) == "2026-01-31"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("detectors: [{id: frost, case: icicles}]", "no workflow 'icicles'"),
        ("detectors: [{id: frost, opens_case_at: serious}]", "names no workflow"),
        ("detectors: [{id: frost}, {id: frost}]", "'frost' is there twice"),
        ("response_times: [{name: a, title: {zh: 甲, en: a}, from: open, to: melt}]", "no step 'melt'"),
    ],
)
def test_names_that_lead_nowhere_are_found(more: str, words: str) -> None:
    text = f"{SMALL}{more}\n"
    _, problems = parse_scene(text)
    assert [problem.line for problem in problems] == [len(SMALL.splitlines()) + 1]
    assert words in problems[0].text.en


def test_an_unreadable_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as missing:
        read_scene(tmp_path / "scene.yaml")
    assert missing.value.code == "scene.unreadable"
    (tmp_path / "scene.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError):
        read_scene(tmp_path / "scene.yaml")


@pytest.mark.parametrize("text", ["", "[]", "- a", "7", "name: [", "a: &x [*x]", "[" * 100_000])
def test_nonsense_is_refused_without_a_crash(text: str) -> None:
    _, problems = parse_scene(text)
    assert problems


def test_the_schema_knows_what_the_loader_knows() -> None:
    schema = json.loads(json.dumps(scene_schema()))
    assert schema["$schema"].endswith("2020-12/schema")
    assert set(schema["required"]) == {"name", "title", "owner"}
    assert schema["additionalProperties"] is False
    transition = schema["$defs"]["Transition"]
    assert {"from", "permission", "form", "effects"} <= set(transition["required"])


def test_built_in_scenes_are_found_through_their_entry_points() -> None:
    scenes = load_scenes()
    assert "key_vehicles" in scenes
    assert [detector.id for detector in scenes["key_vehicles"].detectors()] == [
        "continuous_driving",
        "day_driving_total",
        "overspeed",
        "terminal_alarm",
        "no_data",
    ]
    assert measures_of(scenes.values())[0].name == "alert_to_case"
    assert rate_detectors_of(scenes.values()).speeding == {"overspeed"}
    assert "key_vehicles" not in load_scenes(disabled=["key_vehicles"])


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Installs a third-party package: a module, its scene.yaml, and a distribution with the entry point."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name: str, code: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text(code, encoding="utf-8")
        (folder / "scene.yaml").write_text(SMALL, encoding="utf-8")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[cityops.scenes]\n{name} = {name}\n", encoding="utf-8")

    return install


THIRD_PARTY = """
from pathlib import Path
from cityops.scenes import scene_from_folder
def scene():
    return scene_from_folder(Path(__file__).parent)
"""


@pytest.mark.parametrize("code", [THIRD_PARTY, "", None])
def test_a_third_party_scene_appears_like_a_built_in_one(
    package: Callable[[str, str], None], tmp_path: Path, code: str | None
) -> None:
    name = f"icicle_watch_{'python' if code else 'empty' if code is not None else 'folder'}"
    package(name, code or "")
    if code is None:  # not even an __init__.py
        (tmp_path / name / "__init__.py").unlink()
    (tmp_path / f"{name}-1.0.dist-info" / "entry_points.txt").write_text(f"[cityops.scenes]\nicicles = {name}\n")
    scenes = load_scenes()
    assert {"icicles", "key_vehicles"} <= set(scenes)
    assert isinstance(scenes["icicles"], Scene)
    assert scenes["icicles"].folder == tmp_path / name


def test_an_entry_point_is_called_as_its_scene(package: Callable[[str, str], None]) -> None:
    package("icicle_misnamed", "")
    with pytest.raises(ConfigError, match="is not called as its scene, 'icicles'"):
        load_scenes(found=[EntryPoint("misnamed", "icicle_misnamed", "cityops.scenes")])


def test_a_package_without_a_declaration_stops_the_start(package: Callable[[str, str], None], tmp_path: Path) -> None:
    package("undeclared", "")
    (tmp_path / "undeclared" / "scene.yaml").unlink()
    with pytest.raises(ConfigError, match=r"has no scene\.yaml and no scene"):
        load_scenes(found=[EntryPoint("undeclared", "undeclared", "cityops.scenes")])


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def scene():\n    return 7\n", "has no scene"),
        ("import no_such_module_anywhere\n", "cannot be loaded"),
    ],
)
def test_a_package_that_is_no_scene_stops_the_start(package: Callable[[str, str], None], code: str, words: str) -> None:
    name = f"broken_{abs(hash(code)) % 10_000}"
    package(name, code)
    with pytest.raises(ConfigError, match=words):
        load_scenes(found=[EntryPoint(name, name, "cityops.scenes")])


def test_two_scenes_of_one_name_stop_the_start(package: Callable[[str, str], None]) -> None:
    package("icicles_one", THIRD_PARTY)
    package("icicles_two", THIRD_PARTY)
    points = [EntryPoint("icicles", name, "cityops.scenes") for name in ("icicles_one", "icicles_two")]
    with pytest.raises(ConfigError, match="installed twice"):
        load_scenes(found=points)

"""``cityops scene``: what a stranger makes with it works at once, and what is wrong is said with file and line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert

from cityops.access import SYSTEM, list_audit
from cityops.cases import case_table
from cityops.cli import main
from cityops.kit import SystemClock
from cityops.scenes import SceneSwitches
from cityops.store import Store

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``cityops scene …`` in an empty folder; returns the exit code and what it said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CITYOPS_DATABASE_URL", raising=False)
    monkeypatch.setenv("CITYOPS_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("LANG", "en_GB.UTF-8")

    def command(*arguments: str) -> tuple[int, str]:
        code = main(["scene", *arguments])
        said = capsys.readouterr()
        return code, said.out + said.err

    return command


def test_a_new_folder_is_sound_and_says_what_comes_next(run: Run, tmp_path: Path) -> None:
    code, said = run("new", "bus_shelters", "--zh", "公交候车亭", "--en", "Bus shelters")
    assert code == 0
    assert "cityops scene test bus_shelters" in said
    folder = tmp_path / "bus_shelters"
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        "README.md",
        "pyproject.toml",
        "scene.schema.json",
        "scene_bus_shelters/checklist.csv",
        "scene_bus_shelters/demo.yaml",
        "scene_bus_shelters/demo/bus_shelters.csv",
        "scene_bus_shelters/scene.yaml",
        "tests/test_scene.py",
    }
    declaration = (folder / "scene_bus_shelters/scene.yaml").read_text(encoding="utf-8")
    assert declaration.startswith("# yaml-language-server: $schema=../scene.schema.json\n")
    assert "公交候车亭" in declaration
    assert json.loads((folder / "scene.schema.json").read_text(encoding="utf-8"))["required"]
    assert run("check", "bus_shelters")[0] == 0
    assert not (tmp_path / "data").exists()  # none of these needs a data folder


def test_nothing_is_overwritten_and_no_odd_name_taken(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kept").write_text("mine")
    code, said = run("new", "mine")
    assert (code, "exists already" in said) == (2, True)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["kept"]
    for name in ("Bus", "9lives", "a-b", "..", "x" * 40):
        assert run("new", name)[0] == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(
    ("file", "old", "new", "at", "zh", "en"),
    [
        ("scene.yaml", "kind: choice", "kind: choise", "kind: choise", "只能是", "must be"),
        ("scene.yaml", "file: checklist.csv", "file: none.csv", None, "无法读取检查表", "cannot read the checklist"),
        (
            "scene.yaml",
            "seats, title: {zh: 座位数",
            "seats, register: roads, kind: object, title: {zh: 座位数",
            None,
            "",
            "",
        ),
        (
            "checklist.csv",
            "photo_if_failed,serious",
            "photograph,serious",
            "1,外观",
            "photo_if_failed",
            "photo_if_failed",
        ),
        ("demo.yaml", "role: unit", "role: units", "role: units", "只能是", "must be"),
        ("demo/trees.csv", "112.5513,37.8601,active", "112.5513,137,active", "T-0001", "应为", "from -90 to 90"),
        ("demo/trees.csv", "active,large,12", "active,huge,12", "T-0001", "不在可选范围", "is none of large, small"),
        ("demo/trees.csv", "active,small,4", "active,small,four", "T-0002", "无法读作", "cannot be read as integer"),
        ("demo/trees.csv", "T-0003", "T-0001", "三号", "编号重复", "is there twice"),
        ("demo/trees.csv", "seats,built_on", "chairs,built_on", "code,title", "没有这一列", "not a column"),
        ("demo/trees.csv", "2019-03-20", "20.3.2019", "T-0003", "日期", "a day such as"),
    ],
)
def test_a_fault_is_named_with_file_and_line(
    run: Run, tmp_path: Path, file: str, old: str, new: str, at: str | None, zh: str, en: str
) -> None:
    run("new", "trees")
    path = tmp_path / "trees" / "scene_trees" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    code, said = run("check", "trees")
    assert code == 1
    assert zh in said
    assert en in said
    if at is not None:
        line = next(n for n, one in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if at in one)
        assert f"{path.relative_to(tmp_path)}:{line} " in said


def test_a_relation_that_leads_nowhere_and_a_file_without_a_register_are_faults(run: Run, tmp_path: Path) -> None:
    run("new", "trees")
    folder = tmp_path / "trees" / "scene_trees"
    declaration = folder / "scene.yaml"
    text = declaration.read_text(encoding="utf-8")
    more = "      - {name: street, title: {zh: 街, en: Street}, kind: object, register: streets}\n"
    text = text.replace("    states:\n", f"{more}    states:\n", 1)
    declaration.write_text(text, encoding="utf-8")
    (folder / "demo" / "roads.csv").write_text("code,title\n")
    code, said = run("check", "trees")
    assert code == 1
    line = text.splitlines().index(more.rstrip("\n")) + 1
    assert f"scene.yaml:{line} registers.0.fields.3.register 台账“streets”不存在  " in said
    assert "there is no register 'streets'" in said
    assert "roads.csv:1 " in said
    # The registers of installed scenes are known.
    declaration.write_text(text.replace("register: streets", "register: canteen"), encoding="utf-8")
    (folder / "demo" / "roads.csv").unlink()
    assert run("check", "trees")[0] == 0


def test_a_folder_without_a_declaration_is_one_sentence(run: Run) -> None:
    code, said = run("check", ".")
    assert (code, "there is no scene.yaml" in said) == (2, True)
    code, said = run("test", "no_such_scene")
    assert (code, "no scene and no folder" in said) == (2, True)


def test_the_list_names_package_and_state_without_making_a_data_folder(run: Run, tmp_path: Path) -> None:
    code, said = run("list")
    assert code == 0
    (line,) = [line for line in said.splitlines() if " key_vehicles " in line]
    assert line.startswith("on ")
    assert "cityops 0.1.0" in line
    assert "重点车辆 Key vehicles" in line
    assert not (tmp_path / "data").exists()


def test_a_temporary_city_works_with_a_new_scene(run: Run, tmp_path: Path) -> None:
    run("new", "trees")
    code, said = run("test", "trees")
    assert code == 0, said
    lines = [line for line in said.splitlines() if line.startswith(("ok", "note", "BAD"))]
    assert [line[:5] for line in lines] == ["ok   "] * 4
    assert "3 entries of history" in lines[1]
    assert "was closed in 4 steps" in lines[2]
    assert not (tmp_path / "data").exists()


def test_what_cannot_be_walked_is_said(run: Run, tmp_path: Path) -> None:
    run("new", "trees")
    people = tmp_path / "trees" / "scene_trees" / "demo.yaml"
    # Nobody of the supervising unit signs in any more.
    lines = people.read_text(encoding="utf-8").splitlines(keepends=True)
    people.write_text("".join(line for line in lines if "trees_check" not in line), encoding="utf-8")
    code, said = run("test", "trees")
    assert code == 0
    assert "note 检查计划 trees_monthly" in said
    assert "nobody of the demo has an object to inspect" in said


def test_the_schema_is_printed_and_written(run: Run, tmp_path: Path) -> None:
    code, said = run("schema")
    assert code == 0
    assert run("schema", "--output", "schema.json") == (0, "")
    assert (tmp_path / "schema.json").read_text(encoding="utf-8") == said


def test_a_scene_is_switched_off_and_on_and_its_open_cases_are_named_before(run: Run, tmp_path: Path) -> None:
    code, said = run("disable", "volunteers")
    assert (code, "from the next start off; its data stay" in said) == (0, True)
    (line,) = [line for line in run("list")[1].splitlines() if " volunteers " in line]
    assert line.startswith("off ")
    assert run("enable", "volunteers")[0] == 0
    assert not [line for line in run("list")[1].splitlines() if line.startswith("off")]
    assert run("disable", "no_such_scene")[0] == 2
    clock = SystemClock()
    with Store.open(f"sqlite:///{tmp_path / 'data' / 'cityops.db'}", clock=clock) as store:
        rows = [
            {
                "id": f"c{number}", "number": f"UM-{number:02d}", "scene": "urban_management", "kind": "urban_case",
                "title_zh": "x", "title_en": "x", "state": "filed", "severity": 1, "place": {},
                "opened_ms": number, "changed_ms": 1, "version": 1,
            }
            for number in range(12)
        ]  # fmt: skip
        store.write(lambda conn: conn.execute(insert(case_table), rows))
        code, said = run("disable", "urban_management")
        assert code == 2
        assert "has 12 open cases: UM-00, UM-01," in said
        assert "UM-09 …" in said
        assert SceneSwitches(store, clock).disabled() == frozenset()
        assert run("disable", "urban_management", "--yes")[0] == 0
        assert SceneSwitches(store, clock).disabled() == {"urban_management"}
        with store.read() as conn:
            entries = list_audit(conn, SYSTEM).items
    assert [(one.action, one.object_id) for one in reversed(entries)] == [
        ("scene.disable", "volunteers"),
        ("scene.enable", "volunteers"),
        ("scene.disable", "urban_management"),
    ]

"""Everything that can be wrong with a scene's folder (场景检查), found without a store: ``file:line entry: what``."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final

from cityops.inspections import read_checklist_file
from cityops.kit import ConfigError, Text
from cityops.registers import VEHICLE
from cityops.scenes.demo_files import OBJECTS, PEOPLE, check_objects, demo_file, parse_people
from cityops.scenes.demo_inspections import inspection_faults
from cityops.scenes.loader import parse_scene
from cityops.scenes.reading import Problem, located, read_text
from cityops.scenes.registry import DECLARATION
from cityops.scenes.spec import SceneSpec

_SUFFIX: Final = ".csv"


def find_folder(path: Path) -> Path:
    """The folder with ``scene.yaml``: ``path`` itself, or the one folder in it that has one.

    Raises:
        ConfigError: there is none, or more than one.
    """
    if (path / DECLARATION).exists():
        return path
    found = sorted(one.parent for one in path.glob(f"*/{DECLARATION}"))
    if len(found) == 1:
        return found[0]
    raise ConfigError(
        f"{path} 里{'没有' if not found else '不止一个'} {DECLARATION}",
        f"there is {'no' if not found else 'more than one'} {DECLARATION} in {path}",
        code="scene.no_folder",
        todo=Text(
            "给出场景的文件夹，或用 cityops scene new 新建", "name the scene's folder, or make one: cityops scene new"
        ),
    )


def folder_faults(folder: Path, other_registers: Collection[str] = ()) -> list[Text]:
    """All faults of declaration, checklists and demo files, each with file and line.

    Args:
        folder: with ``scene.yaml``.
        other_registers: names of registers that other scenes declare; relations may lead there.
    """
    path = folder / DECLARATION
    spec, problems = parse_scene(read_text(path), {VEHICLE, *other_registers})
    faults = _located(path, problems)
    if spec is not None:
        faults += _checklist_faults(folder, spec)
        faults += _object_faults(folder, spec)
        faults += [text for path, found in inspection_faults(spec, folder) for text in _located(path, found)]
    people = folder / PEOPLE
    if people.exists():
        faults += _located(people, parse_people(people)[1])
    return faults


def _located(path: Path, problems: Collection[Problem]) -> list[Text]:
    return [Text(located(path, one, one.text.zh), located(path, one, one.text.en)) for one in problems]


def _checklist_faults(folder: Path, spec: SceneSpec) -> Iterator[Text]:
    for checklist in spec.checklists:
        try:
            read_checklist_file(folder / checklist.file)
        except ConfigError as error:
            yield error.text


def _object_faults(folder: Path, spec: SceneSpec) -> Iterator[Text]:
    files = {demo_file(folder, register): register for register in spec.registers}
    for path in sorted((folder / OBJECTS).glob(f"*{_SUFFIX}")):
        if path not in files:
            yield Text(f"{path}:1 没有同名的台账", f"{path}:1 there is no register of this name")
            continue
        yield from _located(path, check_objects(files[path], path))

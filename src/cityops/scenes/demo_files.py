"""Demo data as files (演示数据即文件): ``demo.yaml`` names units and accounts, ``demo/<register>.csv`` holds objects.

With these a scene that is only a declaration has a demo without any Python. All demo data are synthetic and say so.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

from pydantic import Field

from cityops.access import SYSTEM, Role, UnitKind
from cityops.kit import Data, Text
from cityops.registers import ObjectValues, RegisterField, RegisterObject, RegisterSpec, object_faults
from cityops.scenes.people import DemoAccount, DemoUnit, seed_accounts, seed_units, unit_id
from cityops.scenes.reading import Problem, faulty, parse_yaml, read_text
from cityops.scenes.registry import SceneContext
from cityops.scenes.spec import SceneSpec

PEOPLE: Final = "demo.yaml"
OBJECTS: Final = "demo"
_REQUIRED: Final = ("code", "title")
_KNOWN: Final = (*_REQUIRED, "unit", "supervisor", "area", "lon", "lat", "state", "geometry")
"""Columns that every register has: ``unit`` and ``supervisor`` by code, ``area`` from the point where it is empty,
``geometry`` a line or an area as GeoJSON."""
_SEPARATOR: Final = ";"
"""Between several options in one cell."""
_TRUTH: Final = {"true": True, "false": False, "是": True, "否": False}


class UnitEntry(Data):
    """A unit of the demo: code, name, kind, the division it is in, the code of the unit above it."""

    code: Annotated[str, Field(min_length=1, max_length=64)]
    name: Annotated[str, Field(min_length=1, max_length=128)]
    kind: UnitKind = UnitKind.DEPARTMENT
    area: str = "140100"
    parent: str | None = "CITY"


class AccountEntry(Data):
    """An account of the demo; ``areas``: the divisions of somebody of a district."""

    username: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,31}$")]
    name: Annotated[str, Field(min_length=1, max_length=64)]
    role: Role
    unit: str | None = None
    areas: tuple[str, ...] = ()


class DemoPeople(Data):
    """What ``demo.yaml`` says."""

    units: tuple[UnitEntry, ...] = ()
    accounts: tuple[AccountEntry, ...] = ()


class _Row(NamedTuple):
    """A row of a CSV with its line: the object it makes, and the codes of its units."""

    line: int
    object: RegisterObject
    unit: str
    supervisor: str


def read_people(folder: Path) -> DemoPeople:
    """What ``demo.yaml`` says; nothing where there is none.

    Raises:
        ConfigError: with file and line of every fault.
    """
    path = folder / PEOPLE
    if not path.exists():
        return DemoPeople()
    people, problems = parse_people(path)
    if people is None or problems:
        raise faulty(path, problems)
    return people


def parse_people(path: Path) -> tuple[DemoPeople | None, list[Problem]]:
    """What ``demo.yaml`` says and all that is wrong with it."""
    return parse_yaml(DemoPeople, read_text(path))


def demo_accounts(folder: Path) -> tuple[DemoAccount, ...]:
    """The accounts of ``demo.yaml``, for the sign-in page."""
    return _accounts(read_people(folder))


def _accounts(people: DemoPeople) -> tuple[DemoAccount, ...]:
    return tuple(DemoAccount(one.username, one.name, one.role, one.unit, one.areas) for one in people.accounts)


def demo_file(folder: Path, register: RegisterSpec) -> Path:
    """Where the objects of a register are, if the scene brings any."""
    return folder / OBJECTS / f"{register.name}.csv"


def seed_folder(context: SceneContext, spec: SceneSpec, folder: Path) -> None:
    """Add the units, accounts and objects that are missing; a register that has objects already stays as it is.

    Raises:
        ConfigError: with file and line of every fault.
    """
    people = read_people(folder)
    seed_units(context, (DemoUnit(one.code, one.name, one.kind, one.area, one.parent) for one in people.units))
    seed_accounts(context, _accounts(people))
    for register in _in_order(spec.registers):
        path = demo_file(folder, register)
        if path.exists() and not context.registers.list(SYSTEM, register.name, page_size=1).total:
            context.registers.put_many(SYSTEM, register.name, list(_values(context, register, path)))


def _in_order(registers: Iterable[RegisterSpec]) -> Iterator[RegisterSpec]:
    """The registers so that those come first which others relate to; a circle keeps the declared order."""
    left = {register.name: register for register in registers}
    while left:
        free = (one for one in left.values() if not _related(one) & (left.keys() - {one.name}))
        yield left.pop(next(free, next(iter(left.values()))).name)


def _related(register: RegisterSpec) -> set[str]:
    return {field.register_name for field in register.fields if field.register_name is not None}


def _values(context: SceneContext, register: RegisterSpec, path: Path) -> Iterator[ObjectValues]:
    rows, problems = _read(register, path)
    units: dict[str, str] = {}
    for row in rows:
        for column, code in (("unit", row.unit), ("supervisor", row.supervisor)):
            if code and code not in units:
                try:
                    units[code] = unit_id(context, code)
                except LookupError:
                    problems.append(Problem(row.line, column, _no_unit(code)))
    if problems:
        raise faulty(path, problems)
    for row in rows:
        made = row.object
        place = None if made.lon is None or made.lat is None else context.city.locate(made.lon, made.lat)
        located = (place.community_code or place.street_code or place.district_code) if place else None
        yield {
            "code": made.code,
            "title": made.title,
            "unit_id": units.get(row.unit),
            "supervisor_id": units.get(row.supervisor),
            "area_code": made.area_code or located or None,
            "lon": made.lon,
            "lat": made.lat,
            "geometry": made.geometry,
            "state": made.state,
            "data": made.data,
        }


def _no_unit(code: str) -> Text:
    return Text(f"没有编码为“{code}”的单位", f"there is no unit with the code {code!r}")


def check_objects(register: RegisterSpec, path: Path) -> list[Problem]:
    """All that is wrong with the demo's objects of a register, without a store."""
    return _read(register, path)[1]


def _read(register: RegisterSpec, path: Path) -> tuple[list[_Row], list[Problem]]:
    """The rows of a CSV (UTF-8) and all that is wrong with them."""
    reader = csv.DictReader(read_text(path).splitlines(), strict=True)
    columns = list(reader.fieldnames or ())
    problems = [
        Problem(1, name, Text("台账没有这一列", "is not a column that the register has"))
        for name in columns
        if name not in _KNOWN and register.field(name) is None
    ]
    problems += [
        Problem(1, name, Text("缺少此列", "is a column that is missing")) for name in _REQUIRED if name not in columns
    ]
    rows: list[_Row] = []
    codes: set[str] = set()
    for cells in reader if not problems else ():
        line = reader.line_num
        if None in cells or None in cells.values():
            problems.append(Problem(line, "", Text("单元格数与表头不同", "has not as many cells as the header")))
            continue
        if cells["code"] in codes:
            problems.append(Problem(line, "code", Text("编号重复", "is there twice")))
        codes.add(cells["code"])
        faults, made = _object(register, cells)
        problems += [Problem(line, name, text) for name, text in (*faults, *object_faults(register, made))]
        rows.append(_Row(line, made, cells.get("unit", ""), cells.get("supervisor", "")))
    return rows, problems


def _object(register: RegisterSpec, cells: Mapping[str, str]) -> tuple[list[tuple[str, Text]], RegisterObject]:
    """The object that a row makes, not yet checked, and the cells that hold no value of their kind."""
    faults: list[tuple[str, Text]] = []

    def value(name: str, field: RegisterField | None, kind: str) -> Any:
        text = cells.get(name, "").strip()
        try:
            return _value(kind, text) if text else None
        except ValueError:
            faults.append((name, Text(f"“{text}”无法读作 {kind}", f"{text!r} cannot be read as {kind}")))
            # What cannot be read is there all the same: the check of required fields shall not speak too.
            return text if field is not None else None

    data = {field.name: value(field.name, field, field.kind) for field in register.fields}
    made = RegisterObject(
        id="", register=register.name, code=cells["code"], title=cells["title"], unit_id=None, supervisor_id=None,
        area_code=cells.get("area") or None, lon=value("lon", None, "number"), lat=value("lat", None, "number"),
        geometry=value("geometry", None, "geometry"), state=cells.get("state") or register.initial,
        data={name: one for name, one in data.items() if one is not None}, version=1, created_ms=0, updated_ms=0,
    )  # fmt: skip
    return faults, made


def _value(kind: str, text: str) -> Any:
    """The value that a cell holds; ``ValueError`` when it is not of this kind."""
    match kind:
        case "integer":
            return int(text)
        case "number":
            return float(text)
        case "boolean":
            if text not in _TRUTH:
                raise ValueError(text)
            return _TRUTH[text]
        case "choices":
            return text.split(_SEPARATOR)
        case "geometry":
            return json.loads(text)
    return text

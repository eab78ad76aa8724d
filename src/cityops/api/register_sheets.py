"""A register's objects as xlsx (台账表格): a row an object, made from the declaration; reading gives the same back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from cityops.cases.catalogue import (
    Column,
    FieldError,
    Import,
    RowError,
    SheetRow,
    parse_one,
    read_rows,
    split_list,
    write_rows,
)
from cityops.registers import ObjectFault, ObjectValues, RegisterField, RegisterObject, RegisterSpec

CELL_MAX: Final = 32_000
"""Characters of an outline; xlsx itself ends at 32,767."""
_TRUTH: Final = {"是": True, "否": False, "yes": True, "no": False, "true": True, "false": False}
_SHAPES: Final = {"LineString": "线", "Polygon": "面"}
_PREFIX: Final = "data."


class Shown:
    """How values of a closed list stand in a cell: the Chinese words, or the value itself where words mean two.

    Args:
        words: by value, the words that may stand for it; the first is what is written.
    """

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        counts = Counter(word for value, forms in words.items() for word in {value, *forms})
        self._shown = {value: forms[0] if counts[forms[0]] == 1 else value for value, forms in words.items()}
        self._values = {word: value for value, forms in words.items() for word in forms if counts[word] == 1}
        self._values |= {value: value for value in words}

    def show(self, value: str) -> str:
        """The words for a value."""
        return self._shown.get(value, value)

    def read(self, field: str, text: str) -> str:
        """The value for words; ``FieldError`` names the words there are."""
        found = self._values.get(text)
        if found is None:
            some = [*dict.fromkeys(self._shown.values())][:12]
            raise FieldError(field, f"“{text}”应为：{'、'.join(some)}", f"{text!r} is none of {', '.join(some)}")
        return found


class RegisterSheet:
    """The sheet of one register.

    Args:
        spec: the declaration.
        units: names of units by id.
    """

    def __init__(self, spec: RegisterSpec, units: Mapping[str, str]) -> None:
        self._spec = spec
        self._units = Shown({unit_id: [name] for unit_id, name in units.items()})
        self._states = Shown({value: [one.title.zh, one.title.en] for value, one in spec.all_states.items()})
        self._options = {
            field.name: Shown({one.value: [one.title.zh, one.title.en] for one in field.options})
            for field in spec.fields
        }
        self.columns = _columns(spec)

    def write(self, objects: Iterable[RegisterObject]) -> bytes:
        """An xlsx that ``read`` gives back as it was."""
        return write_rows(_sheet_title(self._spec.title.zh), self.columns, map(self._cells, objects))

    def read(self, content: bytes) -> tuple[Import[ObjectValues], list[int]]:
        """What the rows say, and the sheet's number of each row that could be read.

        Raises:
            InvalidError: it is no such sheet.
        """
        valid: list[ObjectValues] = []
        numbers: list[int] = []
        errors: list[RowError] = []
        rows = read_rows(content, self.columns)
        for row in rows:
            found = parse_one(row, self.columns, self._values)
            if isinstance(found, list):
                errors += found
            else:
                valid.append(found)
                numbers.append(row.row)
        return Import(valid, errors, len(rows)), numbers

    def row_error(self, row: int, fault: ObjectFault) -> RowError:
        """A fault of an object as one of its row."""
        names = (fault.field, _PREFIX + fault.field, {"lat": "lon"}.get(fault.field, ""))
        heading = next((column.heading for column in self.columns if column.name in names), "")
        return RowError(row, heading, fault.text)

    def _cells(self, found: RegisterObject) -> list[str]:
        cells = {
            "code": found.code,
            "title": found.title,
            "state": self._states.show(found.state),
            "unit_id": self._units.show(found.unit_id or ""),
            "supervisor_id": self._units.show(found.supervisor_id or ""),
            "area_code": found.area_code or "",
            "lon": _number_text(found.lon),
            "lat": _number_text(found.lat),
            "geometry": _outline(found.geometry),
        }
        for field in self._spec.fields:
            cells[_PREFIX + field.name] = self._text(field, found.data.get(field.name))
        return [cells[column.name] for column in self.columns]

    def _text(self, field: RegisterField, value: Any) -> str:
        if value is None:
            return ""
        if field.kind == "boolean":
            return "是" if value else "否"
        if field.kind in ("choice", "choices"):
            chosen = value if isinstance(value, list) else [value]
            return "；".join(self._options[field.name].show(one) for one in chosen)
        return str(value)

    def _values(self, row: SheetRow) -> ObjectValues:
        text = row.fields
        found: dict[str, Any] = {
            "code": text["code"],
            "title": text["title"],
            "state": self._states.read("state", text["state"]) if text["state"] else self._spec.initial,
            "unit_id": self._units.read("unit_id", text["unit_id"]) if text["unit_id"] else None,
            "supervisor_id": self._units.read("supervisor_id", text["supervisor_id"])
            if text["supervisor_id"]
            else None,
            "data": {field.name: self._value(field, text[_PREFIX + field.name]) for field in self._spec.fields},
        }
        if text["area_code"]:
            found["area_code"] = text["area_code"]
        if self._spec.geometry != "none":
            found |= {name: _number(name, text[name]) if text[name] else None for name in ("lon", "lat")}
        if "geometry" in text:
            found["geometry"] = _geometry(text["geometry"]) if text["geometry"] else None
        return found  # type: ignore[return-value]

    def _value(self, field: RegisterField, text: str) -> Any:
        if not text:
            return None
        name = _PREFIX + field.name
        read: Mapping[str, Callable[[], Any]] = {
            "boolean": lambda: _truth(name, text),
            "integer": lambda: _whole(name, text),
            "number": lambda: _number(name, text),
            "choice": lambda: self._options[field.name].read(name, text),
            "choices": lambda: [self._options[field.name].read(name, one) for one in split_list(text)],
        }
        return read[field.kind]() if field.kind in read else text


def _columns(spec: RegisterSpec) -> tuple[Column, ...]:
    """Title in both languages, the unit of numbers behind it; a heading that is there twice gets the field's name."""
    own = [
        Column(f"{spec.code_title.zh} {spec.code_title.en}", "code", True, 16),
        Column(f"{spec.title_title.zh} {spec.title_title.en}", "title", True, 30),
        Column("状态 State", "state", False, 14),
        Column("责任单位 Responsible unit", "unit_id", False, 24),
        Column("监管单位 Supervising unit", "supervisor_id", False, 24),
        Column("区划代码 Division", "area_code", False, 16),
    ]
    if spec.geometry != "none":
        own += [Column("经度 Longitude", "lon", False, 14), Column("纬度 Latitude", "lat", False, 14)]
    if spec.geometry in ("line", "area", "shape"):
        own.append(Column("图形 Outline", "geometry", False, 40, CELL_MAX))
    for field in spec.fields:
        unit = f"（{field.unit.zh}）" if field.unit else ""
        heading = f"{field.title.zh}{unit} {field.title.en}"
        if any(column.heading == heading for column in own):
            heading += f" [{field.name}]"
        own.append(Column(heading, _PREFIX + field.name, field.required, 30 if field.kind == "long_text" else 18))
    return tuple(own)


def _sheet_title(words: str) -> str:
    """What xlsx allows as the name of a sheet."""
    return "".join("-" if char in r"[]:*?/\'" else char for char in words)[:31]


def _number_text(value: float | None) -> str:
    return "" if value is None else str(value)


def _number(name: str, text: str) -> float | int:
    try:
        return int(text) if text.lstrip("-").isdecimal() and text.isascii() else float(text)
    except ValueError as error:
        raise FieldError(name, f"应为数字：{text}", f"a number, not {text!r}") from error


def _whole(name: str, text: str) -> int:
    found = _number(name, text)
    if not isinstance(found, int):
        raise FieldError(name, f"应为整数：{text}", f"a whole number, not {text!r}")
    return found


def _truth(name: str, text: str) -> bool:
    found = _TRUTH.get(text.lower())
    if found is None:
        raise FieldError(name, f"应为“是”或“否”：{text}", f"write 是 or 否, not {text!r}")
    return found


def _outline(geometry: Mapping[str, Any] | None) -> str:
    """``线：112.55 37.87；112.56 37.87``; the rings of an area apart by ``|``."""
    if geometry is None:
        return ""
    rings = [geometry["coordinates"]] if geometry["type"] == "LineString" else geometry["coordinates"]
    points = "|".join("；".join(f"{lon} {lat}" for lon, lat in ring) for ring in rings)
    return f"{_SHAPES[geometry['type']]}：{points}"


def _geometry(text: str) -> dict[str, Any]:
    words, _, points = text.replace(":", "：").partition("：")
    kind = next((kind for kind, word in _SHAPES.items() if word == words.strip()), None)
    try:
        if kind is None:
            raise ValueError(words)
        rings = [[_point(one) for one in split_list(ring)] for ring in points.split("|")]
    except ValueError as error:
        raise FieldError(
            "geometry", "应为“线：经度 纬度；经度 纬度”或“面：…”", "write 线：longitude latitude；… or 面：…"
        ) from error
    return {"type": kind, "coordinates": rings[0] if kind == "LineString" else [_closed(ring) for ring in rings]}


def _point(text: str) -> list[float]:
    return [float(value) for value in text.replace(",", " ").split()]


def _closed(ring: list[list[float]]) -> list[list[float]]:
    """A ring as it is meant: people write its corners once."""
    return [*ring, ring[0]] if len(ring) > 1 and ring[0] != ring[-1] else ring

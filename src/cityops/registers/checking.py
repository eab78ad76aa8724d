"""Checks every write of an object against its register's declaration; nothing that is not declared is kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from math import isfinite
from typing import Any, Final

from cityops.kit import InvalidError, Text, kept_as_written
from cityops.registers.declaration import ARCHIVED, FieldKind, RegisterField, RegisterSpec
from cityops.registers.geometry import geometry_fault, is_degree, middle, tidy
from cityops.registers.values import ObjectFault, RegisterObject

CODE_MAX: Final = 64
TITLE_MAX: Final = 128
TEXT_MAX: Final = 200
LONG_TEXT_MAX: Final = 2000
SHOWN_MAX: Final = 60
"""Characters of a wrong value that its fault repeats."""
NUMBER_MAX: Final = 1e15
"""Up to here every whole number is itself as a floating-point number too."""
NOT_SHOWN: Final = "**"
"""What stands in a personal value that was not shown; it is never taken for the value itself."""
_PHONE: Final = re.compile(r"\+?[0-9][0-9 -]{2,23}(转[0-9]{1,6})?")
_WEB: Final = re.compile(r"https?://[^\s<>\"]+")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")


class ObjectFaultsError(InvalidError):
    """An object that its register does not allow, with every fault by field."""

    default_code = "register.invalid"

    def __init__(self, faults: Sequence[ObjectFault], spec: RegisterSpec) -> None:
        named = [(_field_title(spec, fault.field), fault.text) for fault in faults]
        super().__init__(
            "；".join(f"{title.zh}：{text.zh}" for title, text in named),
            "; ".join(f"{title.en}: {text.en}" for title, text in named),
            kept=Text("台账没有改变", "the register was not changed"),
            todo=Text("请改正后重新提交", "correct it and send it again"),
        )
        self.faults = tuple(faults)


def tidied(spec: RegisterSpec, made: RegisterObject) -> RegisterObject:
    """The object as it is kept: fields without a value left out, a point for every line and area.

    Raises:
        ObjectFaultsError: it is not what the register declares.
    """
    data = {name: value for name, value in made.data.items() if value not in (None, "", [])}
    found = replace(made, data=data)
    faults = list(object_faults(spec, found))
    if faults:
        raise ObjectFaultsError(faults, spec)
    if found.geometry is None:
        return found
    geometry = tidy(found.geometry)
    lon, lat = middle(geometry) if found.lon is None or found.lat is None else (found.lon, found.lat)
    return replace(found, geometry=geometry, lon=lon, lat=lat)


def object_faults(spec: RegisterSpec, made: RegisterObject) -> Iterator[ObjectFault]:
    """Everything that is wrong with an object."""
    for name, most in (("code", CODE_MAX), ("title", TITLE_MAX)):
        fault = _text(getattr(made, name), most)
        if fault is not None:
            yield ObjectFault(name, fault)
    if spec.code_pattern and isinstance(made.code, str) and not re.fullmatch(spec.code_pattern, made.code):
        yield ObjectFault("code", Text(f"格式应为 {spec.code_pattern}", f"does not match {spec.code_pattern}"))
    if made.state not in spec.all_states:
        yield ObjectFault("state", _one_of(made.state, [(k, s.title.zh) for k, s in spec.all_states.items()]))
    yield from _place_faults(spec, made)
    for name in made.data:
        if spec.field(name) is None:
            yield ObjectFault(name, Text("这个台账没有这一项", "this register has no such field"))
    for field in spec.fields:
        fault = value_fault(field, made.data.get(field.name))
        if fault is not None:
            yield ObjectFault(field.name, fault)
    yield from _order_faults(spec, made)


def step_fault(spec: RegisterSpec, before: str, after: str) -> ObjectFault | None:
    """What is wrong with a step from one state to another; None: nothing."""
    if spec.may_follow(before, after):
        return None
    state = spec.states[before]
    titles = [spec.states[name].title for name in state.next or ()] + [spec.all_states[ARCHIVED].title]
    return ObjectFault(
        "state",
        Text(
            f"“{state.title.zh}”之后只能是：{'、'.join(one.zh for one in titles)}",
            f"{state.title.en} is followed by: {', '.join(one.en for one in titles)}",
        ),
    )


def _order_faults(spec: RegisterSpec, made: RegisterObject) -> Iterator[ObjectFault]:
    """Dates before those they may not lie before; fields that the object's state needs and that are empty."""
    for field in spec.fields:
        earlier = None if field.not_before is None else made.data.get(field.not_before)
        own = made.data.get(field.name)
        if field.not_before and isinstance(own, str) and isinstance(earlier, str) and own < earlier:
            title = _field_title(spec, field.not_before)
            words = Text(f"不能早于{title.zh}（{earlier}）", f"must not be before {title.en} ({earlier})")
            yield ObjectFault(field.name, words)
    state = spec.states.get(made.state)
    if state is None:
        return
    for name in state.needs:
        if made.data.get(name) is None:
            yield ObjectFault(name, Text(f"状态“{state.title.zh}”需要填写", f"the state {state.title.en} needs it"))


def value_fault(field: RegisterField, value: Any) -> Text | None:
    """What is wrong with the value of a field; None: nothing. ``None`` is no value."""
    if value is None:
        return Text("不能为空", "must not be empty") if field.required else None
    fault = _BY_KIND[field.kind](field, value)
    if fault is None and field.personal and isinstance(value, str) and NOT_SHOWN in value:
        return Text("含有脱敏符号，请填写完整内容", "holds the signs of a hidden value: write all of it")
    return fault


def _place_faults(spec: RegisterSpec, made: RegisterObject) -> Iterator[ObjectFault]:
    if (made.lon is None) != (made.lat is None):
        yield ObjectFault("lon", Text("经度和纬度需同时填写", "longitude and latitude go together"))
    for name, value, most in (("lon", made.lon, 180), ("lat", made.lat, 90)):
        if value is not None and not is_degree(value, most):
            yield ObjectFault(name, Text(f"应为 -{most} 至 {most} 的数字", f"a number from -{most} to {most}"))
    if made.lon is not None and spec.geometry == "none":
        yield ObjectFault("lon", Text("这个台账不登记位置", "this register holds no places"))
    if made.area_code is not None and not re.fullmatch(r"\d{2,15}", made.area_code):
        yield ObjectFault("area_code", Text("应为 2 至 15 位区划代码", "a division code of 2 to 15 digits"))
    fault = None if made.geometry is None else geometry_fault(spec.geometry, made.geometry)
    if fault is not None:
        yield ObjectFault("geometry", fault)


def _text(value: Any, most: int, *, lines: bool = False) -> Text | None:
    if not isinstance(value, str) or not value or (not lines and "\n" in value) or not kept_as_written(value, most):
        return Text(
            f"应为 1 至 {most} 个字符，前后无空格，无控制字符",
            f"1 to {most} characters without spaces around or control characters",
        )
    return None


def _number(field: RegisterField, value: Any) -> Text | None:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or (isinstance(value, float) and not isfinite(value))
    ):
        return Text("应为数字", "must be a number")
    if field.kind == "integer" and not isinstance(value, int):
        return Text("应为整数", "must be a whole number")
    least = -NUMBER_MAX if field.least is None else field.least
    most = NUMBER_MAX if field.most is None else field.most
    if not least <= value <= most:
        return Text(f"应在 {least:g} 至 {most:g} 之间", f"must be from {least:g} to {most:g}")
    return None


def _day(_: RegisterField, value: Any) -> Text | None:
    words = Text("日期应为 2026-07-01 的形式", "a day such as 2026-07-01")
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return words
    try:
        date.fromisoformat(value)
    except ValueError:
        return words
    return None


def _choice(field: RegisterField, value: Any) -> Text | None:
    options = [(option.value, option.title.zh) for option in field.options]
    return None if isinstance(value, str) and value in dict(options) else _one_of(value, options)


def _choices(field: RegisterField, value: Any) -> Text | None:
    options = [(option.value, option.title.zh) for option in field.options]
    known = dict(options)
    if not isinstance(value, list) or not all(isinstance(one, str) and one in known for one in value):
        return _one_of(value, options)
    if len(set(value)) != len(value):
        return Text("同一选项出现两次", "an option is there twice")
    return None


def _one_of(value: Any, options: Sequence[tuple[str, str]]) -> Text:
    given = str(value)[:SHOWN_MAX]
    return Text(
        f"“{given}”不在可选范围内（{'、'.join(f'{key} {title}' for key, title in options)}）",
        f"{given!r} is none of {', '.join(key for key, _ in options)}",
    )


def _matching(pattern: re.Pattern[str], words: Text) -> Callable[[RegisterField, Any], Text | None]:
    def fault(_: RegisterField, value: Any) -> Text | None:
        wrong = _text(value, TEXT_MAX)
        return wrong or (None if pattern.fullmatch(value) else words)

    return fault


_BY_KIND: Final[Mapping[FieldKind, Callable[[RegisterField, Any], Text | None]]] = {
    "text": lambda _, value: _text(value, TEXT_MAX),
    "long_text": lambda _, value: _text(value, LONG_TEXT_MAX, lines=True),
    "integer": _number,
    "number": _number,
    "boolean": lambda _, value: None if isinstance(value, bool) else Text("应为是或否", "must be true or false"),
    "date": _day,
    "choice": _choice,
    "choices": _choices,
    "object": lambda _, value: _text(value, CODE_MAX),
    "phone": _matching(_PHONE, Text("应为电话号码，如 0351-12345678", "a telephone number such as 0351-12345678")),
    "web": _matching(_WEB, Text("应为 http:// 或 https:// 开头的网址", "an address that begins with http(s)://")),
}

_TITLES: Final[Mapping[str, Text]] = {
    "state": Text("状态", "State"),
    "lon": Text("经度", "Longitude"),
    "lat": Text("纬度", "Latitude"),
    "geometry": Text("图形", "Geometry"),
    "area_code": Text("区划代码", "Division code"),
    "unit_id": Text("责任单位", "Responsible unit"),
    "supervisor_id": Text("监管单位", "Supervising unit"),
}


def _field_title(spec: RegisterSpec, name: str) -> Text:
    if name == "code":
        return spec.code_title.text
    if name == "title":
        return spec.title_title.text
    field = spec.field(name)
    return field.title.text if field is not None else _TITLES.get(name, Text(name, name))

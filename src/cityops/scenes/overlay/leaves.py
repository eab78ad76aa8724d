"""What a city may change of a scene (可调项): every value that the models mark with ``CityOwn``, found by walking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin

from cityops.detection import AnyDetector, parameters_of, tuned
from cityops.kit import CityOwn, Data, OwnKind, Text, Words
from cityops.registers import VehicleClass
from cityops.scenes.spec import SceneSpec

NOTHING: Final = "-"
"""As a value: none (an alert opens no case by itself)."""
Place = tuple[str | int, ...]

_FIELD_WORDS: Final[Mapping[str, Text]] = {
    "limit": Text("时限", "limit"),
    "limits": Text("时限", "limits"),
    "amount": Text("数值", "amount"),
    "unit": Text("计时单位", "unit of time"),
    "reopen_window": Text("重开期限", "reopening"),
    "other_standard": Text("其他事项", "other matters"),
    "recheck": Text("复查时限", "re-check"),
    "look_back": Text("回头看时限", "look-back"),
    "rectification": Text("隐患整改", "rectification"),
    "general": Text("一般隐患", "general hazard"),
    "serious": Text("较大隐患", "serious hazard"),
    "major": Text("重大隐患", "major hazard"),
    "every": Text("周期", "how often"),
    "rules": Text("频次规则", "frequency rule"),
    "opens_case_at": Text("自动立案等级", "opens a case from"),
    "notice": Text("通知", "notice"),
    "body": Text("正文", "body"),
    "title": Text("名称", "title"),
    "name": Text("名称", "name"),
    "description": Text("说明", "description"),
    "group": Text("分组", "group"),
    "confirm": Text("确认提示", "confirmation"),
    "states": Text("状态", "state"),
    "transitions": Text("步骤", "step"),
    "tasks": Text("任务", "task"),
    "services": Text("公众事项", "public service"),
    "tip_offs": Text("举报事项", "tip-off"),
    "settings": Text("参数", "setting"),
    "zh": Text("中文", "Chinese"),
    "en": Text("英文", "English"),
    "truck": Text("货车", "trucks"),
    "dangerous_goods": Text("危险货物运输车", "dangerous goods"),
    "coach": Text("客车", "coaches"),
}


class Leaf(NamedTuple):
    """One value that a city may change.

    Attributes:
        path: its name in rows and sheets, such as ``workflows.urban_case.tasks.file.limit.amount``.
        kind: limit, threshold, frequency or text.
        place: the way to it through the declaration's data.
        about: what it is, in words.
        value: as text; ``-`` for none.
        options: the only values it may have; empty: any.
        number: whether it is a number.
        optional: whether ``-`` is possible.
    """

    path: str
    kind: OwnKind
    place: Place
    about: Text
    value: str
    options: tuple[str, ...] = ()
    number: bool = False
    optional: bool = False


@dataclass(frozen=True)
class _Here:
    """Where the walk is."""

    segments: tuple[str, ...] = ()
    place: Place = ()
    about: tuple[Text, ...] = ()
    kind: OwnKind | None = None

    def into(self, segment: str, key: str | int, kind: OwnKind | None = None, title: Text | None = None) -> _Here:
        word = title or _FIELD_WORDS.get(segment)
        about = (*self.about, word) if word is not None else self.about
        return _Here((*self.segments, segment), (*self.place, key), about, kind or self.kind)

    def leaf(self, value: object, annotation: Any) -> Leaf:
        assert self.kind is not None
        types = _types(annotation)
        return Leaf(
            ".".join(self.segments),
            self.kind,
            self.place,
            joined(self.about),
            text_of(value),
            _options(types),
            bool({int, float} & set(types)),
            type(None) in types,
        )


def leaves_of(spec: SceneSpec, detectors: Sequence[AnyDetector]) -> list[Leaf]:
    """Everything a city may change of a scene, in the order of its declaration.

    Args:
        spec: the declaration.
        detectors: the scene's own, without the parameters of the declaration.
    """
    titles = {detector.id: detector.title for detector in detectors}
    found = list(_walk(spec, _Here(), titles))
    for index, detector_spec in enumerate(spec.detectors):
        for detector in detectors:
            if detector.id == detector_spec.id:
                found += _parameters(tuned(detector, detector_spec.parameters), index)
    return found


def joined(parts: Sequence[Text]) -> Text:
    """Several words as one, from the whole to the part."""
    return Text(" · ".join(part.zh for part in parts), " · ".join(part.en for part in parts))


def text_of(value: object) -> str:
    """A declared value as text."""
    if value is None:
        return NOTHING
    if isinstance(value, Enum):
        return str(value.value)
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _walk(data: Data, here: _Here, titles: Mapping[str, Text]) -> Iterator[Leaf]:
    for name, field in type(data).model_fields.items():
        key = field.alias or name
        own = next((mark for mark in field.metadata if isinstance(mark, CityOwn)), None)
        child, value = here.into(key, key, own.kind if own else None), getattr(data, name)
        if isinstance(value, Data):
            yield from _walk(value, child, titles)
        elif isinstance(value, tuple):
            yield from _walk_list(value, child, titles)
        elif isinstance(value, dict):
            for entry, one in value.items():
                if isinstance(one, Data):
                    yield from _walk(one, child.into(entry, entry, None, _title(one, titles)), titles)
        elif child.kind is not None and (value is not None or _options(_types(field.annotation))):
            yield child.leaf(value, field.annotation)


def _walk_list(values: tuple[Any, ...], here: _Here, titles: Mapping[str, Text]) -> Iterator[Leaf]:
    names = [_name(value) for value in values]
    for index, (name, value) in enumerate(zip(names, values, strict=True)):
        if isinstance(value, Data):
            segment = name if name is not None and names.count(name) == 1 else str(index)
            yield from _walk(value, here.into(segment, index, None, _title(value, titles)), titles)


def _parameters(detector: AnyDetector, index: int) -> Iterator[Leaf]:
    """The figures of a detector: one for all classes of vehicles where it is the same for all, else one each."""
    here = _Here().into("detectors", "detectors").into(detector.id, index, None, detector.title)
    here = here.into("parameters", "parameters", "threshold")
    for name, values in parameters_of(detector).items():
        if len(set(values)) == 1:
            yield here.into(name, name, None, detector.words.get(name, Text(name, name))).leaf(values[0], float)
        else:
            for row, value in enumerate(values):
                word = VehicleClass(row).word
                yield (
                    here.into(word, word)
                    .into(name, name, None, detector.words.get(name, Text(name, name)))
                    .leaf(value, float)
                )


def _name(value: object) -> str | None:
    """What an entry of a list is called among its like."""
    names = (getattr(value, attribute, None) for attribute in ("name", "id", "code", "action"))
    return next((name for name in names if isinstance(name, str)), None)


def _title(value: Data, titles: Mapping[str, Text]) -> Text | None:
    found = next((getattr(value, name, None) for name in ("title", "name") if hasattr(value, name)), None)
    return found.text if isinstance(found, Words) else titles.get(_name(value) or "")


def _types(annotation: Any) -> tuple[Any, ...]:
    """The alternatives of an annotation; the values of a Literal count as such."""
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    parts = get_args(annotation)
    return tuple(one for part in parts for one in _types(part)) if parts else (annotation,)


def _options(types: tuple[Any, ...]) -> tuple[str, ...]:
    found: list[str] = []
    for one in types:
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, type) and issubclass(one, Enum):
            found += [str(member.value) for member in one]
    return tuple(found)

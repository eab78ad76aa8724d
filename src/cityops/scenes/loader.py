"""Reading ``scene.yaml``: every fault is named with the file, the line and the entry, in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cityops.kit import ConfigError, Text
from cityops.scenes.spec import SceneSpec, check_scene

MAX_BYTES: Final = 1 << 20
"""A scene.yaml is written by hand; more than this is not one."""
MAX_DEPTH: Final = 30

_WORDS: Final = {
    "missing": Text("缺少此项", "is missing"),
    "extra_forbidden": Text("没有这一项", "is not an entry that exists here"),
}


# libyaml where PyYAML was built with it: equal results, and 0.6 s of processor time less at every start (two scenes).
_LOADER: Final[type[yaml.SafeLoader | yaml.CSafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Problem(NamedTuple):
    """A fault with the line it is on."""

    line: int
    path: str
    text: Text


def read_scene(path: Path) -> SceneSpec:
    """The declaration in ``path``.

    Raises:
        ConfigError: it cannot be read, is not YAML, or has faults; each named ``file:line entry: what is wrong``.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"无法读取场景声明 {path}：{error}", f"cannot read the scene {path}: {error}", code="scene.unreadable"
        ) from error
    if len(text) > MAX_BYTES:
        raise _faulty(path, [Problem(1, "", Text(f"超过 {MAX_BYTES} 字符", f"longer than {MAX_BYTES} characters"))])
    spec, problems = parse_scene(text)
    if spec is None or problems:
        raise _faulty(path, problems)
    return spec


def parse_scene(text: str) -> tuple[SceneSpec | None, list[Problem]]:
    """The declaration and all that is wrong with it; without problems it can be used."""
    try:
        unwanted = next(_unwanted(text), None)
        if unwanted is not None:
            return None, [unwanted]
        root = yaml.compose(text, _LOADER)
        repeated = list(_repeated_keys(root))
        data = yaml.load(text, _LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        return None, [
            Problem(mark.line + 1 if mark else 1, "", Text(f"不是有效的 YAML：{what}", f"not valid YAML: {what}"))
        ]
    if repeated:
        return None, repeated
    try:
        spec = SceneSpec.model_validate(data)
    except ValidationError as error:
        return None, [_problem(root, detail) for detail in error.errors(include_url=False)]
    faults = check_scene(spec)
    return spec, [Problem(_line(root, fault.path), _path(fault.path), fault.text) for fault in faults]


def _unwanted(text: str) -> Iterator[Problem]:
    """Aliases (they may repeat without end) and nesting that no hand wrote."""
    depth = 0
    for event in yaml.parse(text, _LOADER):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            yield Problem(line, "", Text("不支持别名（*）", "aliases (*) are not supported"))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            yield Problem(line, "", Text(f"嵌套超过 {MAX_DEPTH} 层", f"nested deeper than {MAX_DEPTH}"))


def _problem(root: yaml.Node | None, detail: ErrorDetails) -> Problem:
    words = _WORDS.get(detail["type"]) or Text(f"不正确（{detail['msg']}）", f"is wrong: {detail['msg']}")
    return Problem(_line(root, detail["loc"]), _path(detail["loc"]), words)


def _line(root: yaml.Node | None, path: Sequence[str | int]) -> int:
    """The line of the entry, or of the innermost part of its path that is there."""
    node, line = root, 1 if root is None else root.start_mark.line + 1
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if pair is None:
                return line
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line


def _path(path: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in path)


def _repeated_keys(node: yaml.Node | None) -> Iterator[Problem]:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                text = Text(f"“{key.value}”重复", f"{key.value!r} is there twice")
                yield Problem(key.start_mark.line + 1, str(key.value), text)
            seen.add(key.value)
            yield from _repeated_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated_keys(value)


def _faulty(path: Path, problems: Sequence[Problem]) -> ConfigError:
    zh = "；".join(f"{path}:{p.line} {p.path} {p.text.zh}" for p in problems)
    en = "; ".join(f"{path}:{p.line} {p.path} {p.text.en}" for p in problems)
    return ConfigError(
        f"场景声明有误：{zh}",
        f"the scene's declaration is wrong: {en}",
        code="scene.faulty",
        todo=Text("改正后重新启动", "correct it and start again"),
    )

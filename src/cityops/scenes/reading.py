"""Reading declared files (YAML): every fault is named with the file, the line and the entry, in Chinese and English."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cityops.kit import ConfigError, Data, Text, rule_sentence

MAX_BYTES: Final = 1 << 20
"""Such files are written by hand; more than this is not one."""
MAX_DEPTH: Final = 30

# libyaml where PyYAML was built with it: equal results, and 0.6 s of processor time less at every start (two scenes).
_BASE: Final[type[yaml.SafeLoader]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BOOLEAN: Final = "tag:yaml.org,2002:bool"


# ``on``, ``off``, ``yes`` and ``no`` are words, as in YAML 1.2: entries and options are called so.
_Loader: Final[type[yaml.SafeLoader]] = type("SceneLoader", (_BASE,), {})
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != _BOOLEAN]
    for first, known in _BASE.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOLEAN, re.compile(r"^(?:true|false)$"), ["t", "f"])

_WORDS: Final = {
    "missing": Text("缺少此项", "is missing"),
    "extra_forbidden": Text("没有这一项", "is not an entry that exists here"),
}

D = TypeVar("D", bound=Data)


class Problem(NamedTuple):
    """A fault with the line it is on."""

    line: int
    path: str
    text: Text


class Document(NamedTuple):
    """A YAML text as a tree with lines; without problems it can be used."""

    root: yaml.Node | None
    problems: list[Problem]

    def problem(self, path: Sequence[str | int], text: Text) -> Problem:
        """A fault of the entry at ``path``, with its line."""
        return Problem(_line(self.root, path), ".".join(str(part) for part in path), text)


def read_text(path: Path) -> str:
    """What a file holds, without the mark that some editors put before it.

    Raises:
        ConfigError: it cannot be read, is not UTF-8, or is too long.
    """
    try:
        with path.open(encoding="utf-8-sig") as file:
            text = file.read(MAX_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"无法读取 {path}：{error}", f"cannot read {path}: {error}", code="scene.unreadable"
        ) from error
    if len(text) > MAX_BYTES:
        raise faulty(path, [Problem(1, "", Text(f"超过 {MAX_BYTES} 字符", f"is longer than {MAX_BYTES} characters"))])
    return text


def load_yaml(text: str) -> Any:
    """What a YAML text says; ``yaml.YAMLError`` when it is none."""
    return yaml.load(text, _Loader)


def parse_yaml(model: type[D], text: str) -> tuple[D | None, list[Problem]]:
    """What ``text`` declares and all that is wrong with it; without problems it can be used."""
    found, document = parse_document(model, text)
    return found, document.problems


def parse_document(model: type[D], text: str) -> tuple[D | None, Document]:
    """The same, with the tree, so that later checks can name lines too."""
    try:
        unwanted = next(_unwanted(text), None)
        if unwanted is not None:
            return None, Document(None, [unwanted])
        loader = _Loader(text)
        root = loader.get_single_node()
        repeated = list(_repeated_keys(root))
        data = None if root is None or repeated else loader.construct_document(root)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        problem = Problem(mark.line + 1 if mark else 1, "", Text(f"不是有效的 YAML：{what}", f"not valid YAML: {what}"))
        return None, Document(None, [problem])
    if repeated:
        return None, Document(root, repeated)
    document = Document(root, [])
    try:
        return model.model_validate(data), document
    except ValidationError as error:
        document.problems.extend(_problem(document, detail) for detail in error.errors(include_url=False))
        return None, document


def faulty(path: Path, problems: Sequence[Problem]) -> ConfigError:
    """The error that names every problem of a file."""
    zh = "；".join(located(path, one, one.text.zh) for one in problems)
    en = "; ".join(located(path, one, one.text.en) for one in problems)
    return ConfigError(
        f"场景声明有误：{zh}",
        f"the scene's declaration is wrong: {en}",
        code="scene.faulty",
        todo=Text("改正后重新启动", "correct it and start again"),
    )


def located(path: Path, problem: Problem, words: str) -> str:
    """``file:line entry words``, as editors and terminals make links of it."""
    return f"{path}:{problem.line} {problem.path} {words}"


def _problem(document: Document, detail: ErrorDetails) -> Problem:
    words = _WORDS.get(detail["type"]) or _wrong(rule_sentence(detail))
    return document.problem(detail["loc"], words)


def _wrong(rule: Text) -> Text:
    return Text(f"不正确：{rule.zh}", f"is wrong: {rule.en}")


def _unwanted(text: str) -> Iterator[Problem]:
    """Aliases (they may repeat without end) and nesting that no hand wrote."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            yield Problem(line, "", Text("不支持别名（*）", "aliases (*) are not supported"))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            yield Problem(line, "", Text(f"嵌套超过 {MAX_DEPTH} 层", f"nested deeper than {MAX_DEPTH}"))


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

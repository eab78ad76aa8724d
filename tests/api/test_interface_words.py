"""Whatever the rooms write for a person to read has words in the interface: timeline data, forms, audit lines.

The source is read, not run: a new key or action fails here until web/src/locales has words for it in both languages.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = ROOT / "src" / "cityops"
WEB: Final = ROOT / "web" / "src"
MODULES: Final = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))}
SCENES: Final = [
    yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.glob("scenes/*/scene.yaml"))
]

Function = ast.FunctionDef | ast.AsyncFunctionDef
Found = tuple[ast.expr, Function, Path]


def words(language: str, name: str, group: str) -> set[str]:
    messages = json.loads((WEB / "locales" / language / f"{name}.json").read_text(encoding="utf-8"))
    return set(messages[group])


def known(name: str, group: str) -> set[str]:
    """Keys that have words in both languages."""
    return words("zh", name, group) & words("en", name, group)


def functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def parameters(function: Function) -> dict[str, int | None]:
    """Each parameter with its place in a call; ``None``: by name only."""
    names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    placed = names[1:] if names[:1] == ["self"] else names
    by_name: dict[str, int | None] = {argument.arg: None for argument in function.args.kwonlyargs}
    return by_name | {name: place for place, name in enumerate(placed)}


def given(name: str, parameter: str, place: int | None, within: Path | None) -> Iterator[Found]:
    """What calls of the function ``name`` hand to ``parameter``, in one module or in all."""
    for path, tree in MODULES.items():
        if within in (None, path):
            for function in functions(tree):
                for node in ast.walk(function):
                    if isinstance(node, ast.Call) and called(node) == name:
                        by_name = [keyword.value for keyword in node.keywords if keyword.arg == parameter]
                        by_place = node.args[place : place + 1] if place is not None else []
                        yield from ((value, function, path) for value in (*by_name, *by_place))


def traced(name: str, parameter: str, place: int | None = None, within: Path | None = None) -> Iterator[Found]:
    """As ``given``, followed through functions that only hand the value on."""
    for given_value, function, path in given(name, parameter, place, within):
        value = unwrapped(given_value)
        places = parameters(function)
        if not (isinstance(value, ast.Name) and value.id in places):
            yield value, function, path
        elif function.name != name:
            own = path if function.name.startswith("_") else None
            yield from traced(function.name, value.id, places[value.id], own)


def unwrapped(value: ast.expr) -> ast.expr:
    """``x`` of ``dict(x or {})``."""
    if isinstance(value, ast.Call) and called(value) == "dict" and len(value.args) == 1:
        return unwrapped(value.args[0])
    return value.values[0] if isinstance(value, ast.BoolOp) else value


def texts(value: ast.expr) -> set[str]:
    """The strings that an expression can be; fails when that cannot be read from the source."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return {value.value}
    if isinstance(value, ast.IfExp):
        return texts(value.body) | texts(value.orelse)
    pytest.fail(f"write the word as a literal, so that it can be checked: {ast.unparse(value)}")


def keys(value: ast.expr, function: Function) -> set[str] | None:
    """The keys of a dictionary written in place or in a variable of the function; ``None``: not written here."""
    if isinstance(value, ast.Name):
        made = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == value.id for t in node.targets)
        ]
        return keys(made[0], function) if made else None
    if isinstance(value, ast.BinOp):
        return (keys(value.left, function) or set()) | (keys(value.right, function) or set())
    if not isinstance(value, ast.Dict):
        return None
    found: set[str] = set()
    for key, inner in zip(value.keys, value.values, strict=True):
        found |= (keys(inner, function) or set()) if key is None else texts(key)
    return found


def audited(parameter: str, place: int) -> Iterator[Found]:
    """What lines of the audit say of ``parameter``: written directly, or by an ``AuditTrail`` (``self._trail(…)``)."""
    yield from (one for one in traced("record_audit", parameter) if one[1].name != "__call__")
    yield from traced("_trail", parameter, place)


def case_actions() -> set[str]:
    """What the rooms note on a case or do beside its steps; of steps the workflow itself gives the title."""
    noted = {word for value, _, _ in traced("note_in", "action", 3) for word in texts(value)}
    beside = [value for value, _, _ in traced("audit", "action", 1) if isinstance(value, ast.Constant)]
    return noted | {word for value in beside for word in texts(value)}


def audit_actions() -> set[str]:
    found = {f"case.{action}" for action in case_actions()}
    for value, _, path in audited("action", 2):
        if isinstance(value, ast.JoinedStr):
            assert path.parent == SOURCE / "cases", f"write the word as a literal: {ast.unparse(value)}"
            assert ast.unparse(value) == "f'case.{action}'"
        else:
            found |= texts(value)
    return found


def test_every_audit_action_has_words() -> None:
    found = audit_actions()
    assert {
        "vehicle.read",
        "alert.export",
        "case.open",
        "case.alert.graver",
        "closure.end",
        "device.deactivate",
    } <= found
    assert {action.replace(".", "_") for action in found} - known("audit", "action") == set()


def test_every_kind_of_object_in_the_audit_has_words() -> None:
    written = (one for one in traced("record_audit", "object_type") if one[1].name != "__call__")
    found = {word for value, _, _ in written for word in texts(value)}
    found |= {word for value, _, _ in traced("AuditTrail", "object_type", 1) for word in texts(value)}
    assert {"case", "vehicle", "closure", "tip_off", "evidence"} <= found
    assert found - known("audit", "object") == set()


def test_every_key_of_an_audit_line_has_words() -> None:
    found: set[str] = set()
    for value, function, _ in audited("detail", 4):
        found |= keys(value, function) or set()
    assert {"username", "address", "case_id", "rows"} <= found
    assert found - known("audit", "detail") == set()


def test_every_key_of_the_timeline_has_words() -> None:
    """Data that steps, notes and alerts write; of forms the workflow itself gives the titles."""
    found: set[str] = set()
    for name, parameter, place in (("add_step", "data", None), ("NewCase", "data", None), ("_note", "data", 4)):
        for value, function, _ in traced(name, parameter, place):
            found |= keys(value, function) or set()
    shown = {re.sub(r"_(zh|en)$", "", key) for key in found if not key.endswith("_id")}
    assert {"summary", "percent", "due_before_ms", "explanation", "ended_ms"} <= shown
    assert shown - known("evidence", "name") == set()

"""Reading ``scene.yaml``: the model, and all that the model alone does not find."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from cityops.scenes.reading import Problem, faulty, parse_document, read_text
from cityops.scenes.spec import SceneSpec, check_scene, relation_faults


def read_scene(path: Path) -> SceneSpec:
    """The declaration in ``path``.

    Raises:
        ConfigError: it cannot be read, is not YAML, or has faults; each named ``file:line entry: what is wrong``.
    """
    spec, problems = parse_scene(read_text(path))
    if spec is None or problems:
        raise faulty(path, problems)
    return spec


def parse_scene(text: str, other_registers: Collection[str] | None = None) -> tuple[SceneSpec | None, list[Problem]]:
    """The declaration and all that is wrong with it; without problems it can be used.

    ``other_registers``: those of other scenes; given, relations that lead nowhere are faults too.
    """
    spec, document = parse_document(SceneSpec, text)
    if spec is None:
        return None, document.problems
    faults = check_scene(spec)
    if other_registers is not None:
        faults += relation_faults(spec, other_registers)
    return spec, [document.problem(fault.path, fault.text) for fault in faults]

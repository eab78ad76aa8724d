"""Every entry of ``scene.yaml`` in words: the published JSON Schema for editors, and the page for people.

The words stand in ``entries.yaml`` beside this file, in Chinese and English, with an example of each part.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter

from cityops.kit import Data
from cityops.scenes.reading import load_yaml
from cityops.scenes.spec import SceneSpec

_ENTRIES: Final = Path(__file__).parent / "entries.yaml"
_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_ROOT: Final = SceneSpec.__name__
Pair = Annotated[tuple[str, str], Field(min_length=2)]
"""Chinese, English."""

_HEAD: Final = """\
# scene.yaml: every entry

Generated from `src/cityops/scenes/entries.yaml` by `cityops scene schema --reference`; a test keeps both the same and
every example true. 由 entries.yaml 生成，示例均经校验。

A scene is a folder: `scene.yaml`, its checklists as CSV, and demo data (`demo.yaml`, `demo/<register>.csv`).
Nothing else is needed; [the tutorial](../tutorial/first-scene.md) makes one in an hour. `cityops scene check` names
every fault with file and line; editors complete entries with [scene.schema.json](scene.schema.json).

A scene installed from a package of its own is listed, served and seeded as a built-in one. It may bring Python (a
`scene()` in its package, see `cityops.scenes.Scene`), but no tables: only the product's own are migrated, and what a
scene keeps belongs into its registers, inspections and cases. 第三方场景不能自带数据表，数据放在台账、检查和案件里。
"""


class Part(Data):
    """A part of the declaration: what it is, what each of its entries means, examples (YAML documents)."""

    part: str
    about: Pair
    entries: dict[str, Pair]
    example: str


def parts() -> list[Part]:
    """All parts, in the order of the page."""
    return TypeAdapter(list[Part]).validate_python(load_yaml(_ENTRIES.read_text(encoding="utf-8")))


def scene_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of ``scene.yaml``, each entry with its words, for completion in editors."""
    schema = SceneSpec.model_json_schema(by_alias=True)
    known = {part.part: part for part in parts()}
    for name, model in [(_ROOT, schema), *schema["$defs"].items()]:
        part = known.get(name)
        if part is not None:
            model["description"] = " ".join(part.about)
            for entry, (zh, en) in part.entries.items():
                model["properties"][entry]["description"] = f"{zh} {en}"
    return {"$schema": _DRAFT, **schema}


def reference_page() -> str:
    """``docs/reference/scene.md``."""
    schema = SceneSpec.model_json_schema(by_alias=True)
    sections = [_HEAD]
    for part in parts():
        model = schema if part.part == _ROOT else schema["$defs"][part.part]
        required = set(model.get("required", ()))
        rows = [
            f"| `{entry}`{' *' if entry in required else ''} | {zh} | {en} |"
            for entry, (zh, en) in part.entries.items()
        ]
        table = "\n".join(["| entry | 说明 | meaning |", "|---|---|---|", *(row.replace("\\|", "|") for row in rows)])
        sections.append(
            f"## {part.part}\n\n{part.about[0]} {part.about[1]}\n\n{table}\n\n```yaml\n{part.example.rstrip()}\n```\n"
        )
    return "\n".join(sections) + "\n`*`: must be there 必填\n"

"""``cityops scene new``: a folder that works at once, to be changed into the scene that is wanted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Template
from typing import Final

from cityops.kit import ConfigError, Text
from cityops.scenes import scene_schema

_STARTER: Final = Path(__file__).parent / "starter"
_SUFFIX: Final = ".in"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,30}")
_PREFIX_MAX: Final = 6


def write_starter(name: str, into: Path, zh: str | None, en: str | None) -> Path:
    """Write the folder ``into/name``; returns it.

    Args:
        name: of the scene, small letters, digits and underscores.
        into: where the folder goes.
        zh: what the scene is called in Chinese; None: as its name.
        en: the same in English; None: made from the name.

    Raises:
        ConfigError: the name is none, or there is such a folder already; nothing was written.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"“{name}”不能作场景名",
            f"{name!r} is no name for a scene",
            todo=Text(
                "用小写字母、数字和下划线，字母开头", "use small letters, digits and underscores, a letter first"
            ),
        )
    folder = into / name
    if folder.exists():
        raise ConfigError(
            f"{folder} 已存在",
            f"{folder} exists already",
            kept=Text("没有改动任何文件", "no file was touched"),
            todo=Text("换一个名称或位置", "choose another name or place"),
        )
    package = f"scene_{name}"
    words = {
        "name": name, "package": package, "project": f"cityops-scene-{name.replace('_', '-')}",
        "zh": zh or name, "en": en or name.replace("_", " ").capitalize(),
        "prefix": "".join(part[0] for part in name.split("_") if part).upper()[:_PREFIX_MAX],
    }  # fmt: skip
    for source in sorted(_STARTER.rglob(f"*{_SUFFIX}")):
        relative = source.relative_to(_STARTER)
        parts = [package if part == "scene" else part for part in relative.parts[:-1]]
        target = folder.joinpath(*parts, relative.name.removesuffix(_SUFFIX).replace("objects.csv", f"{name}.csv"))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(Template(source.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
    (folder / "scene.schema.json").write_text(schema_text(), encoding="utf-8")
    return folder


def schema_text() -> str:
    """The published JSON Schema of ``scene.yaml`` as a file."""
    return json.dumps(scene_schema(), ensure_ascii=False, indent=2) + "\n"

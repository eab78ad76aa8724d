"""The published schema and the reference: words in two languages for every entry, examples that hold, current files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from cityops.bootstrap.scene_starter import schema_text
from cityops.scenes import SceneSpec, reference_page, scene_schema
from cityops.scenes.reading import load_yaml
from cityops.scenes.reference import Part, parts

REFERENCE = Path(__file__).parents[3] / "docs/reference"
PARTS = {part.part: part for part in parts()}


def models() -> dict[str, type[BaseModel]]:
    """Every model that scene.yaml is made of, by name."""
    found: dict[str, type[BaseModel]] = {}
    waiting: list[Any] = [SceneSpec]
    while waiting:
        one = waiting.pop()
        if isinstance(one, type) and issubclass(one, BaseModel):
            if one.__name__ not in found:
                found[one.__name__] = one
                waiting.extend(field.annotation for field in one.model_fields.values())
        else:
            waiting.extend(getattr(one, "__args__", ()))
            value = getattr(one, "__value__", None)
            waiting.extend([] if value is None else [value])
    return found


MODELS = models()


def names(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_every_part_and_every_entry_has_words() -> None:
    assert set(PARTS) == set(MODELS)
    for name, model in MODELS.items():
        assert set(PARTS[name].entries) == names(model), name


@pytest.mark.parametrize("part", PARTS.values(), ids=lambda part: part.part)
def test_an_example_shows_every_entry_and_holds(part: Part) -> None:
    documents = [load_yaml(one) for one in part.example.split("---\n")]
    assert {key for document in documents for key in document} == set(part.entries)
    for document in documents:
        MODELS[part.part].model_validate(document)


@pytest.mark.parametrize("part", PARTS.values(), ids=lambda part: part.part)
def test_words_are_chinese_and_english(part: Part) -> None:
    for zh, en in (part.about, *part.entries.values()):
        assert any("\u4e00" <= sign <= "\u9fff" for sign in zh)
        assert en.isascii() or "“" in en


def test_the_published_schema_is_current_and_describes_every_entry() -> None:
    text = (REFERENCE / "scene.schema.json").read_text(encoding="utf-8")
    assert text == schema_text(), "run: cityops scene schema --output docs/reference/scene.schema.json"
    schema = json.loads(text)
    assert schema == scene_schema()
    described = [schema, *(one for one in schema["$defs"].values() if "properties" in one)]
    assert all("description" in entry for model in described for entry in model["properties"].values())
    assert (
        schema["$defs"]["RegisterField"]["properties"]["least"]["description"] == "数值下限。 Least value of a number."
    )


def test_the_reference_page_is_current() -> None:
    page = (REFERENCE / "scene.md").read_text(encoding="utf-8")
    assert page == reference_page(), "run: cityops scene schema --reference --output docs/reference/scene.md"

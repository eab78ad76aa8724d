"""A register as JSON Schema, for programs that read or write its objects (字段的 JSON Schema)."""

from __future__ import annotations

from typing import Any, Final

from cityops.registers.checking import CODE_MAX, LONG_TEXT_MAX, NUMBER_MAX, TEXT_MAX, TITLE_MAX
from cityops.registers.declaration import RegisterField, RegisterSpec

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def object_schema(spec: RegisterSpec) -> dict[str, Any]:
    """The JSON Schema (2020-12) of an object's own values: code, title, state and ``data``."""
    code: dict[str, Any] = {"type": "string", "title": spec.code_title.zh, "minLength": 1, "maxLength": CODE_MAX}
    if spec.code_pattern:
        code["pattern"] = f"^(?:{spec.code_pattern})$"
    data = {
        "type": "object",
        "properties": {field.name: _field(field) for field in spec.fields},
        "required": [field.name for field in spec.fields if field.required],
        "additionalProperties": False,
    }
    return {
        "$schema": DIALECT,
        "title": spec.title.zh,
        "type": "object",
        "properties": {
            "code": code,
            "title": {"type": "string", "title": spec.title_title.zh, "minLength": 1, "maxLength": TITLE_MAX},
            "state": {"enum": list(spec.all_states)},
            "data": data,
        },
        "required": ["code", "title"],
    }


def _field(field: RegisterField) -> dict[str, Any]:
    words = {"title": field.title.zh, **({"description": field.help.zh} if field.help else {})}
    values: list[str] = [option.value for option in field.options]
    kinds: dict[str, dict[str, Any]] = {
        "text": {"type": "string", "minLength": 1, "maxLength": TEXT_MAX},
        "long_text": {"type": "string", "minLength": 1, "maxLength": LONG_TEXT_MAX},
        "integer": {"type": "integer", **_bounds(field)},
        "number": {"type": "number", **_bounds(field)},
        "boolean": {"type": "boolean"},
        "date": {"type": "string", "format": "date"},
        "choice": {"enum": values},
        "choices": {"type": "array", "items": {"enum": values}, "uniqueItems": True},
        "object": {"type": "string", "maxLength": CODE_MAX, "description": f"code in {field.register_name}"},
        "phone": {"type": "string", "maxLength": TEXT_MAX},
        "web": {"type": "string", "format": "uri", "maxLength": TEXT_MAX},
    }
    return {**kinds[field.kind], **words}


def _bounds(field: RegisterField) -> dict[str, float]:
    least = -NUMBER_MAX if field.least is None else field.least
    return {"minimum": least, "maximum": NUMBER_MAX if field.most is None else field.most}

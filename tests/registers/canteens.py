"""A register with a field of every kind, and objects of it; for the tests of registers."""

from __future__ import annotations

from typing import Any

from cityops.access import Principal, Role
from cityops.registers import RegisterObject, RegisterSpec


def words(zh: str) -> dict[str, str]:
    return {"zh": zh, "en": zh}


def field(name: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    return {"name": name, "title": words(name), "kind": kind, **more}


OPTIONS = [{"value": "own", "title": words("自营")}, {"value": "contract", "title": words("承包")}]
CANTEEN = RegisterSpec.model_validate(
    {
        "name": "canteen",
        "title": words("食堂"),
        "code_pattern": r"C-\d{3,5}",
        "states": {"open": {"title": words("在用")}, "holiday": {"title": words("放假"), "idle": True}},
        "fields": [
            field("mode", "choice", options=OPTIONS, filter=True, required=True),
            field("uses", "choices", options=OPTIONS, filter=True),
            field("served", "integer", least=0, most=5000),
            field("area_m2", "number", least=0.5),
            field("gas", "boolean", filter=True),
            field("opened", "date"),
            field("school"),
            field("remarks", "long_text"),
            field("site", "web"),
            field("manager", personal=True),
            field("phone", "phone", personal=True),
            field("main", "object", register="canteen", filter=True),
        ],
        "retention_days": 30,
        "read": ["dispatcher", "district", "handler"],
        "write": ["unit", "collector"],
    }
)
SHAPES = RegisterSpec.model_validate(
    {"name": "pipe", "title": words("管线"), "geometry": "shape", "scope": "city", "write": ["collector", "unit"]}
)
PLACELESS = RegisterSpec.model_validate({"name": "list", "title": words("清单"), "geometry": "none"})


def canteen(**changes: Any) -> RegisterObject:
    """A correct canteen, changed."""
    values: dict[str, Any] = {
        "id": "01A", "register": "canteen", "code": "C-001", "title": "一中食堂", "unit_id": None,
        "supervisor_id": None, "area_code": "140105", "lon": 112.55, "lat": 37.8, "geometry": None, "state": "open",
        "data": {"mode": "own"}, "version": 1, "created_ms": 0, "updated_ms": 0,
    }  # fmt: skip
    return RegisterObject(**{**values, **changes})


def person(role: Role, *, unit_id: str | None = None, areas: tuple[str, ...] = ()) -> Principal:
    return Principal("01ACCOUNT", "someone", "某人", role, unit_id=unit_id, area_codes=areas)

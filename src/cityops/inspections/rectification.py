"""How a hazard is rectified (隐患整改): one workflow for all scenes, with the scene's own limits.

The limits of the grades are filing standards, so the rectification's deadline is the grade's. Taking the part out of
use stops no clock; more time asks for a reason and for somebody of the supervising unit who grants it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from cityops.cases import Workflow
from cityops.inspections.declaration import Grade, RectificationSpec
from cityops.kit import read_yaml

RECTIFICATION: Final = "rectification"
"""The kind of a hazard's case."""
GRADE_WORDS: Final[dict[Grade, dict[str, str]]] = {
    "general": {"zh": "一般隐患", "en": "General hazard"},
    "serious": {"zh": "较大隐患", "en": "Serious hazard"},
    "major": {"zh": "重大隐患", "en": "Major hazard"},
}
GRADE_SEVERITY: Final[dict[Grade, int]] = {"general": 2, "serious": 3, "major": 4}
_FILE: Final = Path(__file__).with_suffix(".yaml")


def rectification_workflow(spec: RectificationSpec) -> Workflow:
    """The workflow with these limits; without a look-back a hazard is closed when it has passed the check."""
    data = dict(_declared())
    tasks = {name: dict(task) for name, task in data["tasks"].items()}
    tasks["recheck"]["limit"] = spec.recheck
    data |= {"number_prefix": spec.number_prefix, "tasks": tasks, "standards": _standards(spec)}
    if spec.look_back is None:
        _leave_out_look_back(data)
    else:
        tasks["look_back"]["limit"] = spec.look_back
    return Workflow.model_validate(data)


@cache
def _declared() -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(_FILE.read_text(encoding="utf-8"))
    return found


def _standards(spec: RectificationSpec) -> dict[str, Any]:
    passed = {"passed": {"zh": "复查合格", "en": "The check passed"}}
    return {
        grade: {"title": GRADE_WORDS[grade], "limits": [limit.model_dump()], "closings": passed}
        for grade, limit in spec.limits.items()
    }


def _leave_out_look_back(data: dict[str, Any]) -> None:
    """Close when the check has passed, and drop every mention of the look-back."""
    del data["tasks"]["look_back"]
    data["states"] = {name: state for name, state in data["states"].items() if name != "look_back"}
    kept = [dict(step) for step in data["transitions"] if step["from"] != ["look_back"]]
    for step in kept:
        step["from"] = [state for state in step["from"] if state != "look_back"]
        if step["to"] == "look_back":
            step["to"] = "closed"
            step["title"] = {"zh": "复查合格，销号", "en": "Check passed: close"}
            step["effects"] = [one for one in step["effects"] if one.get("task") != "look_back"]
            step["effects"].append({"do": "move_task", "task": "oversee", "to": "done"})
    data["transitions"] = kept

"""What is given for a drill, and what is shown of it: every step against its target and the drill before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import RowMapping as Row

from cityops.kit import Text, from_ms
from cityops.plans.declaration import FINISH, START, DrillSpec

DrillState = Literal["planned", "running", "finished", "aborted"]
_ENDS = {START: Text("开始", "Start"), FINISH: Text("结束", "End")}


@dataclass(frozen=True, slots=True)
class NewDrill:
    """A drill to be planned; ``scenario``: instead of the declared one; ``client_id``: sent again, it is the same."""

    scene: str
    kind: str
    object_id: str
    planned_ms: int
    people_expected: int
    client_id: str
    scenario: str = ""


@dataclass(frozen=True, slots=True)
class NewPress:
    """A step that somebody pressed ``age_ms`` before the request: the phone's own clock does not matter.

    ``people``: how many were counted, with a step that counts; ``words``: a remark, the findings with the end.
    """

    client_id: str
    step: str
    age_ms: int = 0
    people: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class PressView:
    """A step as it was pressed; a withdrawn one stays on the record."""

    press_id: str
    step: str
    title: Text
    pressed_at: datetime
    received_at: datetime
    actor: str
    people: int | None
    words: str
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdrawn_reason: str | None


@dataclass(frozen=True, slots=True)
class StepView:
    """A step against its target and the drill before; times are milliseconds from the start.

    Attributes:
        late_ms: how much over the target, in whole seconds; negative: before it.
        before: titles of the steps that should have come first and did not.
        last_ms: of the same step in the last finished drill of this kind at this place.
    """

    step: str
    title: Text
    target_s: int | None
    counts: bool
    press_id: str | None
    elapsed_ms: int | None
    late_ms: int | None
    actor: str | None
    people: int | None
    words: str
    before: tuple[Text, ...]
    last_ms: int | None


@dataclass(frozen=True, slots=True)
class DrillRow:
    """A drill in a list."""

    drill_id: str
    scene: str
    kind: str
    title: Text
    object_id: str
    object_title: str
    planned_at: datetime
    people_expected: int
    state: DrillState
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class DrillView(DrillRow):
    """A drill with its steps. ``missing``: expected and not counted; ``None`` before anybody was counted."""

    scenario: str
    basis: str
    planned_by: str
    people_counted: int | None
    missing: int | None
    in_time: int
    with_target: int
    findings: str
    steps: tuple[StepView, ...]
    presses: tuple[PressView, ...]
    last_drill_id: str | None
    last_started_at: datetime | None


def drill_row(row: Row) -> DrillRow:
    """A row of the table as a list shows it."""
    return DrillRow(**_base(row))


def drill_view(row: Row, presses: Sequence[Row], last: Row | None, last_presses: Sequence[Row]) -> DrillView:
    """A drill with everything that was pressed, and the one before it (``last``)."""
    spec = DrillSpec.model_validate(row["spec"])
    current = {press["step"]: press for press in presses if press["withdrawn_ms"] is None}
    last_at = {press["step"]: press["at_ms"] - last["started_ms"] for press in last_presses} if last else {}
    steps = tuple(_steps(spec, row["started_ms"], current, last_at))
    counted = next((step.people for step in steps if step.counts), None)
    targets = [step for step in steps if step.target_s is not None]
    return DrillView(
        **_base(row),
        scenario=row["scenario"],
        basis=spec.basis,
        planned_by=row["planned_by_name"],
        people_counted=counted,
        missing=None if counted is None else row["people_expected"] - counted,
        in_time=sum(step.late_ms is not None and step.late_ms <= 0 for step in targets),
        with_target=len(targets),
        findings=row["findings"],
        steps=steps,
        presses=tuple(_press(spec, press) for press in presses),
        last_drill_id=last["id"] if last else None,
        last_started_at=from_ms(last["started_ms"]) if last else None,
    )


def _base(row: Row) -> dict[str, Any]:
    started_ms, finished_ms = row["started_ms"], row["finished_ms"]
    ended = started_ms is not None and finished_ms is not None
    title = row["spec"]["title"]
    return {
        "drill_id": row["id"],
        "scene": row["scene"],
        "kind": row["kind"],
        "title": Text(title["zh"], title["en"]),
        "object_id": row["object_id"],
        "object_title": row["object_title"],
        "planned_at": from_ms(row["planned_ms"]),
        "people_expected": row["people_expected"],
        "state": row["state"],
        "started_at": None if started_ms is None else from_ms(started_ms),
        "finished_at": None if finished_ms is None else from_ms(finished_ms),
        "duration_ms": finished_ms - started_ms if ended else None,
    }


def _steps(
    spec: DrillSpec, started_ms: int | None, current: Mapping[str, Row], last_at: Mapping[str, int]
) -> list[StepView]:
    found = []
    for step in spec.steps:
        press = current.get(step.name)
        elapsed_ms = press["at_ms"] - started_ms if press is not None and started_ms is not None else None
        late_ms = None if elapsed_ms is None or step.target_s is None else _late_ms(elapsed_ms, step.target_s)
        view = StepView(
            step=step.name,
            title=step.title.text,
            target_s=step.target_s,
            counts=step.counts,
            press_id=press["id"] if press else None,
            elapsed_ms=elapsed_ms,
            late_ms=late_ms,
            actor=press["actor_name"] if press else None,
            people=press["people"] if press else None,
            words=press["words"] if press else "",
            before=tuple(_not_before(spec, step.after, press, current)) if press else (),
            last_ms=last_at.get(step.name),
        )
        found.append(view)
    return found


def _late_ms(elapsed_ms: int, target_s: int) -> int:
    """How late, in whole seconds as they are shown: a hand does not press by milliseconds."""
    return (elapsed_ms // 1000 - target_s) * 1000


def _not_before(spec: DrillSpec, after: Sequence[str], press: Row, current: Mapping[str, Row]) -> list[Text]:
    """Of the steps that come first, those that were not pressed before this one."""
    late = [name for name in after if name != START and _pressed_ms(current, name) > press["at_ms"]]
    return [_title(spec, name) for name in late]


def _pressed_ms(current: Mapping[str, Row], name: str) -> float:
    return float(current[name]["at_ms"]) if name in current else float("inf")


def _title(spec: DrillSpec, name: str) -> Text:
    step = spec.step(name)
    return _ENDS[name] if step is None else step.title.text


def _press(spec: DrillSpec, press: Row) -> PressView:
    withdrawn_ms = press["withdrawn_ms"]
    return PressView(
        press_id=press["id"],
        step=press["step"],
        title=_title(spec, press["step"]),
        pressed_at=from_ms(press["at_ms"]),
        received_at=from_ms(press["received_ms"]),
        actor=press["actor_name"],
        people=press["people"],
        words=press["words"],
        withdrawn_at=None if withdrawn_ms is None else from_ms(withdrawn_ms),
        withdrawn_by=press["withdrawn_by"],
        withdrawn_reason=press["withdrawn_reason"],
    )

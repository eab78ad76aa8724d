"""The ledger of spots (点位台账): its registers, which spots are open, and the rule of its dates."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from cityops.kit import Text
from cityops.registers import ARCHIVED, ObjectFault, ObjectFaultsError, RegisterObject, RegisterSpec
from cityops.scenes.registry import SceneContext

SCENE: Final = "hazard_spots"
SPOT: Final = "hazard_spot"
MEASURE: Final = "spot_measure"
STEPS: Final = ("found", "confirmed", "treated", "reviewed", "removed")
"""The way of a spot (发现→确认→治理→复评→销号); each step has its date in ``<step>_on``."""
OPEN: Final = STEPS[:-1]
DISMISSED: Final = "dismissed"
RADIUS_M: Final = 100
"""Of a spot that names none."""
UNDONE: Final = ("planned", "doing")
"""States of a measure that is still to be done."""
_NOT_REACHED: Final = Text(
    "还没有走到这一步，或已退回，应为空", "this step is not reached, or was gone back from: leave it empty"
)


def check_spot(spec: RegisterSpec, made: RegisterObject) -> None:
    """The register's own rule: a spot has a place, and no date of a step that it has not reached, or went back from.

    Raises:
        ObjectFaultsError: with every such field.
    """
    faults = []
    if made.lon is None or made.lat is None:
        faults.append(ObjectFault("lon", Text("点位要在地图上标出位置", "a spot needs its place on the map")))
    if made.state != ARCHIVED:
        reached = STEPS[:1] if made.state == DISMISSED else STEPS[: STEPS.index(made.state) + 1]
        empty = [f"{step}_on" for step in STEPS if step not in reached]
        empty += [] if made.state == DISMISSED else ["dismissed_on", "dismissed_why"]
        faults += [ObjectFault(name, _NOT_REACHED) for name in empty if name in made.data]
    if faults:
        raise ObjectFaultsError(faults, spec)


def radius_of(spot: RegisterObject) -> int:
    """How far around a spot events count, in metres."""
    return int(spot.data.get("radius_m", RADIUS_M))


def day_of(spot: RegisterObject, step: str) -> date | None:
    """The day of a step, or ``None``."""
    text = spot.data.get(f"{step}_on")
    return None if text is None else date.fromisoformat(text)


def is_overdue(measure: RegisterObject, today: date) -> bool:
    """Whether a measure should have been done before today."""
    return measure.state in UNDONE and date.fromisoformat(measure.data["due_on"]) < today


def settings_of(context: SceneContext) -> Mapping[str, float]:
    """The scene's settings by name, with the city's own values in them."""
    return {one.name: one.value for one in context.overlays.spec(SCENE).settings}

"""The permit register (掘路许可台账): taken over from xlsx, new ones added, changed ones updated, others left alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cityops.access import Permission, Principal
from cityops.cases.catalogue import RowError
from cityops.scenes.registry import SceneContext
from cityops.scenes.road_excavation.permit_data import EXCAVATION_PERMIT
from cityops.scenes.road_excavation.permit_sheet import PermitRow, read_permits


@dataclass(frozen=True, slots=True)
class PermitsTaken:
    """What an import did; ``errors``: rows that were left out."""

    rows: int
    added: int
    changed: int
    unchanged: int
    errors: list[RowError]


def take_permits(
    context: SceneContext, principal: Principal, content: bytes, *, valid_only: bool = False
) -> PermitsTaken:
    """Import a sheet of permits, by number; reading again what was exported changes nothing.

    Raises:
        ForbiddenError: without ``registers.manage``.
        InvalidError: no such sheet, or rows with errors and ``valid_only`` was not chosen; nothing was imported.
    """
    principal.require(Permission.REGISTERS_MANAGE)
    found = read_permits(content)
    outcomes = [_take(context, principal, row) for row in found.accept(valid_only=valid_only)]
    counts = {name: outcomes.count(name) for name in ("added", "changed", "unchanged")}
    return PermitsTaken(found.rows, **counts, errors=found.errors)


def _take(context: SceneContext, principal: Principal, row: PermitRow) -> str:
    lon, lat = row.center
    values: dict[str, Any] = {
        "title": row.place,
        "lon": lon,
        "lat": lat,
        "area_code": context.city.locate(lon, lat).district_code or None,
        "data": row.data,
    }
    known = context.registers.find(principal, EXCAVATION_PERMIT, row.number)
    if known is None:
        context.registers.create(principal, register=EXCAVATION_PERMIT, code=row.number, **values)
        return "added"
    changes = {name: value for name, value in values.items() if getattr(known, name) != value}
    if not changes:
        return "unchanged"
    context.registers.update(principal, known.id, known.version, changes, reason="xlsx")
    return "changed"

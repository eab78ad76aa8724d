"""The permit register (掘路许可台账): taken over from xlsx, new ones added, changed ones updated, others left alone."""

from __future__ import annotations

from dataclasses import dataclass

from cityops.access import Permission, Principal
from cityops.cases.catalogue import Import, RowError
from cityops.registers import ObjectValues
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
    plan = context.registers.plan(principal, EXCAVATION_PERMIT, [_values(row) for row in found.valid])
    errors = found.errors + [RowError(found.valid[one.row].row, "", one.fault.text) for one in plan.faults]
    Import(found.valid, errors, found.rows).accept(valid_only=valid_only)
    put = context.registers.carry_out(principal, plan, reason="xlsx", valid_only=valid_only)
    return PermitsTaken(found.rows, put.added, put.changed, put.unchanged, errors)


def _values(row: PermitRow) -> ObjectValues:
    return {"code": row.number, "title": row.place, "geometry": row.geometry, "data": row.data}

"""Which scenes hold something for a person: their pages are shown to that person (谁看得到哪些场景)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sqlalchemy import false, or_, select

from cityops.access import Principal, Role
from cityops.api.context import ApiContext
from cityops.cases import case_table, scope_parts
from cityops.registers import may_read, register_object

_BY_UNIT: Final = frozenset({Role.UNIT, Role.HANDLER, Role.ENTERPRISE, Role.CREW})
"""Roles whose work is their unit's; everybody else works the whole city or an area, in every scene."""
_o = register_object.c


def own_scenes(services: ApiContext, person: Principal) -> list[str]:
    """The scenes in use that hold something for this person, by name.

    For people of a unit: those with a case that is or was the unit's to work on, or with an object that the unit
    answers for or supervises.
    """
    names = [scene.name for scene in services.scenes]
    if person.role not in _BY_UNIT:
        return names
    seen = replace(person, role=Role.UNIT) if person.role is Role.HANDLER else person
    scene_of = {register: scene.name for scene in services.scenes for register in scene.registers}
    read = [name for name in scene_of if may_read(person, services.registers.spec(name))]
    own = or_(_o.unit_id == person.unit_id, _o.supervisor_id == person.unit_id) if person.unit_id else false()
    objects = select(_o.register).where(_o.register.in_(read), own).distinct()
    cases = [select(case_table.c.scene).where(part).distinct() for part in scope_parts(seen)]
    with services.store.read() as conn:
        found = {scene_of[name] for name in conn.execute(objects).scalars()}
        found.update(scene for part in cases for scene in conn.execute(part).scalars())
    return [name for name in names if name in found]

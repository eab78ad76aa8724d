"""Many objects at once (批量): what is to be added and changed is found first, then written in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from cityops.access import Principal
from cityops.kit import ConflictError, ForbiddenError, InvalidError, Text
from cityops.registers.checking import ObjectFaultsError, step_fault, tidied
from cityops.registers.declaration import RegisterSpec
from cityops.registers.links import chunks, ids_by_code, refuse_new_code, write_links
from cityops.registers.people import require_write, with_kept_personal
from cityops.registers.tables import register_change, register_object
from cityops.registers.values import CHANGEABLE, ObjectFault, ObjectValues, RegisterObject, as_row, differences
from cityops.store import emit

CHANGED: Final = "register.changed"
"""Topic of the event of new and changed objects; its key is the register, its payload ``ids``."""
_o = register_object.c
Progress = Callable[[int], None]
"""Is told how many rows are done."""


ObjectCheck = Callable[[RegisterObject], None]
"""A rule that no declaration can say; raises ``InvalidError``."""


class RowFault(NamedTuple):
    """What is wrong with a row; ``row`` counts from 0."""

    row: int
    fault: ObjectFault


class Stamp(NamedTuple):
    """Who writes, and when; how ids are made and divisions found; ``check``: the register's own rule, if it has one."""

    actor: Principal
    now_ms: int
    new_id: Callable[[], str]
    area_code: Callable[[float, float], str | None]
    check: ObjectCheck | None


@dataclass(slots=True)
class Plan:
    """What is to be written: new objects, changed ones before and after, how many are as they are, what is wrong."""

    spec: RegisterSpec
    added: list[RegisterObject] = field(default_factory=list)
    changed: list[tuple[RegisterObject, RegisterObject]] = field(default_factory=list)
    unchanged: int = 0
    faults: list[RowFault] = field(default_factory=list)


def new_object(spec: RegisterSpec, given: Mapping[str, Any], stamp: Stamp) -> RegisterObject:
    """The object that these values make, as the register allows it and the person may write it."""
    empty: dict[str, Any] = dict.fromkeys(CHANGEABLE) | {"state": spec.initial, "data": {}}
    at = {"version": 1, "created_ms": stamp.now_ms, "updated_ms": stamp.now_ms}
    made = tidied(spec, RegisterObject(**{**empty, **given, **at, "id": stamp.new_id(), "register": spec.name}))
    if made.area_code is None:
        made = _in_area(made, stamp)
    if stamp.check is not None:
        stamp.check(made)
    require_write(stamp.actor, spec, made)
    return made


def changed_object(
    spec: RegisterSpec, before: RegisterObject, given: Mapping[str, Any], stamp: Stamp
) -> RegisterObject:
    """The object with these values instead; ``before`` itself when nothing differs."""
    if "data" in given:
        given = {**given, "data": with_kept_personal(stamp.actor, spec, before, given["data"])}
    if given.get("geometry") is not None and "lon" not in given:
        given = {**given, "lon": None, "lat": None}  # the point follows the new shape
    after = tidied(spec, replace(before, **given))
    fault = step_fault(spec, before.state, after.state)
    if fault is not None:
        raise ObjectFaultsError([fault], spec)
    if (after.lon, after.lat) != (before.lon, before.lat) and after.area_code == before.area_code:
        after = _in_area(after, stamp)
    if not differences(before, after):
        return before
    if stamp.check is not None:
        stamp.check(after)
    require_write(stamp.actor, spec, before, after)
    return replace(after, version=before.version + 1, updated_ms=stamp.now_ms)


def _in_area(made: RegisterObject, stamp: Stamp) -> RegisterObject:
    """With the division its point lies in; as it is when it has no point, or one outside the city."""
    code = None if made.lon is None or made.lat is None else stamp.area_code(made.lon, made.lat)
    return made if code is None else replace(made, area_code=code)


def known_by_code(conn: Connection, register: str, codes: Iterable[str]) -> dict[str, RegisterObject]:
    """The objects of a register that have these codes."""
    found: dict[str, RegisterObject] = {}
    for part in chunks(codes):
        rows = conn.execute(select(register_object).where(_o.register == register, _o.code.in_(part))).mappings()
        found.update((row["code"], RegisterObject(**row)) for row in rows)
    return found


def plan_rows(
    conn: Connection, spec: RegisterSpec, rows: Sequence[ObjectValues], stamp: Stamp, progress: Progress
) -> Plan:
    """What these rows add and change, by code; every fault is found, none is raised."""
    plan = Plan(spec)
    codes = [row["code"] for row in rows]
    known = known_by_code(conn, spec.name, codes)
    targets = _targets(conn, spec, rows)
    seen: set[str] = set()
    for index, row in enumerate(rows):
        try:
            _refuse_twice(spec, row["code"], seen)
            _refuse_missing(spec, row, targets)
            _plan_row(plan, known.get(row["code"]), row, stamp)
        except ObjectFaultsError as error:
            plan.faults.extend(RowFault(index, fault) for fault in error.faults)
        except ForbiddenError as error:
            plan.faults.append(RowFault(index, ObjectFault("unit_id", error.text)))
        except InvalidError as error:
            plan.faults.append(RowFault(index, ObjectFault("", error.text)))
        progress(index + 1)
    return plan


def write_plan(conn: Connection, plan: Plan, actor: Principal, reason: str | None, progress: Progress) -> None:
    """Write a plan without faults: objects, their history, their relations.

    Raises:
        ConflictError: an object was changed since the plan was made, a code is taken, or a unit is not there.
    """
    spec, done = plan.spec, 0
    _refuse_stale(conn, [before for before, _ in plan.changed])
    for before, after in plan.changed:
        refuse_new_code(conn, before, after)
    try:
        with conn.begin_nested():
            for part in chunks(plan.added):
                conn.execute(insert(register_object), [as_row(one) for one in part])
                progress(done := done + len(part))
            for pairs in chunks(plan.changed):
                conn.execute(_UPDATE, [_update_row(after) for _, after in pairs])
                progress(done := done + len(pairs))
    except IntegrityError as error:
        raise _taken([*plan.added, *(after for _, after in plan.changed)]) from error
    notes = [_note(one, {n: [None, getattr(one, n)] for n in CHANGEABLE}, actor, reason) for one in plan.added]
    notes += [_note(after, differences(before, after), actor, reason) for before, after in plan.changed]
    for rows in chunks(notes):
        conn.execute(insert(register_change), rows)
    written = [*plan.added, *(after for _, after in plan.changed)]
    write_links(conn, spec, written)
    for some in chunks(written):
        emit(conn, CHANGED, spec.name, {"ids": [one.id for one in some]})


def _update_row(after: RegisterObject) -> dict[str, Any]:
    row = as_row(after)
    return {"of_id": row.pop("id"), **row}


_UPDATE = (
    update(register_object)
    .where(_o.id == bindparam("of_id"))
    .values({name: bindparam(name) for name in (*CHANGEABLE, "version", "updated_ms")})
)


def _plan_row(plan: Plan, before: RegisterObject | None, row: ObjectValues, stamp: Stamp) -> None:
    if before is None:
        plan.added.append(new_object(plan.spec, row, stamp))
        return
    after = changed_object(plan.spec, before, row, stamp)
    if after is before:
        plan.unchanged += 1
    else:
        plan.changed.append((before, after))


def _refuse_twice(spec: RegisterSpec, code: str, seen: set[str]) -> None:
    if code in seen:
        raise ObjectFaultsError([ObjectFault("code", Text("编号重复", "this code is there twice"))], spec)
    seen.add(code)


def _targets(conn: Connection, spec: RegisterSpec, rows: Sequence[ObjectValues]) -> dict[str, set[str]]:
    """By ``object`` field, the codes that may be named: objects that are there, and rows of the same register."""
    found: dict[str, set[str]] = {}
    for one in spec.fields:
        if one.register_name is not None:
            wanted = {str(row.get("data", {}).get(one.name)) for row in rows}
            found[one.name] = set(ids_by_code(conn, one.register_name, wanted))
            if one.register_name == spec.name:
                found[one.name] |= {row["code"] for row in rows}
    return found


def _refuse_missing(spec: RegisterSpec, row: ObjectValues, targets: Mapping[str, set[str]]) -> None:
    for name, codes in targets.items():
        value = row.get("data", {}).get(name)
        if value not in (None, "") and value not in codes:
            words = Text(f"没有编号为 {value} 的对象", f"there is no object with the code {value}")
            raise ObjectFaultsError([ObjectFault(name, words)], spec)


def _refuse_stale(conn: Connection, before: Sequence[RegisterObject]) -> None:
    versions: dict[str, int] = {}
    for part in chunks(one.id for one in before):
        query = select(_o.id, _o.version).where(_o.id.in_(part)).order_by(_o.id).with_for_update()
        versions.update((row.id, row.version) for row in conn.execute(query))
    for one in before:
        if versions.get(one.id) != one.version:
            raise stale(one.code, versions.get(one.id))


def _note(of: RegisterObject, changes: dict[str, list[Any]], actor: Principal, reason: str | None) -> dict[str, Any]:
    return {
        "object_id": of.id,
        "version": of.version,
        "at_ms": of.updated_ms,
        "actor_id": actor.account_id,
        "actor_name": actor.display_name,
        "reason": reason,
        "changes": changes,
    }


def _taken(objects: Sequence[RegisterObject]) -> ConflictError:
    named = objects[0].code if len(objects) == 1 else f"{objects[0].code} … {objects[-1].code}"
    return ConflictError(
        f"台账中已有编号（{named}），或所选单位不存在",
        f"the register has the code already ({named}), or there is no such unit",
        code="register.taken",
        kept=Text("台账没有改变", "the register was not changed"),
        todo=Text("请换一个编号，或核对单位", "choose another code, or check the unit"),
    )


def stale(code: str, version: int | None) -> ConflictError:
    """Somebody was faster."""
    return ConflictError(
        f"{code} 已被他人修改（现为第 {version} 版）",
        f"somebody changed {code} meanwhile (it is at version {version} now)",
        code="register.stale",
        kept=Text("您的修改没有保存", "your change was not kept"),
        todo=Text("请重新打开后再改", "open it again and repeat the change"),
    )

"""Relations between objects (关联): an ``object`` field names another object by code, and both ends can be shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, delete, func, insert, select

from cityops.kit import ConflictError, Text
from cityops.registers.checking import ObjectFaultsError
from cityops.registers.declaration import RegisterSpec
from cityops.registers.tables import register_link, register_object
from cityops.registers.values import ObjectFault, RegisterObject

T = TypeVar("T")
CHUNK: Final = 500
"""Values in one IN, and far under the 32,766 variables of an SQLite statement."""
_o, _l = register_object.c, register_link.c


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """The values in lists of at most ``CHUNK``."""
    rest = iter(values)
    while part := list(islice(rest, CHUNK)):
        yield part


def write_links(conn: Connection, spec: RegisterSpec, objects: Sequence[RegisterObject]) -> None:
    """Replace the relations that these objects (of one register) name; call it after the objects are written.

    Raises:
        ObjectFaultsError: a field names an object that is not there.
    """
    named = [field for field in spec.fields if field.kind == "object"]
    if not named:
        return
    for part in chunks(objects):
        conn.execute(delete(register_link).where(_l.from_id.in_([one.id for one in part])))
    rows: list[dict[str, Any]] = []
    for field in named:
        assert field.register_name is not None  # an object field has one
        wanted = {one.data[field.name] for one in objects if field.name in one.data}
        ids = ids_by_code(conn, field.register_name, wanted, hold=True)
        missing = sorted(wanted - ids.keys())
        if missing:
            words = Text(f"没有编号为 {missing[0]} 的对象", f"there is no object with the code {missing[0]}")
            raise ObjectFaultsError([ObjectFault(field.name, words)], spec)
        rows += [
            {"from_id": one.id, "field": field.name, "to_id": ids[one.data[field.name]]}
            for one in objects
            if field.name in one.data
        ]
    if rows:
        conn.execute(insert(register_link), rows)


def ids_by_code(conn: Connection, register: str, codes: Iterable[str], *, hold: bool = False) -> dict[str, str]:
    """Ids of the objects of a register that have these codes; ``hold``: they keep them until the write ends."""
    found: dict[str, str] = {}
    for part in chunks(codes):
        query = select(_o.code, _o.id).where(_o.register == register, _o.code.in_(part)).order_by(_o.id)
        if hold:
            query = query.with_for_update(read=True, key_share=True)
        found.update((row.code, row.id) for row in conn.execute(query))
    return found


def refuse_new_code(conn: Connection, before: RegisterObject, after: RegisterObject) -> None:
    """Raises ``ConflictError`` when an object, held, is to get another code while others name it by the old one."""
    if after.code == before.code:
        return
    count = conn.execute(select(func.count()).where(_l.to_id == before.id)).scalar_one()
    if count:
        raise ConflictError(
            f"有 {count} 个对象按编号 {before.code} 关联到它，不能改编号",
            f"{count} objects name it by the code {before.code}, so the code cannot change",
            code="register.named",
            kept=Text("台账没有改变", "the register was not changed"),
            todo=Text("请先修改那些对象", "change those objects first"),
        )

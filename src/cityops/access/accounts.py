"""Accounts (账号)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from cityops.access.audit import record_audit
from cityops.access.passwords import Passwords
from cityops.access.principal import Principal
from cityops.access.roles import Permission, Role
from cityops.access.tables import account, session, unit
from cityops.access.throttle import forget_account
from cityops.kit import Clock, ConflictError, IdMaker, InvalidError, NotFoundError, Text
from cityops.store import Store

_USERNAME: Final = re.compile(r"[\w.@-]{1,64}")
_AREA: Final = re.compile(r"\d{2,15}")


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the administrator sees it; never its password."""

    id: str
    username: str
    display_name: str
    role: Role
    unit_id: str | None
    unit_name: str | None
    area_codes: tuple[str, ...]
    crew_id: str | None
    active: bool
    created_ms: int
    last_sign_in_ms: int | None


def tidy_username(username: str) -> str:
    """The form in which a user name is stored and compared: no outer spaces, full width folded, small letters."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


class Accounts:
    """The accounts of the product; every change is audited."""

    def __init__(self, store: Store, clock: Clock, ids: IdMaker, passwords: Passwords | None = None) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._passwords = passwords or Passwords()

    def create(
        self,
        actor: Principal,
        *,
        username: str,
        password: str,
        display_name: str,
        role: Role | str,
        unit_id: str | None = None,
        area_codes: Sequence[str] = (),
        crew_id: str | None = None,
    ) -> Account:
        """A new account.

        Raises:
            ForbiddenError: the actor may not manage accounts.
            InvalidError: a bad name or password, or the role misses what it is scoped by: an enterprise its unit,
                a district its areas, a crew member the crew.
            ConflictError: the user name is taken, or there is no such unit.
        """
        actor.require(Permission.ACCOUNTS_MANAGE)
        now_ms = self._clock.now_ms()
        row: dict[str, Any] = {
            "id": self._ids.next(),
            "username": _username(username),
            "display_name": _display_name(display_name),
            "role": _role(role).value,
            "unit_id": unit_id,
            "area_codes": _areas(area_codes),
            "crew_id": crew_id,
            "active": True,
            "created_ms": now_ms,
            "updated_ms": now_ms,
            "last_sign_in_ms": None,
        }
        _check_scope(_role(role), row)
        row["password_hash"] = self._passwords.hash(password)
        self._store.write(lambda conn: _insert(conn, actor, row, now_ms))
        return self.get(row["id"])

    def set_password(self, actor: Principal, account_id: str, password: str) -> None:
        """Set a new password and end every session of the account. People may set their own."""
        if actor.account_id != account_id:
            actor.require(Permission.ACCOUNTS_MANAGE)
        encoded = self._passwords.hash(password)

        def work(conn: Connection) -> None:
            username = self._change(conn, actor, account_id, "account.password", {"password_hash": encoded})
            forget_account(conn, username)

        self._store.write(work)

    def deactivate(self, actor: Principal, account_id: str) -> None:
        """Switch an account off and end its sessions; what it did stays on record."""
        actor.require(Permission.ACCOUNTS_MANAGE)
        self._store.write(lambda conn: self._change(conn, actor, account_id, "account.deactivate", {"active": False}))

    def activate(self, actor: Principal, account_id: str) -> None:
        """Switch an account on again."""
        actor.require(Permission.ACCOUNTS_MANAGE)
        self._store.write(lambda conn: self._change(conn, actor, account_id, "account.activate", {"active": True}))

    def get(self, account_id: str) -> Account:
        """The account; ``NotFoundError`` when there is none."""
        return self._one(account.c.id == account_id)

    def find(self, username: str) -> Account | None:
        """The account with this user name, if there is one."""
        try:
            return self._one(account.c.username == tidy_username(username))
        except NotFoundError:
            return None

    def ids(self, usernames: Iterable[str]) -> dict[str, str]:
        """The ids of those of these accounts that there are, by user name as it was given."""
        given = {tidy_username(username): username for username in usernames}
        query = select(account.c.username, account.c.id).where(account.c.username.in_(sorted(given)))
        with self._store.read() as conn:
            return {given[row.username]: row.id for row in conn.execute(query)}

    def list(self, actor: Principal, *, limit: int = 10_000) -> list[Account]:
        """All accounts by user name, at most ``limit``, for who may manage them."""
        actor.require(Permission.ACCOUNTS_MANAGE)
        with self._store.read() as conn:
            rows = conn.execute(_selected().order_by(account.c.username).limit(limit)).mappings()
            return [_account(row) for row in rows]

    def _one(self, condition: Any) -> Account:
        with self._store.read() as conn:
            row = conn.execute(_selected().where(condition)).mappings().one_or_none()
        if row is None:
            raise _no_account()
        return _account(row)

    def _change(self, conn: Connection, actor: Principal, account_id: str, action: str, values: dict[str, Any]) -> str:
        now_ms = self._clock.now_ms()
        changed = conn.execute(
            update(account)
            .where(account.c.id == account_id)
            .values(**values, updated_ms=now_ms)
            .returning(account.c.username)
        ).scalar_one_or_none()
        if changed is None:
            raise _no_account()
        conn.execute(delete(session).where(session.c.account_id == account_id))
        record_audit(
            conn,
            at_ms=now_ms,
            actor=actor,
            action=action,
            object_type="account",
            object_id=account_id,
            detail={"username": changed},
        )
        return str(changed)


def _insert(conn: Connection, actor: Principal, row: dict[str, Any], now_ms: int) -> None:
    try:
        conn.execute(insert(account), row)
    except IntegrityError as error:
        raise ConflictError(
            f"用户名 {row['username']} 已被使用，或所选单位不存在",
            f"the user name {row['username']} is taken, or there is no such unit",
            code="account.conflict",
            kept=Text("没有新建账号", "no account was created"),
            todo=Text("请换一个用户名，或核对单位", "choose another user name, or check the unit"),
        ) from error
    detail = {name: row[name] for name in ("username", "role", "unit_id", "area_codes", "crew_id")}
    record_audit(
        conn,
        at_ms=now_ms,
        actor=actor,
        action="account.create",
        object_type="account",
        object_id=row["id"],
        detail=detail,
    )


def _selected() -> Any:
    return select(account, unit.c.name.label("unit_name")).select_from(account.outerjoin(unit))


def _account(row: RowMapping) -> Account:
    values = {name: row[name] for name in Account.__slots__}
    return Account(**{**values, "role": Role(row["role"]), "area_codes": tuple(row["area_codes"])})


def _username(username: str) -> str:
    tidy = tidy_username(username)
    if not _USERNAME.fullmatch(tidy):
        raise _invalid(
            "username",
            "用户名为 1 至 64 个字母、汉字、数字或 . _ - @",
            "a user name has 1 to 64 letters, digits or . _ - @",
        )
    return tidy


def _display_name(name: str) -> str:
    tidy = name.strip()
    if not 0 < len(tidy) <= 64:
        raise _invalid("display_name", "姓名需为 1 至 64 个字符", "a display name has 1 to 64 characters")
    return tidy


def _role(role: Role | str) -> Role:
    if role not in tuple(Role):
        raise _invalid("role", f"没有这个角色：{role}（可用：{'、'.join(Role)}）", f"no such role: {role}")
    return Role(role)


def _areas(area_codes: Sequence[str]) -> list[str]:
    for code in area_codes:
        if not _AREA.fullmatch(code):
            raise _invalid("area", f"区划代码需为数字：{code}", f"an area code has digits only: {code}")
    return sorted(set(area_codes))


def _check_scope(role: Role, row: dict[str, Any]) -> None:
    if (role.is_of_unit or role is Role.HANDLER) and not row["unit_id"]:
        raise _invalid("unit", "企业、专业部门和承办人账号必须指定单位", "an account of this role needs its unit")
    if role is Role.DISTRICT and not row["area_codes"]:
        raise _invalid("area", "区县账号必须指定管辖区划", "a district account needs its areas")
    if role is Role.CREW and not row["crew_id"]:
        raise _invalid("crew", "处置人员账号必须指定队伍", "a crew account needs its crew")


def _invalid(what: str, zh: str, en: str) -> InvalidError:
    return InvalidError(zh, en, code=f"account.{what}", kept=Text("没有改变任何账号", "no account was changed"))


def _no_account() -> NotFoundError:
    return NotFoundError("没有这个账号", "there is no such account", code="account.missing")

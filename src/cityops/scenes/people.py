"""Demo people (演示人员): the city's own, which every scene shares, and how a scene adds its units and accounts.

All synthetic (合成数据), labelled so in the names of units. Adding is idempotent: what is there stays as it is, also
what a person has changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from cityops.access import SYSTEM, Principal, Role, UnitKind
from cityops.cases import Step
from cityops.scenes.registry import SceneContext

DEMO_PASSWORD: Final = "cityops-demo"
LABEL: Final = "（演示）"


class DemoUnit(NamedTuple):
    """A unit: code, name, kind, area, parent's code, credit code."""

    code: str
    name: str
    kind: UnitKind
    area_code: str
    parent: str | None = None
    credit_code: str | None = None


class DemoAccount(NamedTuple):
    """An account: user name, words shown, role, and what scopes it (unit and crew by code)."""

    username: str
    display_name: str
    role: Role
    unit: str | None = None
    area_codes: tuple[str, ...] = ()
    crew: str | None = None


CITY_UNITS: Final = (
    DemoUnit("CITY", f"太原市城市运行管理中心{LABEL}", UnitKind.CITY, "140100"),
    DemoUnit("DISTRICT-1", f"综改示范区管委会{LABEL}", UnitKind.DISTRICT, "140105", "CITY"),
)
CITY_ACCOUNTS: Final = (
    DemoAccount("admin", "系统管理员", Role.ADMINISTRATOR, "CITY"),
    DemoAccount("acceptor", "受理员", Role.ACCEPTOR, "CITY"),
    DemoAccount("dispatcher", "派遣员", Role.DISPATCHER, "CITY"),
    DemoAccount("leader", "值班长", Role.SHIFT_LEADER, "CITY"),
    DemoAccount("district1", "小店区管理员", Role.DISTRICT, "DISTRICT-1", ("140105",)),
    DemoAccount("analyst", "研判员", Role.ANALYST, "CITY"),
    DemoAccount("auditor", "审计员", Role.AUDITOR, "CITY"),
)


def seed_city(context: SceneContext) -> None:
    """The city's own units and people, before any scene adds its own."""
    seed_units(context, CITY_UNITS)
    seed_accounts(context, CITY_ACCOUNTS)


def seed_units(context: SceneContext, units: Iterable[DemoUnit]) -> dict[str, str]:
    """Add the units that are missing; parents first. Returns their ids by code."""
    wanted = list(units)
    there = context.units.ids(unit.code for unit in wanted)
    for unit in wanted:
        if unit.code not in there:
            made = context.units.create(
                SYSTEM,
                code=unit.code,
                name=unit.name,
                kind=unit.kind,
                parent_id=unit_id(context, unit.parent) if unit.parent else None,
                area_code=unit.area_code,
                credit_code=unit.credit_code,
            )
            there[unit.code] = made.id
    return there


def seed_accounts(
    context: SceneContext, accounts: Iterable[DemoAccount], crews: Mapping[str, str] | None = None
) -> None:
    """Add the accounts that are missing; ``crews``: ids by code."""
    wanted = list(accounts)
    there = context.accounts.ids(account.username for account in wanted)
    for account in wanted:
        if account.username not in there:
            made = context.accounts.create(
                SYSTEM,
                username=account.username,
                password=DEMO_PASSWORD,
                display_name=account.display_name,
                role=account.role,
                unit_id=unit_id(context, account.unit) if account.unit else None,
                area_codes=account.area_codes,
                crew_id=(crews or {})[account.crew] if account.crew else None,
            )
            there[account.username] = made.id


def unit_id(context: SceneContext, code: str) -> str:
    """The id of a unit that must be there."""
    found = context.units.find(code)
    if found is None:
        raise LookupError(f"the demo's unit {code!r} is missing")
    return found.id


def person(context: SceneContext, username: str) -> Principal:
    """An account of the demo, as who acts in what the demo shows."""
    found = context.accounts.find(username)
    if found is None:
        raise LookupError(f"the demo's account {username!r} is missing")
    return Principal(
        found.id,
        found.username,
        found.display_name,
        found.role,
        found.unit_id,
        found.unit_name,
        found.area_codes,
        found.crew_id,
    )


def take(
    context: SceneContext, who: Principal, case_id: str, action: str, comment: str | None = None, **form: Any
) -> None:
    """Take a step of a demo case, as it is offered to this person."""
    case = context.cases.get(who, case_id)
    (offered,) = [one for one in case.actions if one.name == action]
    context.cases.act(who, case_id, action, Step(case.version, offered.task_id, form, comment))

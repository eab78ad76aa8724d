from __future__ import annotations

import threading

import pytest
from argon2 import PasswordHasher, extract_parameters
from sqlalchemy import select

from cityops.access import SYSTEM, Accounts, Passwords, Principal, Role, Sessions, UnitKind, Units, list_audit
from cityops.access.passwords import NOBODY
from cityops.access.tables import account
from cityops.kit import BusyError, ConflictError, ForbiddenError, InvalidError, ManualClock, NotFoundError
from cityops.store import Store

GOOD = "一车一档-2026"


def test_create_and_list(accounts: Accounts, units: Units, store: Store, clock: ManualClock) -> None:
    firm = units.create(SYSTEM, code="E1", name="晋通运输（演示）", kind=UnitKind.ENTERPRISE)
    made = accounts.create(
        SYSTEM, username="Ｅnterprise1", password=GOOD, display_name="李安全", role="enterprise", unit_id=firm.id
    )
    assert (made.username, made.role, made.unit_name, made.active) == (
        "enterprise1", Role.ENTERPRISE, "晋通运输（演示）", True,
    )  # fmt: skip
    assert accounts.find("ENTERPRISE1") == made
    assert accounts.find("nobody") is None
    accounts.create(
        SYSTEM, username="district1", password=GOOD, display_name="小店", role="district", area_codes=["140105"]
    )
    assert [(a.username, a.area_codes, a.unit_name) for a in accounts.list(SYSTEM)] == [
        ("district1", ("140105",), None),
        ("enterprise1", (), "晋通运输（演示）"),
    ]
    with store.read() as conn:
        encoded = conn.execute(select(account.c.password_hash)).scalars().first()
        assert [entry.action for entry in list_audit(conn, SYSTEM).items] == [
            "account.create", "account.create", "unit.create",
        ]  # fmt: skip
    assert encoded is not None
    parameters = extract_parameters(encoded)
    assert (parameters.type.name, parameters.memory_cost, parameters.time_cost) == ("ID", 19_456, 2)


def test_the_last_sign_in_is_shown(accounts: Accounts, sessions: Sessions, clock: ManualClock) -> None:
    made = accounts.create(SYSTEM, username="a", password=GOOD, display_name="a", role=Role.ANALYST)
    assert made.last_sign_in_ms is None
    clock.advance(60)
    sessions.sign_in("a", GOOD, "10.0.0.1")
    assert accounts.get(made.id).last_sign_in_ms == 1_795_309_260_000


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"username": ""}, "account.username"),
        ({"username": "a b"}, "account.username"),
        ({"username": "x" * 65}, "account.username"),
        ({"password": "1234567"}, "account.password"),
        ({"password": "x" * 257}, "account.password"),
        ({"display_name": "  "}, "account.display_name"),
        ({"role": "king"}, "account.role"),
        ({"role": "enterprise"}, "account.unit"),
        ({"role": "district"}, "account.area"),
        ({"role": "district", "area_codes": ["14%"]}, "account.area"),
        ({"role": "crew"}, "account.crew"),
    ],
)
def test_a_wrong_account_is_refused(accounts: Accounts, wrong: dict[str, str], code: str) -> None:
    with pytest.raises(InvalidError) as refused:
        accounts.create(SYSTEM, **{**_plain(), **wrong})
    assert refused.value.code == code
    assert accounts.list(SYSTEM) == []


def _plain() -> dict[str, str]:
    return {"username": "a", "password": GOOD, "display_name": "a", "role": "analyst"}


def test_a_user_name_is_taken_once_in_any_spelling(accounts: Accounts) -> None:
    accounts.create(SYSTEM, **_plain())
    with pytest.raises(ConflictError):
        accounts.create(SYSTEM, **{**_plain(), "username": " Ａ "})
    with pytest.raises(ConflictError):
        accounts.create(SYSTEM, **{**_plain(), "username": "b", "unit_id": "01NOSUCHUNIT"})
    (made,) = accounts.list(SYSTEM)
    assert accounts.ids(["Ａ", "b"]) == {"Ａ": made.id}


def test_only_administrators_manage_accounts_but_people_set_their_own_password(accounts: Accounts) -> None:
    made = accounts.create(SYSTEM, **_plain())
    own = Principal(made.id, "a", "a", Role.ANALYST)
    for act in (
        lambda: accounts.create(own, **_plain()),
        lambda: accounts.list(own),
        lambda: accounts.deactivate(own, made.id),
        lambda: accounts.activate(own, made.id),
        lambda: accounts.set_password(Principal("01B", "b", "b", Role.DISPATCHER), made.id, GOOD),
    ):
        with pytest.raises(ForbiddenError):
            act()
    accounts.set_password(own, made.id, "another-2026")
    with pytest.raises(NotFoundError):
        accounts.set_password(SYSTEM, "01NOBODY", "another-2026")
    with pytest.raises(NotFoundError):
        accounts.get("01NOBODY")


def test_units(units: Units) -> None:
    city = units.create(SYSTEM, code="C", name="市城运中心", kind="city", area_code="1401")
    firm = units.create(
        SYSTEM, code="E1", name="晋通", kind="enterprise", parent_id=city.id, area_code="140105",
        credit_code="91350100M000100Y43", contact_phone="13812345678",
    )  # fmt: skip
    assert units.get(firm.id) == firm
    assert units.find("E1") == firm
    assert units.find("E2") is None
    assert units.ids(["E1", "E2"]) == {"E1": firm.id}
    assert [unit.code for unit in units.list(SYSTEM)] == ["C", "E1"]
    assert [unit.code for unit in units.list(SYSTEM, kind="enterprise")] == ["E1"]
    own = Principal("01E", "e", "e", Role.ENTERPRISE, unit_id=firm.id)
    assert [unit.code for unit in units.list(own)] == ["E1"]
    district = Principal("01D", "d", "d", Role.DISTRICT, area_codes=("140105",))
    assert [unit.code for unit in units.list(district)] == ["E1"]
    with pytest.raises(ForbiddenError):
        units.list(Principal("01K", "k", "k", Role.CREW, crew_id="K1"))
    with pytest.raises(ForbiddenError):
        units.create(own, code="E3", name="x", kind="enterprise")
    with pytest.raises(ConflictError):
        units.create(SYSTEM, code="E1", name="x", kind="enterprise")
    for wrong in ({"kind": "firm"}, {"name": " "}, {"code": ""}, {"credit_code": "91350100M000100Y44"}):
        with pytest.raises(InvalidError):
            units.create(SYSTEM, **{"code": "E9", "name": "x", "kind": "enterprise", **wrong})
    with pytest.raises(NotFoundError):
        units.get("01NOBODY")


def test_an_old_hash_is_renewed_at_sign_in(accounts: Accounts, sessions: Sessions, store: Store) -> None:
    accounts.create(SYSTEM, **_plain())
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(GOOD)
    store.write(lambda conn: conn.execute(account.update().values(password_hash=weak)).rowcount)
    sessions.sign_in("a", GOOD, "10.0.0.1")
    with store.read() as conn:
        renewed = conn.execute(select(account.c.password_hash)).scalar_one()
    assert extract_parameters(renewed).memory_cost == 19_456
    sessions.sign_in("a", GOOD, "10.0.0.1")


def test_who_is_not_there_costs_as_much_as_who_is() -> None:
    passwords = Passwords()
    assert extract_parameters(NOBODY) == extract_parameters(passwords.hash(GOOD))
    assert not passwords.matches(None, GOOD)


def test_a_flood_of_passwords_is_refused_loudly() -> None:
    impatient = Passwords(wait_s=0)
    encoded = impatient.hash(GOOD)
    refused: list[BusyError] = []
    start = threading.Barrier(16)

    def run() -> None:
        start.wait()
        try:
            impatient.matches(encoded, GOOD)
        except BusyError as error:
            refused.append(error)

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < len(refused) <= 12
    assert impatient.rejected == len(refused)
    assert impatient.matches(encoded, GOOD)
    assert not impatient.matches(encoded, "x" * 257)
    assert not impatient.matches(None, GOOD)

from __future__ import annotations

import pytest

from cityops.access import Accounts, Passwords, Sessions, Units
from cityops.kit import IdMaker, ManualClock
from cityops.store import Store


@pytest.fixture(scope="session")
def passwords() -> Passwords:
    return Passwords()


@pytest.fixture
def units(store: Store, clock: ManualClock, ids: IdMaker) -> Units:
    return Units(store, clock, ids)


@pytest.fixture
def accounts(store: Store, clock: ManualClock, ids: IdMaker, passwords: Passwords) -> Accounts:
    return Accounts(store, clock, ids, passwords)


@pytest.fixture
def sessions(store: Store, clock: ManualClock, ids: IdMaker, passwords: Passwords) -> Sessions:
    return Sessions(store, clock, ids, passwords=passwords)

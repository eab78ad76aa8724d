"""Keys of other systems: shown once, kept as a hash, revoked at once, all of it on the record."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import select
from tests.together import at_once

from cityops.access import SYSTEM, ApiKeys, AuditFilter, Principal, Role, list_audit, verify_audit
from cityops.access.tables import api_key
from cityops.kit import ConflictError, ForbiddenError, InvalidError, ManualClock, NotFoundError
from cityops.store import Store

AUDITOR = Principal("A", "auditor", "审计", Role.AUDITOR)


def test_issue_use_revoke_issue_again(store: Store, clock: ManualClock) -> None:
    keys = ApiKeys(store, clock)
    key = keys.issue(SYSTEM, "fixmystreet")
    assert len(key) == 43  # 256 bits in base64
    with store.read() as conn:
        row = dict(conn.execute(select(api_key)).mappings().one())
    assert row["sha256"] == hashlib.sha256(key.encode()).hexdigest()
    assert key not in str(row)
    assert (keys.holder(key), keys.holder(key[:-1]), keys.holder("")) == ("fixmystreet", None, None)
    with pytest.raises(ConflictError):
        keys.issue(SYSTEM, "fixmystreet")
    clock.advance(60)
    keys.revoke(SYSTEM, "fixmystreet")
    assert keys.holder(key) is None
    assert [(one.name, one.revoked_ms) for one in keys.list(SYSTEM)] == [("fixmystreet", clock.now_ms())]
    with pytest.raises(NotFoundError):
        keys.revoke(SYSTEM, "fixmystreet")
    again = keys.issue(SYSTEM, "fixmystreet")
    assert (again != key, keys.holder(again), keys.holder(key)) == (True, "fixmystreet", None)
    with store.read() as conn:
        assert verify_audit(conn).ok
        lines = list_audit(conn, AUDITOR, AuditFilter(object_type="api_key")).items
    assert [line.action for line in lines] == ["api_key.issue", "api_key.revoke", "api_key.issue"]
    assert again not in str(lines)


@pytest.mark.parametrize("name", ["", "a", "Fix", "x" * 51, "a b", "../etc"])
def test_names(store: Store, clock: ManualClock, name: str) -> None:
    with pytest.raises(InvalidError):
        ApiKeys(store, clock).issue(SYSTEM, name)


def test_only_an_administrator(store: Store, clock: ManualClock) -> None:
    keys = ApiKeys(store, clock)
    for attempt in (
        lambda: keys.issue(AUDITOR, "abc"),
        lambda: keys.revoke(AUDITOR, "abc"),
        lambda: keys.list(AUDITOR),
    ):
        with pytest.raises(ForbiddenError):
            attempt()


def test_of_two_keys_issued_at_once_the_one_that_was_shown_works(store: Store, clock: ManualClock) -> None:
    keys = ApiKeys(store, clock)
    keys.issue(SYSTEM, "fixmystreet")
    keys.revoke(SYSTEM, "fixmystreet")
    for name in ("fixmystreet", "new"):  # one that was revoked, one that never was
        given = at_once(store, *[lambda name=name: keys.issue(SYSTEM, name)] * 3)
        shown = [one for one in given if isinstance(one, str)]
        assert [keys.holder(key) for key in shown] == [name]
        assert {one.code for one in given if one not in shown} == {"api_key.exists"}

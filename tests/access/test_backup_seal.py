"""A backup notes the audit chain; a restored chain that differs from it is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import update

from cityops.access import SYSTEM, audit_seal, record_audit, verify_audit
from cityops.access.tables import audit
from cityops.kit import InvalidError, ManualClock
from cityops.store import Store, backup, restore


def fill(store: Store) -> None:
    for number in range(3):
        store.write(
            lambda conn, number=number: record_audit(  # type: ignore[misc]
                conn, at_ms=number, actor=SYSTEM, action="a", object_type="b", object_id=None, detail={"速度": 80.5}
            )
        )


def empty_store(folder: Path, clock: ManualClock) -> Store:
    folder.mkdir()
    store = Store.open(f"sqlite:///{folder}/cityops.db", clock=clock)
    store.create_all()
    return store


def test_the_chain_comes_back_whole(store: Store, clock: ManualClock, tmp_path: Path) -> None:
    fill(store)
    made = backup(store, tmp_path / "none", tmp_path / "b1", seal=audit_seal)
    with store.read() as conn:
        report = verify_audit(conn)
    assert made.seals == {"audit": {"ok": True, "rows": 3, "head_hash": report.head_hash}}
    with empty_store(tmp_path / "fresh", clock) as fresh:
        restore(tmp_path / "b1", fresh, tmp_path / "fresh", seal=audit_seal)
        fill(fresh)
        with fresh.read() as conn:
            assert (verify_audit(conn).ok, verify_audit(conn).rows) == (True, 6)


def test_a_broken_chain_is_still_backed_up_and_said_to_be_broken(
    store: Store, clock: ManualClock, tmp_path: Path
) -> None:
    fill(store)
    store.write(lambda conn: conn.execute(update(audit).where(audit.c.sequence == 2).values(action="z")).rowcount)
    made = backup(store, tmp_path / "none", tmp_path / "b1", seal=audit_seal)
    assert (made.seals["audit"]["ok"], made.seals["audit"]["rows"]) == (False, 1)


def test_a_chain_that_does_not_fit_the_manifest_is_refused(
    sqlite_store: Store, clock: ManualClock, tmp_path: Path
) -> None:
    fill(sqlite_store)
    backup(sqlite_store, tmp_path / "none", tmp_path / "b1", seal=audit_seal)
    path = tmp_path / "b1" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["seals"]["audit"]["head_hash"] = "0" * 64
    path.write_text(json.dumps(manifest))
    with empty_store(tmp_path / "fresh", clock) as fresh:
        with pytest.raises(InvalidError, match="seals"):
            restore(tmp_path / "b1", fresh, tmp_path / "fresh", seal=audit_seal)
        with fresh.read() as conn:
            assert verify_audit(conn).rows == 0

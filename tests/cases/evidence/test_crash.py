from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from cityops.cases.evidence import EvidenceBook, Soundness, evidence_table
from cityops.kit import IdMaker, ManualClock
from cityops.store import Files, Store

ROOT = Path(__file__).parents[3]


def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path, clock: ManualClock) -> None:
    (tmp_path / "files").mkdir()
    command = [sys.executable, "-m", "tests.cases.evidence.adding", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline().split() for _ in range(25)]
        process.kill()
        acknowledged += [line.split() for line in process.stdout if line.endswith("\n")]
    files = Files(tmp_path / "files")
    with Store.open(f"sqlite:///{tmp_path}/cityops.db", clock=clock) as store:
        with store.read() as conn:
            rows = conn.execute(select(evidence_table.c.client_id, evidence_table.c.sha256)).all()
        kept = {row.client_id: row.sha256 for row in rows}
        assert len(acknowledged) >= 25
        assert {client_id: kept.get(client_id) for client_id, _ in acknowledged} == dict(acknowledged)
        book = EvidenceBook(store, files, clock, IdMaker(clock))
        findings = book.verify(limit=1000)
    assert {finding for _, finding in findings} == {Soundness.SOUND}
    assert len(findings) == len(kept)

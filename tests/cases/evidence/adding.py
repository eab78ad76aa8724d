"""A process that adds photos without end and says which are acknowledged, to be killed by a test."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.cases.evidence.conftest import photo

from cityops.access import Principal, Role
from cityops.cases.evidence import EvidenceBook, EvidenceLimits, EvidenceRole, NewEvidence
from cityops.kit import IdMaker, SystemClock
from cityops.store import Files, Store

WHO = Principal("A-crash", "crash", "崩溃", Role.ACCEPTOR)


def main(folder: Path) -> None:
    clock = SystemClock()
    with Store.open(f"sqlite:///{folder}/cityops.db", clock=clock) as store:
        store.create_all()
        limits = EvidenceLimits(unfiled_per_uploader=100_000)
        book = EvidenceBook(store, Files(folder / "files"), clock, IdMaker(clock), limits=limits)
        for number in range(100_000):
            new = NewEvidence(f"crash-{number:05}", EvidenceRole.REPORT)
            item = book.add(WHO, new, [photo(16 + number % 64, 16 + number // 64)])
            sys.stdout.write(f"{item.client_id} {item.sha256}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""The relational store (关系库): one writer, many readers, the outbox, files, backup, migrations."""

from cityops.store.backup import Manifest, backup, read_manifest, restore, verify_backup
from cityops.store.delivery import DeadLetter, Deliveries
from cityops.store.files import FileRef, Files
from cityops.store.holding import hold
from cityops.store.outbox import Event, Subscriber, at_end, emit
from cityops.store.schema import SERIAL, metadata
from cityops.store.store import Store

__all__ = [
    "SERIAL",
    "DeadLetter",
    "Deliveries",
    "Event",
    "FileRef",
    "Files",
    "Manifest",
    "Store",
    "Subscriber",
    "at_end",
    "backup",
    "emit",
    "hold",
    "metadata",
    "read_manifest",
    "restore",
    "verify_backup",
]

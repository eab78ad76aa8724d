"""The relational store (关系库): one writer, many readers, the outbox, files, backup, migrations."""

from cityops.store.outbox import Event, Subscriber, emit
from cityops.store.schema import SERIAL, metadata
from cityops.store.store import Store

__all__ = ["SERIAL", "Event", "Store", "Subscriber", "emit", "metadata"]

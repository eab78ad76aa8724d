"""What a connection may be."""

from __future__ import annotations

from enum import Enum


class State(Enum):
    """What a connection is."""

    NEW = "new"
    CHECKING = "checking"
    ONLINE = "online"
    ATTACHMENTS = "attachments"

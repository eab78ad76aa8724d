"""The kit (工具箱): clock, working calendar, coordinates, codes, ids, errors. Knows nothing of the rooms above."""

from cityops.kit.clock import SHANGHAI, Clock, ManualClock, SystemClock, from_ms, to_ms
from cityops.kit.errors import (
    BusyError,
    CityOpsError,
    ConfigError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    Text,
    UnauthenticatedError,
    UnavailableError,
)
from cityops.kit.ids import IdMaker

__all__ = [
    "SHANGHAI",
    "BusyError",
    "CityOpsError",
    "Clock",
    "ConfigError",
    "ConflictError",
    "ForbiddenError",
    "IdMaker",
    "InvalidError",
    "ManualClock",
    "NotFoundError",
    "SystemClock",
    "Text",
    "UnauthenticatedError",
    "UnavailableError",
    "from_ms",
    "to_ms",
]

"""The kit (工具箱): clock, working calendar, coordinates, codes, ids, errors. Knows nothing of the rooms above."""

from cityops.kit.calendar import DEFAULT_HOURS, WorkingCalendar, WorkingHours
from cityops.kit.clock import SHANGHAI, Clock, ManualClock, SystemClock, from_ms, to_ms
from cityops.kit.codes import CreditCode, DivisionCode, DivisionLevel, Plate, PlateKind
from cityops.kit.coordinates import CoordinateSystem, from_wgs84, to_wgs84
from cityops.kit.deadlines import DeadlineResult, Limit, LimitUnit, Pause, compute_deadline, recompute_deadline
from cityops.kit.declared import Data, Name, Words
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
    "DEFAULT_HOURS",
    "SHANGHAI",
    "BusyError",
    "CityOpsError",
    "Clock",
    "ConfigError",
    "ConflictError",
    "CoordinateSystem",
    "CreditCode",
    "Data",
    "DeadlineResult",
    "DivisionCode",
    "DivisionLevel",
    "ForbiddenError",
    "IdMaker",
    "InvalidError",
    "Limit",
    "LimitUnit",
    "ManualClock",
    "Name",
    "NotFoundError",
    "Pause",
    "Plate",
    "PlateKind",
    "SystemClock",
    "Text",
    "UnauthenticatedError",
    "UnavailableError",
    "Words",
    "WorkingCalendar",
    "WorkingHours",
    "compute_deadline",
    "from_ms",
    "from_wgs84",
    "recompute_deadline",
    "to_ms",
    "to_wgs84",
]

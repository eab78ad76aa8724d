"""The kit (工具箱): clock, working calendar, coordinates, codes, ids, errors. Knows nothing of the rooms above."""

from cityops.kit.calendar import DEFAULT_HOURS, WorkingCalendar, WorkingHours
from cityops.kit.clock import SHANGHAI, Clock, ManualClock, SystemClock, from_ms, to_ms
from cityops.kit.codes import CreditCode, DivisionCode, DivisionLevel, Plate, PlateKind
from cityops.kit.coordinates import CoordinateSystem, from_wgs84, to_wgs84
from cityops.kit.deadlines import DeadlineResult, Limit, LimitUnit, Pause, compute_deadline, recompute_deadline
from cityops.kit.declared import (
    CITY_FREQUENCY,
    CITY_LIMIT,
    CITY_TEXT,
    CITY_THRESHOLD,
    CityOwn,
    Data,
    Name,
    OwnKind,
    Words,
)
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
from cityops.kit.texts import clean, has_control, kept_as_written
from cityops.kit.validation import refusal, rule_sentence
from cityops.kit.yamls import read_yaml

__all__ = [
    "CITY_FREQUENCY",
    "CITY_LIMIT",
    "CITY_TEXT",
    "CITY_THRESHOLD",
    "DEFAULT_HOURS",
    "SHANGHAI",
    "BusyError",
    "CityOpsError",
    "CityOwn",
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
    "OwnKind",
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
    "clean",
    "compute_deadline",
    "from_ms",
    "from_wgs84",
    "has_control",
    "kept_as_written",
    "read_yaml",
    "recompute_deadline",
    "refusal",
    "rule_sentence",
    "to_ms",
    "to_wgs84",
]

"""Streams, durable log, history, latest state, devices (感知数据)."""

from cityops.observations.batch import Batch
from cityops.observations.dead_letters import DeadLetter, DeadLetters, read_dead_letters
from cityops.observations.device_records import (
    Device,
    DevicePage,
    DeviceRow,
    DeviceStatus,
    NewDevice,
    PendingDevice,
    PendingPage,
    normal_phone,
)
from cityops.observations.devices import DeviceRegister
from cityops.observations.historian import Historian, HistoryView
from cityops.observations.history import History, enforce_retention
from cityops.observations.latest import LatestPositions
from cityops.observations.log import Log, release_segments
from cityops.observations.plausible import Implausible, Refused, split_plausible
from cityops.observations.positions import PositionFile, Progress, release_passed
from cityops.observations.reader import DamagedLogError, LogReader
from cityops.observations.recovery import Recovery
from cityops.observations.streams import (
    STREAMS,
    VEHICLE_POSITION,
    VEHICLE_SAFETY_ALARM,
    Column,
    Sensitivity,
    Stream,
)

__all__ = [
    "STREAMS",
    "VEHICLE_POSITION",
    "VEHICLE_SAFETY_ALARM",
    "Batch",
    "Column",
    "DamagedLogError",
    "DeadLetter",
    "DeadLetters",
    "Device",
    "DevicePage",
    "DeviceRegister",
    "DeviceRow",
    "DeviceStatus",
    "Historian",
    "History",
    "HistoryView",
    "Implausible",
    "LatestPositions",
    "Log",
    "LogReader",
    "NewDevice",
    "PendingDevice",
    "PendingPage",
    "PositionFile",
    "Progress",
    "Recovery",
    "Refused",
    "Sensitivity",
    "Stream",
    "enforce_retention",
    "normal_phone",
    "read_dead_letters",
    "release_passed",
    "release_segments",
    "split_plausible",
]

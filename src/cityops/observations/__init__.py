"""Streams, durable log, history, latest state, devices (感知数据)."""

from cityops.observations.batch import Batch
from cityops.observations.log import Log, release_segments
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
    "Log",
    "LogReader",
    "Recovery",
    "Sensitivity",
    "Stream",
    "release_segments",
]

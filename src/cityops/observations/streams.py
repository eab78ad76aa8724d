"""Streams (感知数据流): what is observed, in which columns and units, for how long it is kept, how sensitive it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

import numpy as np

from cityops.kit import InvalidError, Text


class Sensitivity(StrEnum):
    """How carefully a stream is to be treated (数据分级)."""

    PUBLIC = "public"
    INTERNAL = "internal"
    PERSONAL = "personal"


@dataclass(frozen=True)
class Column:
    """One column of a stream.

    Attributes:
        name: the column's name; ends in the unit where there is one.
        dtype: numpy type, little endian: ``i8``, ``f4``, ``u1``, ``S30`` (fixed bytes, padded with zero bytes) …
        unit: the unit, empty for codes and bit fields.
        description: what it means.
    """

    name: str
    dtype: str
    unit: str
    description: Text

    @cached_property
    def numpy(self) -> np.dtype[Any]:
        """The numpy type, explicitly little endian, so that files mean the same on every machine."""
        return np.dtype(self.dtype).newbyteorder("<")


@dataclass(frozen=True)
class Stream:
    """A kind of observation.

    Every stream has the columns ``event_ms`` (when it happened, 事件时间) and ``received_ms`` (when it came in).

    Attributes:
        name: for example ``vehicle.position``; also the folder of its history.
        key: the column that says whose observation it is.
        columns: the columns in their stored order.
        retention_days: after so many days of event time history is deleted.
        sensitivity: how carefully it is to be treated.
        identity: columns whose equal values make two rows the same observation (重复数据).
    """

    name: str
    key: str
    columns: tuple[Column, ...]
    retention_days: int
    sensitivity: Sensitivity
    identity: tuple[str, ...] = ("device", "event_ms")

    @cached_property
    def struct_dtype(self) -> np.dtype[Any]:
        """One row as a packed numpy record: the log's row format."""
        return np.dtype([(column.name, column.numpy) for column in self.columns])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The column names in order."""
        return tuple(column.name for column in self.columns)

    def select(self, names: Collection[str]) -> Stream:
        """This stream with fewer columns: ``names`` and those that tell whose, when and which it was.

        Raises:
            InvalidError: a name is not one of the stream's columns.
        """
        unknown = sorted(set(names) - set(self.names))
        if unknown:
            raise InvalidError(f"数据流 {self.name} 没有列 {unknown}", f"stream {self.name} has no columns {unknown}")
        kept = {*names, self.key, "event_ms", "received_ms", *self.identity}
        return replace(self, columns=tuple(column for column in self.columns if column.name in kept))


def _column(name: str, dtype: str, unit: str, zh: str, en: str) -> Column:
    return Column(name, dtype, unit, Text(zh, en))


VEHICLE_POSITION: Final = Stream(
    name="vehicle.position",
    key="device",
    columns=(
        _column("device", "i8", "", "终端编号", "device id of the register"),
        _column("event_ms", "i8", "ms", "定位时间", "when the terminal fixed the position"),
        _column("received_ms", "i8", "ms", "接收时间", "when the gateway received it"),
        _column("lon", "f8", "deg", "经度，WGS-84", "longitude, WGS-84"),
        _column("lat", "f8", "deg", "纬度，WGS-84", "latitude, WGS-84"),
        _column("altitude_m", "i2", "m", "海拔", "altitude"),
        _column("speed_kmh", "f4", "km/h", "卫星定位速度", "speed by satellite positioning"),
        _column("course_deg", "u2", "deg", "方向，正北为 0，顺时针", "course, clockwise from north"),
        _column("alarm", "u4", "", "报警标志位", "alarm bits, JT/T 808"),
        _column("status", "u4", "", "状态位", "status bits, JT/T 808"),
        _column("mileage_km", "f8", "km", "里程，无则 NaN", "odometer, NaN when not sent"),
        _column("fuel_l", "f4", "L", "油量，无则 NaN", "fuel, NaN when not sent"),
        _column("recorder_speed_kmh", "f4", "km/h", "行驶记录仪速度，无则 NaN", "recorder speed, NaN when not sent"),
        _column("origin", "u1", "", "来源：0 实时，1 批量，2 盲区补报", "0 live, 1 batch, 2 blind-area backfill"),
        _column("source_system", "u1", "", "上报坐标系", "coordinate system that was sent (kit.CoordinateSystem)"),
    ),
    retention_days=180,
    sensitivity=Sensitivity.PERSONAL,
)

VEHICLE_SAFETY_ALARM: Final = Stream(
    name="vehicle.safety_alarm",
    key="device",
    columns=(
        _column("device", "i8", "", "终端编号", "device id of the register"),
        _column("event_ms", "i8", "ms", "报警时间", "when the terminal raised it"),
        _column("received_ms", "i8", "ms", "接收时间", "when the gateway received it"),
        _column(
            "system",
            "u1",
            "",
            "子系统 0x64–0x67，0 为驾驶员卡",
            "0x64 ADAS, 0x65 driver, 0x66 tyre, 0x67 blind spot, 0 driver's card",
        ),
        _column("alarm_id", "u4", "", "报警编号", "the terminal's running number"),
        _column("flag", "u1", "", "标志：0 不可用，1 开始，2 结束", "0 unusable, 1 start, 2 end"),
        _column("kind", "u1", "", "报警类型", "kind of event within the system"),
        _column("level", "u1", "", "报警级别", "level 1 or 2"),
        _column("fatigue", "u1", "", "疲劳程度 1–10", "fatigue 1–10, 0 when not sent"),
        _column("lead_speed_kmh", "f4", "km/h", "前车车速", "speed of the vehicle ahead, NaN when not sent"),
        _column("lead_distance_dm", "u1", "dm", "与前车距离，100 ms", "distance ahead as sent"),
        _column("deviation", "u1", "", "偏离类型：1 左，2 右", "lane departure: 1 left, 2 right"),
        _column("road_sign_kind", "u1", "", "道路标志识别类型", "road sign recognised"),
        _column("road_sign_data", "u1", "", "道路标志识别数据", "its value"),
        _column("lon", "f8", "deg", "经度，WGS-84", "longitude, WGS-84"),
        _column("lat", "f8", "deg", "纬度，WGS-84", "latitude, WGS-84"),
        _column("altitude_m", "i2", "m", "海拔", "altitude"),
        _column("speed_kmh", "f4", "km/h", "车速", "vehicle speed"),
        _column("status", "u2", "", "车辆状态", "vehicle status bits"),
        _column("label_terminal", "S30", "", "报警标识的终端号", "terminal id in the alarm label"),
        _column("label_seq", "u1", "", "报警标识的序号", "sequence number in the alarm label"),
        _column("attachments", "u1", "", "附件数", "number of attachments announced"),
        _column("tyres", "S120", "", "胎压报警列表原文", "raw tyre list of 0x66"),
    ),
    retention_days=365,
    sensitivity=Sensitivity.PERSONAL,
    # A terminal may raise several alarms within one second; only the same alarm's same edge is a duplicate.
    identity=("device", "event_ms", "system", "alarm_id", "flag", "kind"),
)

STREAMS: Final = (VEHICLE_POSITION, VEHICLE_SAFETY_ALARM)

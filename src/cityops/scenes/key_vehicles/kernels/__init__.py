"""Kernels of the key-vehicle detectors: plain functions over the fields of three records, compiled by the runner."""

from cityops.scenes.key_vehicles.kernels.driving import CONTINUOUS_STATE, continuous_driving_step
from cityops.scenes.key_vehicles.kernels.driving_day import DAY_STATE, day_driving_step
from cityops.scenes.key_vehicles.kernels.speed import OVERSPEED_STATE, overspeed_step
from cityops.scenes.key_vehicles.kernels.terminal import TERMINAL_STATE, terminal_alarm_step

__all__ = [
    "CONTINUOUS_STATE",
    "DAY_STATE",
    "OVERSPEED_STATE",
    "TERMINAL_STATE",
    "continuous_driving_step",
    "day_driving_step",
    "overspeed_step",
    "terminal_alarm_step",
]

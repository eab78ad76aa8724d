"""Key vehicles: fatigue, speeding, three-level management (重点车辆)."""

from cityops.scenes.key_vehicles.detectors import detectors, speed_limits, vehicle_overrides
from cityops.scenes.key_vehicles.entry import scene
from cityops.scenes.key_vehicles.fleet import DemoTruck, demo_fleet

__all__ = [
    "DemoTruck",
    "demo_fleet",
    "detectors",
    "scene",
    "speed_limits",
    "vehicle_overrides",
]

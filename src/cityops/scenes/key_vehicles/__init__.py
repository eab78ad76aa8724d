"""Key vehicles: fatigue, speeding, three-level management (重点车辆)."""

from cityops.scenes.key_vehicles.detectors import detectors, vehicle_overrides
from cityops.scenes.key_vehicles.entry import scene
from cityops.scenes.key_vehicles.fleet import demo_fleet

__all__ = [
    "demo_fleet",
    "detectors",
    "scene",
    "vehicle_overrides",
]

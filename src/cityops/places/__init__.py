"""Divisions, unit grids, road network, travel time (空间)."""

from cityops.places.network import Exit, RoadClass, RoadNetwork
from cityops.places.travel import Route

__all__ = ["Exit", "RoadClass", "RoadNetwork", "Route"]

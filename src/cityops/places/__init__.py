"""Divisions, unit grids, road network, travel time (空间)."""

from cityops.places.city import City, Division, Grid, Junction, Landscape, PlaceInfo, Poi
from cityops.places.demo import build_demo_city
from cityops.places.layers import LAYER_NAMES
from cityops.places.network import Exit, RoadClass, RoadNetwork
from cityops.places.storage import load_city, save_city
from cityops.places.travel import Route

__all__ = [
    "LAYER_NAMES",
    "City",
    "Division",
    "Exit",
    "Grid",
    "Junction",
    "Landscape",
    "PlaceInfo",
    "Poi",
    "RoadClass",
    "RoadNetwork",
    "Route",
    "build_demo_city",
    "load_city",
    "save_city",
]

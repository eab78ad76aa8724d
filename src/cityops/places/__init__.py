"""Divisions, unit grids, road network, travel time (空间)."""

from cityops.places.city import City, Division, Grid, Junction, Landscape, PlaceInfo, Poi
from cityops.places.demo import build_demo_city
from cityops.places.divisions import import_city, import_divisions
from cityops.places.finding import FoundPlace
from cityops.places.layers import LAYER_NAMES
from cityops.places.network import Exit, RoadClass, RoadNetwork
from cityops.places.osm import OsmCounts, OsmExtract, import_osm
from cityops.places.storage import load_city, save_city
from cityops.places.travel import Route

__all__ = [
    "LAYER_NAMES",
    "City",
    "Division",
    "Exit",
    "FoundPlace",
    "Grid",
    "Junction",
    "Landscape",
    "OsmCounts",
    "OsmExtract",
    "PlaceInfo",
    "Poi",
    "RoadClass",
    "RoadNetwork",
    "Route",
    "build_demo_city",
    "import_city",
    "import_divisions",
    "import_osm",
    "load_city",
    "save_city",
]

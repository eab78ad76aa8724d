"""The city as GeoJSON layers (RFC 7946), ready for a map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import numpy as np

from cityops.kit import NotFoundError, Text
from cityops.places.geometry import Area
from cityops.places.network import RoadClass, RoadNetwork

if TYPE_CHECKING:
    from cityops.places.city import City

LayerName = Literal[
    "districts", "streets", "communities", "grids", "roads_major", "roads_minor", "junctions", "pois", "landscape"
]
LAYER_NAMES: Final[tuple[LayerName, ...]] = get_args(LayerName)

_DECIMALS: Final = 6
"""Of a degree: eleven centimetres."""
_MINOR: Final = frozenset({RoadClass.UNKNOWN, RoadClass.RESIDENTIAL, RoadClass.RURAL})


def make_layer(city: City, name: str) -> dict[str, Any]:
    """The layer of this name.

    Raises:
        NotFoundError: ``places.layer``: no such layer.
    """
    match name:
        case "districts" | "streets" | "communities":
            level = {"districts": "district", "streets": "street", "communities": "community"}[name]
            features = [
                _feature(_area(one.area), {"code": one.code, "name": one.name, "parent": one.parent})
                for one in city.divisions
                if one.level == level
            ]
        case "grids":
            features = [_feature(_area(grid.area), {"code": grid.code}) for grid in city.grids]
        case "roads_major" | "roads_minor":
            features = _roads(city.network, minor=name == "roads_minor")
        case "junctions":
            features = [
                _feature(_point(one.lon, one.lat), {"code": one.code, "name": one.name, "node": one.node})
                for one in city.junctions
            ]
        case "pois":
            features = [_feature(_point(one.lon, one.lat), {"name": one.name, "kind": one.kind}) for one in city.pois]
        case "landscape":
            features = [_feature(_area(one.area), {"name": one.name, "kind": one.kind}) for one in city.landscape]
        case _:
            raise NotFoundError(
                f"没有该图层：{name}",
                f"no such layer: {name}",
                code="places.layer",
                todo=Text(f"可用图层：{'、'.join(LAYER_NAMES)}。", f"Layers: {', '.join(LAYER_NAMES)}."),
            )
    return {"type": "FeatureCollection", "features": features}


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [round(lon, _DECIMALS), round(lat, _DECIMALS)]}


def _area(area: Area) -> dict[str, Any]:
    polygons = [[np.round(ring, _DECIMALS).tolist() for ring in polygon] for polygon in area]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _roads(network: RoadNetwork, *, minor: bool) -> list[dict[str, Any]]:
    """A MultiLineString for each road: edges of one name, class and tunnel flag, joined end to end."""
    once = np.flatnonzero((network.edge_twin < 0) | (network.edge_twin > np.arange(network.edge_count)))
    wanted = np.isin(network.edge_class, [int(road_class) for road_class in _MINOR], invert=not minor)
    groups: dict[tuple[int, int, bool], list[tuple[int, int]]] = defaultdict(list)
    for edge in once[wanted[once]].tolist():
        key = int(network.edge_class[edge]), int(network.edge_name[edge]), bool(network.is_tunnel[edge])
        groups[key].append((int(network.edge_from[edge]), int(network.edge_to[edge])))
    points = np.round(np.column_stack([network.node_lon, network.node_lat]), _DECIMALS).tolist()
    return [
        _feature(
            {"type": "MultiLineString", "coordinates": [[points[node] for node in line] for line in chains(pairs)]},
            {"name": network.names[name], "class": RoadClass(road_class).name.lower(), "tunnel": tunnel},
        )
        for (road_class, name, tunnel), pairs in sorted(groups.items())
    ]


def chains(pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The segments joined end to end into as long lines as go without turning back at a fork."""
    at_node: dict[int, list[int]] = defaultdict(list)
    for number, (a, b) in enumerate(pairs):
        at_node[a].append(number)
        at_node[b].append(number)
    used = [False] * len(pairs)
    ends_first = sorted(at_node, key=lambda node: len(at_node[node]) == 2)
    lines = []
    for start in _starts(ends_first, at_node):
        if used[start[1]]:
            continue
        line = [start[0]]
        step: int | None = start[1]
        while step is not None:
            used[step] = True
            a, b = pairs[step]
            line.append(b if line[-1] == a else a)
            here = at_node[line[-1]]
            step = next((number for number in here if not used[number]), None) if len(here) == 2 else None
        lines.append(line)
    return lines


def _starts(nodes: Iterable[int], at_node: dict[int, list[int]]) -> Iterable[tuple[int, int]]:
    """Every (node, segment) to begin a line with."""
    for node in nodes:
        for number in at_node[node]:
            yield node, number

"""Roads from an OpenStreetMap extract (XML, plain or gzip), read piece by piece with the standard library.

Only what vehicles drive on is taken. Tags read: highway, name, ref, oneway, junction, maxspeed, tunnel, access and
motor_vehicle.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final
from xml.etree import ElementTree

from cityops.kit import InvalidError, Text
from cityops.places.builder import NetworkBuilder, RoadKind
from cityops.places.city import Junction, Poi
from cityops.places.network import RoadClass, RoadNetwork

Tags = Mapping[str, str]

_CLASSES: Final[Mapping[str, tuple[RoadClass, float, float]]] = {
    "motorway": (RoadClass.MOTORWAY, 120.0, 0.88),
    "trunk": (RoadClass.TRUNK, 80.0, 0.78),
    "primary": (RoadClass.PRIMARY, 60.0, 0.67),
    "secondary": (RoadClass.SECONDARY, 50.0, 0.65),
    "tertiary": (RoadClass.SECONDARY, 40.0, 0.70),
    "unclassified": (RoadClass.RURAL, 40.0, 0.85),
    "residential": (RoadClass.RESIDENTIAL, 30.0, 0.67),
    "living_street": (RoadClass.RESIDENTIAL, 20.0, 0.60),
    "road": (RoadClass.UNKNOWN, 40.0, 0.70),
    "motorway_link": (RoadClass.RAMP, 40.0, 0.95),
    "trunk_link": (RoadClass.RAMP, 40.0, 0.95),
    "primary_link": (RoadClass.RAMP, 40.0, 0.90),
    "secondary_link": (RoadClass.RAMP, 30.0, 0.90),
    "tertiary_link": (RoadClass.RAMP, 30.0, 0.90),
}
"""Value of ``highway``: our class, the limit where none is tagged, and free-flow speed in parts of the limit."""
_POI_TAGS: Final = (
    ("amenity", frozenset({"hospital", "police", "fire_station", "school", "townhall", "marketplace"})),
    ("railway", frozenset({"station"})),
    ("aeroway", frozenset({"aerodrome"})),
)
_CLOSED: Final = frozenset({"no", "private"})
_KMH_PER_MPH: Final = 1.609344


@dataclass(slots=True)
class OsmCounts:
    """What was read, and what was not (counted, so that nothing is left out in silence).

    Attributes:
        roads: ways taken.
        ways_skipped: ways that are no road for vehicles.
        missing_nodes: references to nodes the extract does not hold; the road is cut there.
        unknown_limits: values of maxspeed that are no number; the class's limit is used.
        dropped_edges: edges outside the largest connected part, and duplicates.
    """

    roads: int = 0
    ways_skipped: int = 0
    missing_nodes: int = 0
    unknown_limits: int = 0
    dropped_edges: int = 0


@dataclass(frozen=True, eq=False, slots=True)
class OsmExtract:
    """Roads, signalised junctions and some points of interest of an extract."""

    network: RoadNetwork
    junctions: tuple[Junction, ...]
    pois: tuple[Poi, ...]
    counts: OsmCounts


@dataclass(frozen=True, slots=True)
class _Way:
    refs: tuple[str, ...]
    kind: RoadKind
    one_way: bool


@dataclass(slots=True)
class _Reading:
    """What the two passes over the file collect."""

    counts: OsmCounts = field(default_factory=OsmCounts)
    ways: list[_Way] = field(default_factory=list)
    places: dict[str, tuple[float, float]] = field(default_factory=dict)
    exits: dict[str, str] = field(default_factory=dict)
    signals: list[str] = field(default_factory=list)
    pois: list[Poi] = field(default_factory=list)


def import_osm(path: Path) -> OsmExtract:
    """Read an extract (``.osm``, ``.osm.gz``), twice: ways first, then the nodes they need.

    Raises:
        InvalidError: ``places.osm``: no XML, or without any road.
        OSError: the file cannot be read.
    """
    reading = _Reading()
    for element in _elements(path, "way"):
        way = _way(element, reading.counts)
        if way is None:
            reading.counts.ways_skipped += 1
        else:
            reading.counts.roads += 1
            reading.ways.append(way)
    if not reading.ways:
        raise _bad_file(path, "没有可行车道路", "no road for vehicles in it")
    wanted = {ref for way in reading.ways for ref in way.refs}
    for element in _elements(path, "node"):
        _note_node(element, wanted, reading)
    return _assembled(path, reading)


def _assembled(path: Path, reading: _Reading) -> OsmExtract:
    """The network of everything read."""
    builder = NetworkBuilder()
    number: dict[str, int] = {}
    for way in reading.ways:
        piece: list[int] = []
        for ref in way.refs:
            place = reading.places.get(ref)
            if place is None:
                reading.counts.missing_nodes += 1
                builder.add_line(piece, way.kind, one_way=way.one_way)
                piece = []
                continue
            if ref not in number:
                number[ref] = builder.add_node(*place)
            piece.append(number[ref])
        builder.add_line(piece, way.kind, one_way=way.one_way)
    if not builder.lons:
        raise _bad_file(path, "道路所引用的节点均不在文件中", "none of the nodes its roads refer to are in it")
    for ref, name in reading.exits.items():
        if ref in number:
            builder.add_exit(number[ref], name)
    built = builder.build()
    if not built.network.edge_count:
        raise _bad_file(path, "道路互不连通", "its roads do not lead to each other and back")
    reading.counts.dropped_edges = built.dropped_edges
    signals = [int(built.node_of[number[ref]]) for ref in reading.signals if ref in number]
    junctions = _junctions(built.network, [node for node in signals if node >= 0])
    return OsmExtract(built.network, junctions, tuple(reading.pois), reading.counts)


def _junctions(network: RoadNetwork, nodes: list[int]) -> tuple[Junction, ...]:
    """Signalised junctions, named after the roads that meet there."""
    names: dict[int, dict[str, None]] = {node: {} for node in nodes}
    for node, name in zip(network.edge_to.tolist(), network.edge_name.tolist(), strict=True):
        if node in names and network.names[name]:
            names[node][network.names[name]] = None
    return tuple(
        Junction(
            f"XK{sequence:05d}",
            "".join(roads) + "路口",
            node,
            float(network.node_lon[node]),
            float(network.node_lat[node]),
        )
        for sequence, (node, roads) in enumerate(names.items(), start=1)
    )


def _elements(path: Path, tag: str) -> Iterator[ElementTree.Element]:
    """The top-level elements of one kind; memory stays small."""
    with _opened(path) as file:
        try:
            events = ElementTree.iterparse(file, events=("start", "end"))
            _, root = next(events)
            for event, element in events:
                if event == "end" and element.tag in ("node", "way", "relation"):
                    if element.tag == tag:
                        yield element
                    root.clear()
        except (ElementTree.ParseError, EOFError, gzip.BadGzipFile, StopIteration) as error:
            raise _bad_file(path, f"不是有效的 XML（{error}）", f"not valid XML ({error})") from error


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as raw:
        if path.suffix == ".gz":
            with gzip.open(raw) as unpacked:
                yield unpacked  # type: ignore[misc]
        else:
            yield raw


def _tags(element: ElementTree.Element) -> Tags:
    return {tag.get("k", ""): tag.get("v", "") for tag in element.iter("tag")}


def _way(element: ElementTree.Element, counts: OsmCounts) -> _Way | None:
    """A road for vehicles; None for any other way."""
    tags = _tags(element)
    known = _CLASSES.get(tags.get("highway", ""))
    refs = tuple(node.get("ref", "") for node in element.iter("nd"))
    closed = tags.get("motor_vehicle", tags.get("access", "")) in _CLOSED
    if known is None or closed or tags.get("area") == "yes" or len(refs) < 2:
        return None
    road_class, usual_kmh, share = known
    limit_kmh = _limit_kmh(tags.get("maxspeed"), usual_kmh, counts)
    tunnel = tags.get("tunnel", "no") not in ("no", "")
    kind = RoadKind(road_class, limit_kmh * share, limit_kmh, tags.get("name") or tags.get("ref", ""), tunnel)
    one_way = tags.get("oneway", "")
    by_nature = road_class is RoadClass.MOTORWAY or tags.get("junction") in ("roundabout", "circular")
    if one_way in ("-1", "reverse"):
        return _Way(refs[::-1], kind, one_way=True)
    return _Way(refs, kind, one_way=one_way in ("yes", "true", "1") or (by_nature and one_way != "no"))


def _limit_kmh(text: str | None, usual_kmh: float, counts: OsmCounts) -> float:
    """A ``maxspeed`` in km/h: ``60``, ``60 km/h`` or ``30 mph``; the usual limit where there is no such number."""
    if text is None:
        return usual_kmh
    number, _, unit = text.strip().partition(" ")
    factor = {"": 1.0, "km/h": 1.0, "mph": _KMH_PER_MPH}.get(unit)
    if factor is None or not number.isdecimal() or int(number) == 0:
        counts.unknown_limits += 1
        return usual_kmh
    return int(number) * factor


def _note_node(element: ElementTree.Element, wanted: set[str], reading: _Reading) -> None:
    """Keep what is needed of a node."""
    ref = element.get("id", "")
    tags = _tags(element)
    if ref not in wanted and not tags.get("name"):
        return
    try:
        place = float(element.get("lon", "")), float(element.get("lat", ""))
    except ValueError:
        return
    if ref in wanted:
        reading.places[ref] = place
        if tags.get("highway") == "motorway_junction":
            reading.exits[ref] = tags.get("name") or tags.get("ref", "")
        if tags.get("highway") == "traffic_signals":
            reading.signals.append(ref)
    kind = next((tags[key] for key, values in _POI_TAGS if tags.get(key) in values), None)
    if kind and tags.get("name"):
        reading.pois.append(Poi(tags["name"], kind, *place))


def _bad_file(path: Path, zh: str, en: str) -> InvalidError:
    return InvalidError(
        f"OpenStreetMap 文件无法导入（{zh}）：{path.name}",
        f"cannot import this OpenStreetMap file ({en}): {path.name}",
        code="places.osm",
        kept=Text("原路网不变。", "The former network is kept."),
        todo=Text("请提供包含道路的 .osm 或 .osm.gz 文件。", "Give an .osm or .osm.gz extract that holds roads."),
    )

"""Puts the demo city together."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.interpolate import PchipInterpolator

from cityops.places.builder import BuiltNetwork
from cityops.places.city import City, Junction, Landscape, Poi, bounds_of
from cityops.places.demo import gazetteer
from cityops.places.demo.kinds import Sheet
from cityops.places.demo.motorways import draw_motorways
from cityops.places.demo.rural import Country
from cityops.places.demo.tiling import make_tiling
from cityops.places.demo.urban import Lattice
from cityops.places.geometry import Floats, LocalPlane

JUNCTION_COLUMNS: Final = ("和平北路", "晋祠路", "新建路", "解放路", "五一路", "建设北路")
JUNCTION_ROWS: Final = ("学府街", "长风街", "南内环街", "迎泽大街", "府西街", "胜利街")
"""The 36 signalised junctions are where these main streets cross."""


def build_demo_city(seed: int = 2026) -> City:
    """The demo city: synthetic, the same for the same seed.

    Args:
        seed: of everything random in it.
    """
    plane = LocalPlane.around(*gazetteer.CENTER)
    rng = np.random.default_rng(seed)
    tiling = make_tiling(plane, rng)
    sheet = Sheet(plane, rng)
    lattice = Lattice(sheet)
    lattice.draw()
    country = Country(sheet, tiling, lattice.gates())
    country.draw()
    draw_motorways(sheet, country.link)
    built = sheet.builder.build()
    return City(
        name=gazetteer.CITY_NAME,
        synthetic=True,
        center=gazetteer.CENTER,
        bounds=bounds_of(tiling.divisions[:1]),
        divisions=tiling.divisions,
        grids=tiling.grids,
        network=built.network,
        junctions=_junctions(lattice, built),
        pois=_pois(),
        landscape=_landscape(sheet),
    )


def _junctions(lattice: Lattice, built: BuiltNetwork) -> tuple[Junction, ...]:
    """The 36 signalised junctions, numbered from the south-west."""
    junctions: list[Junction] = []
    for row in JUNCTION_ROWS:
        for column in JUNCTION_COLUMNS:
            node = int(built.node_of[lattice.crossing(column, row)])
            lon, lat = float(built.network.node_lon[node]), float(built.network.node_lat[node])
            name = f"{row}{lattice.street(column).name(lat)}路口"
            junctions.append(Junction(f"XK{len(junctions) + 1:03d}", name, node, lon, lat))
    return tuple(junctions)


def _pois() -> tuple[Poi, ...]:
    rows = [row.split() for row in gazetteer.POIS.split("|")]
    return tuple(Poi(name, kind, float(lon), float(lat)) for name, kind, lon, lat in rows)


def _landscape(sheet: Sheet) -> tuple[Landscape, ...]:
    """The river as a band along its middle line, and the lakes."""
    points = np.array(gazetteer.RIVER)
    middle = sheet.xy(tuple((float(lon), float(lat)) for lon, lat, _ in gazetteer.RIVER))
    along = np.linspace(0, len(points) - 1, 12 * len(points))
    line = np.column_stack([_curve(along, middle[:, axis]) for axis in (0, 1)])
    half_m = np.interp(along, np.arange(len(points)), points[:, 2])[:, None]
    heading = np.gradient(line, axis=0)
    left = np.column_stack([-heading[:, 1], heading[:, 0]]) / np.hypot(*heading.T)[:, None]
    bank = np.concatenate([line - left * half_m, (line + left * half_m)[::-1]])
    found = [_ground(sheet, "汾河", np.vstack([bank, bank[:1]]))]
    turn = np.linspace(0, 2 * np.pi, 41)
    for name, lon, lat, east_m, north_m in gazetteer.LAKES:
        shore = 1 + 0.10 * np.sin(3 * turn + lon) + 0.06 * np.sin(5 * turn)
        ellipse = np.column_stack([east_m * np.cos(turn) * shore, north_m * np.sin(turn) * shore])
        found.append(_ground(sheet, name, sheet.xy(((lon, lat),))[0] + ellipse))
    return tuple(found)


def _curve(along: Floats, values: Floats) -> Floats:
    """Values at fractional places of a list, smoothly."""
    return np.asarray(PchipInterpolator(np.arange(len(values)), values)(along), dtype=np.float64)


def _ground(sheet: Sheet, name: str, ring: Floats) -> Landscape:
    lon, lat = sheet.plane.degrees(ring[:, 0], ring[:, 1])
    return Landscape("water", name, ((np.column_stack([lon, lat]),),))

"""Puts the demo city together."""

from __future__ import annotations

from typing import Final

import numpy as np

from cityops.places.builder import BuiltNetwork
from cityops.places.city import City, Junction, Poi, bounds_of
from cityops.places.demo import gazetteer
from cityops.places.demo.kinds import Sheet
from cityops.places.demo.lattice import Lattice
from cityops.places.demo.motorways import draw_motorways
from cityops.places.demo.river import River
from cityops.places.demo.rural import Country
from cityops.places.demo.tiling import make_tiling
from cityops.places.demo.urban import Town
from cityops.places.geometry import LocalPlane

JUNCTION_COLUMNS: Final = ("和平北路", "晋祠路", "新建路", "解放路", "五一路", "建设北路")
JUNCTION_ROWS: Final = ("学府街", "长风街", "南内环街", "迎泽大街", "府西街", "胜利街")
"""The 36 signalised junctions are where these main streets cross."""
_GRID_SHARE: Final = 0.25
"""A block of main streets is four grids, so that grids end at main streets."""


def generate_city(seed: int) -> City:
    """Draw areas, then streets, country roads and motorways, in one order and from one stream of random numbers."""
    plane = LocalPlane.around(*gazetteer.CENTER)
    rng = np.random.default_rng(seed)
    river = River(plane)
    sheet = Sheet(plane, rng)
    lattice = Lattice(sheet, river)
    tiling = make_tiling(plane, lattice.inner_points(_GRID_SHARE), rng)
    town = Town(sheet, lattice)
    town.draw()
    country = Country(sheet, river, tiling, [town.corner(place) for place in lattice.gates()])
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
        junctions=_junctions(lattice, town, built),
        pois=_pois(),
        landscape=(*town.parks, *river.water()),
    )


def _junctions(lattice: Lattice, town: Town, built: BuiltNetwork) -> tuple[Junction, ...]:
    """The 36 signalised junctions, numbered from the south-west."""
    junctions: list[Junction] = []
    for row in JUNCTION_ROWS:
        for column in JUNCTION_COLUMNS:
            node = int(built.node_of[town.corner(lattice.place(column, row))])
            lon, lat = float(built.network.node_lon[node]), float(built.network.node_lat[node])
            name = f"{row}{lattice.street(column).name(lat)}路口"
            junctions.append(Junction(f"XK{len(junctions) + 1:03d}", name, node, lon, lat))
    return tuple(junctions)


def _pois() -> tuple[Poi, ...]:
    rows = [row.split() for row in gazetteer.POIS.split("|")]
    return tuple(Poi(name, kind, float(lon), float(lat)) for name, kind, lon, lat in rows)

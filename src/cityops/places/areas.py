"""Which of many areas a point is in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cityops.places.geometry import Area, Floats, Ints
from cityops.places.kernels import compiled, containing_areas
from cityops.places.raster import Raster


class AreaIndex:
    """An index of areas; where they overlap, the first one is found."""

    def __init__(self, areas: Sequence[Area]) -> None:
        rings = [ring for area in areas for polygon in area for ring in polygon]
        points = np.concatenate(rings) if rings else np.zeros((0, 2))
        self._ring_x, self._ring_y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
        self._rings = np.cumsum([0, *(len(ring) for ring in rings)]).astype(np.int32)
        per_area = [sum(len(polygon) for polygon in area) for area in areas]
        self._area_rings = np.cumsum([0, *per_area]).astype(np.int32)
        boxes = np.array([[*ring.min(axis=0), *ring.max(axis=0)] for ring in rings], np.float64).reshape(-1, 4)
        sides = boxes[:, 2:] - boxes[:, :2]
        cell = float(np.median(sides)) / 2 if len(boxes) else 1.0
        self._raster = Raster.of_boxes(boxes, np.repeat(np.arange(len(areas)), per_area), cell)

    def containing(self, lon: Floats, lat: Floats) -> Ints:
        """Number of the area each point is in, -1 for none: (n,) i4."""
        raster = self._raster
        found = np.empty(len(lon), np.int32)
        grid = np.array([raster.x, raster.y, raster.cell, raster.columns, raster.rows])
        compiled(containing_areas)(
            lon,
            lat,
            grid,
            raster.first,
            raster.items,
            self._ring_x,
            self._ring_y,
            self._area_rings,
            self._rings,
            found,
        )
        return found

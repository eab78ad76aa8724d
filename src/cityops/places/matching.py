"""Which segment a point is on: exact distances to the few segments near its raster cell."""

from __future__ import annotations

from typing import Final

import numpy as np

from cityops.places.geometry import Floats, Ints
from cityops.places.kernels import compiled, nearest_segments
from cityops.places.raster import Raster

_CELL_M: Final = 100.0


class SegmentIndex:
    """An index of straight segments in a plane.

    Args:
        ids: (segments,) i4, what to answer for each segment; ascending.
        ends: (segments, 4) f8, x and y of both ends, in metres.
        reach_m: distance within which a segment is found.
    """

    def __init__(self, ids: Ints, ends: Floats, reach_m: float) -> None:
        self._ids = ids
        self._ends = np.ascontiguousarray(ends, dtype=np.float64)
        self._reach_m = reach_m
        lengths = np.hypot(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
        pieces = np.maximum(1, np.ceil(lengths / _CELL_M)).astype(np.int64)
        segment = np.repeat(np.arange(len(ends)), pieces)
        place = np.arange(len(segment)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        steps = (ends[:, 2:] - ends[:, :2]) / pieces[:, None]
        start = ends[segment, :2] + steps[segment] * place[:, None]
        end = start + steps[segment]
        boxes = np.column_stack([np.minimum(start, end) - reach_m, np.maximum(start, end) + reach_m])
        self._raster = Raster.of_boxes(boxes, segment, _CELL_M)

    def nearest(self, x: Floats, y: Floats) -> tuple[Ints, Floats]:
        """``(id, distance_m)`` of the segment nearest to each point; -1 and infinity out of reach."""
        raster = self._raster
        found, gap = np.empty(len(x), np.int32), np.empty(len(x), np.float64)
        grid = np.array([raster.x, raster.y, raster.cell, raster.columns, raster.rows])
        compiled(nearest_segments)(x, y, grid, raster.first, raster.items, self._ends, self._reach_m, found, gap)
        known = found >= 0
        found[known] = self._ids[found[known]]
        return found, gap

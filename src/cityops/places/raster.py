"""A raster of cells over a plane, each with the items that may matter for a point in it: the index behind lookups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from cityops.places.geometry import Floats, Ints

MAX_CELLS: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Raster:
    """Items by cell; those of cell ``row * columns + column`` are ``items[first[cell] : first[cell + 1]]``."""

    x: float
    y: float
    cell: float
    columns: int
    rows: int
    first: Ints
    items: Ints

    @classmethod
    def of_boxes(cls, boxes: Floats, item: npt.NDArray[np.integer], cell: float) -> Self:
        """A raster that lists each item in every cell that one of its boxes touches.

        Args:
            boxes: shape (n, 4): west, south, east, north of each box, in the plane's units.
            item: shape (n,): the item that each box belongs to; an item may have many.
            cell: side of a cell; it is enlarged where the area would need more than ``MAX_CELLS``.
        """
        if not len(boxes):
            return cls(0.0, 0.0, cell, 0, 0, np.zeros(1, np.int32), np.zeros(0, np.int32))
        west, south = boxes[:, 0].min(), boxes[:, 1].min()
        width, height = boxes[:, 2].max() - west, boxes[:, 3].max() - south
        cell = max(cell, float(np.sqrt(width * height / MAX_CELLS)))
        columns, rows = int(width // cell) + 1, int(height // cell) + 1
        lows = ((boxes[:, :2] - (west, south)) // cell).astype(np.int64)
        highs = ((boxes[:, 2:] - (west, south)) // cell).astype(np.int64)
        spans = highs - lows + 1
        counts = spans[:, 0] * spans[:, 1]
        box = np.repeat(np.arange(len(boxes)), counts)
        place = np.arange(len(box)) - np.repeat(np.cumsum(counts) - counts, counts)
        column = lows[box, 0] + place % spans[box, 0]
        row = lows[box, 1] + place // spans[box, 0]
        pairs = np.unique((row * columns + column) * (int(item.max()) + 1) + item[box])
        cells, items = np.divmod(pairs, int(item.max()) + 1)
        first = np.searchsorted(cells, np.arange(columns * rows + 1)).astype(np.int32)
        return cls(float(west), float(south), cell, columns, rows, first, items.astype(np.int32))

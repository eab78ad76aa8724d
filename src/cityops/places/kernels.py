"""Loops over points that numba compiles when they are first used; they run uncompiled too."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import sqrt
from typing import TypeVar, cast

from cityops.places.geometry import Floats, Ints

Loop = TypeVar("Loop", bound=Callable[..., None])


@cache
def compiled(loop: Loop) -> Loop:
    """The compiled form of a loop; the machine code is kept on disk for the next process."""
    from numba import njit

    return cast(Loop, njit(cache=True)(loop))


def nearest_segments(
    x: Floats, y: Floats, grid: Floats, first: Ints, items: Ints, ends: Floats, reach: float, found: Ints, gap: Floats
) -> None:
    """Nearest segment to each point.

    Args:
        x: east of the points.
        y: north of the points.
        grid: west, south, cell side, columns, rows of the raster.
        first: the raster's cell starts.
        items: the raster's items, segment numbers.
        ends: shape (segments, 4): x and y of both ends.
        reach: distance beyond which nothing is found.
        found: filled with segment numbers, -1 for none; the lowest number where two are as near.
        gap: filled with distances, infinite for none.
    """
    for i in range(len(x)):
        found[i] = -1
        gap[i] = float("inf")
        column, row = (x[i] - grid[0]) // grid[2], (y[i] - grid[1]) // grid[2]
        if not (0 <= column < grid[3] and 0 <= row < grid[4]):
            continue
        cell = int(row) * int(grid[3]) + int(column)
        best = reach * reach
        for k in range(first[cell], first[cell + 1]):
            s = items[k]
            along_x, along_y = ends[s, 2] - ends[s, 0], ends[s, 3] - ends[s, 1]
            to_x, to_y = x[i] - ends[s, 0], y[i] - ends[s, 1]
            length = along_x * along_x + along_y * along_y
            if length > 0.0:
                share = min(1.0, max(0.0, (to_x * along_x + to_y * along_y) / length))
                to_x -= share * along_x
                to_y -= share * along_y
            square = to_x * to_x + to_y * to_y
            if square < best or (found[i] < 0 and square <= best):
                best = square
                found[i] = s
                gap[i] = sqrt(square)


def containing_areas(
    x: Floats,
    y: Floats,
    grid: Floats,
    first: Ints,
    items: Ints,
    ring_x: Floats,
    ring_y: Floats,
    area_rings: Ints,
    rings: Ints,
    found: Ints,
) -> None:
    """The first area that contains each point (even-odd rule, as ``geometry.in_ring``).

    Args:
        x: longitude of the points.
        y: latitude of the points.
        grid: west, south, cell side, columns, rows of the raster.
        first: the raster's cell starts.
        items: the raster's items, area numbers.
        ring_x: longitudes of all ring points.
        ring_y: latitudes of all ring points.
        area_rings: rings of area ``a`` are ``area_rings[a]`` up to ``area_rings[a + 1]``.
        rings: points of ring ``r`` are ``rings[r]`` up to ``rings[r + 1]``.
        found: filled with area numbers, -1 for none.
    """
    for i in range(len(x)):
        found[i] = -1
        column, row = (x[i] - grid[0]) // grid[2], (y[i] - grid[1]) // grid[2]
        if not (0 <= column < grid[3] and 0 <= row < grid[4]):
            continue
        cell = int(row) * int(grid[3]) + int(column)
        for k in range(first[cell], first[cell + 1]):
            inside = False
            for r in range(area_rings[items[k]], area_rings[items[k] + 1]):
                for p in range(rings[r], rings[r + 1] - 1):
                    a, b = (p, p + 1) if ring_y[p] <= ring_y[p + 1] else (p + 1, p)
                    if ring_y[a] <= y[i] < ring_y[b]:
                        slope = (ring_x[b] - ring_x[a]) / (ring_y[b] - ring_y[a])
                        if x[i] < ring_x[a] + (y[i] - ring_y[a]) * slope:
                            inside = not inside
            if inside:
                found[i] = items[k]
                break

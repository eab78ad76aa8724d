"""A city in a folder: one file of arrays and one of words, replaced together."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

from cityops.kit import DivisionLevel, InvalidError, NotFoundError, Text
from cityops.places.city import City, Division, Grid, Junction, Landscape, Poi
from cityops.places.geometry import Area
from cityops.places.network import Exit, RoadNetwork

FORMAT: Final = 1
_WORDS: Final = "city.json"
_EDGE_ARRAYS: Final = (
    "node_lon",
    "node_lat",
    "edge_from",
    "edge_to",
    "edge_length_m",
    "edge_class",
    "edge_speed_kmh",
    "edge_limit_kmh",
    "edge_name",
    "is_tunnel",
)
Arrays = dict[str, npt.NDArray[Any]]
Part = TypeVar("Part")


def save_city(city: City, folder: Path) -> None:
    """Write a city to a folder, which is made if need be. Power loss leaves the former city or the new one, whole.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays: Arrays = {name: getattr(city.network, name) for name in _EDGE_ARRAYS}
    for prefix, areas in (
        ("division", [division.area for division in city.divisions]),
        ("grid", [grid.area for grid in city.grids]),
        ("landscape", [one.area for one in city.landscape]),
    ):
        arrays |= _packed(prefix, areas)
    words: dict[str, Any] = {
        "format": FORMAT,
        "name": city.name,
        "synthetic": city.synthetic,
        "center": city.center,
        "bounds": city.bounds,
        "divisions": [[one.code, one.name, one.level.value, one.parent] for one in city.divisions],
        "grids": [grid.code for grid in city.grids],
        "junctions": [asdict(junction) for junction in city.junctions],
        "pois": [asdict(poi) for poi in city.pois],
        "landscape": [[one.kind, one.name] for one in city.landscape],
        "names": city.network.names,
        "exits": [[one.node, one.name] for one in city.network.exits],
    }
    words["arrays"] = "arrays-b.npz" if _former_arrays(folder) == "arrays-a.npz" else "arrays-a.npz"
    temporary = folder / f"{words['arrays']}.part"
    with temporary.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(folder / words["arrays"])
    _settle_folder(folder)
    temporary = folder / f"{_WORDS}.part"
    with temporary.open("w", encoding="utf-8") as text:
        json.dump(words, text, ensure_ascii=False)
        text.flush()
        os.fsync(text.fileno())
    temporary.replace(folder / _WORDS)
    _settle_folder(folder)
    for old in folder.glob("arrays-*"):
        if old.name != words["arrays"]:
            old.unlink()


def load_city(folder: Path) -> City:
    """Read the city that ``save_city`` wrote.

    Raises:
        NotFoundError: ``places.city``: there is none.
        InvalidError: ``places.city``: the files are of another format or damaged.
    """
    if not (folder / _WORDS).exists():
        raise NotFoundError(
            f"文件夹中没有城市数据：{folder}",
            f"no city in this folder: {folder}",
            code="places.city",
            todo=Text(
                "运行 cityops import 导入城市，或用 cityops run 生成演示城市。",
                "Import one with cityops import, or let cityops run make the demo.",
            ),
        )
    words = _read_words(folder)
    try:
        with np.load(folder / words["arrays"], allow_pickle=False) as file:
            arrays: Arrays = {name: file[name] for name in file.files}
        return _city(words, arrays)
    except (OSError, KeyError, ValueError, IndexError, TypeError) as error:
        raise _damaged(folder, repr(error)) from error


def _city(words: dict[str, Any], arrays: Arrays) -> City:
    network = RoadNetwork(
        **{name: arrays[name] for name in _EDGE_ARRAYS},
        names=words["names"],
        exits=[Exit(node, name) for node, name in words["exits"]],
    )
    division_areas, grid_areas = _unpacked("division", arrays), _unpacked("grid", arrays)
    return City(
        name=words["name"],
        synthetic=words["synthetic"],
        center=tuple(words["center"]),
        bounds=tuple(words["bounds"]),
        divisions=tuple(
            Division(code, name, DivisionLevel(level), parent, area)
            for (code, name, level, parent), area in zip(words["divisions"], division_areas, strict=True)
        ),
        grids=tuple(Grid(code, area) for code, area in zip(words["grids"], grid_areas, strict=True)),
        network=network,
        junctions=tuple(Junction(**junction) for junction in words["junctions"]),
        pois=tuple(Poi(**poi) for poi in words["pois"]),
        landscape=tuple(
            Landscape(kind, name, area)
            for (kind, name), area in zip(words["landscape"], _unpacked("landscape", arrays), strict=True)
        ),
    )


def _packed(prefix: str, areas: Sequence[Area]) -> Arrays:
    """Areas as flat arrays: all points, and where rings, polygons and areas begin."""
    polygons = [polygon for area in areas for polygon in area]
    rings = [ring for polygon in polygons for ring in polygon]
    return {
        f"{prefix}_points": np.concatenate(rings) if rings else np.zeros((0, 2)),
        f"{prefix}_rings": _starts([len(ring) for ring in rings]),
        f"{prefix}_polygons": _starts([len(polygon) for polygon in polygons]),
        f"{prefix}_areas": _starts([len(area) for area in areas]),
    }


def _unpacked(prefix: str, arrays: Arrays) -> list[Area]:
    points, starts = arrays[f"{prefix}_points"], arrays[f"{prefix}_rings"].tolist()
    rings = [points[a:b] for a, b in pairwise(starts)]
    polygons = _grouped(rings, arrays[f"{prefix}_polygons"].tolist())
    return _grouped(polygons, arrays[f"{prefix}_areas"].tolist())


def _grouped(parts: Sequence[Part], starts: Sequence[int]) -> list[tuple[Part, ...]]:
    return [tuple(parts[a:b]) for a, b in pairwise(starts)]


def _starts(counts: Sequence[int]) -> npt.NDArray[np.int64]:
    return np.cumsum([0, *counts], dtype=np.int64)


def _read_words(folder: Path) -> dict[str, Any]:
    try:
        words = json.loads((folder / _WORDS).read_text(encoding="utf-8"))
    except ValueError as error:
        raise _damaged(folder, repr(error)) from error
    if not isinstance(words, dict) or words.get("format") != FORMAT:
        raise _damaged(folder, "format")
    return words


def _former_arrays(folder: Path) -> str | None:
    """The file of arrays in use; None where there is no city, or one too damaged to keep from being replaced."""
    try:
        return str(_read_words(folder)["arrays"])
    except (FileNotFoundError, InvalidError, KeyError):
        return None


def _damaged(folder: Path, why: str) -> InvalidError:
    return InvalidError(
        f"城市数据无法读取（{why}）：{folder}",
        f"the city cannot be read ({why}): {folder}",
        code="places.city",
        kept=Text("文件保持原样。", "The files are left as they are."),
        todo=Text("请从备份恢复，或重新导入城市数据。", "Restore it from a backup, or import the city again."),
    )


def _settle_folder(folder: Path) -> None:
    """Make renames in the folder outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

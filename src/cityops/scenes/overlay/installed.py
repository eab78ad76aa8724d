"""The scenes that are installed, in use or switched off, with the overlay in force."""

from __future__ import annotations

from importlib.metadata import entry_points

from cityops.api import Bilingual, show
from cityops.scenes.overlay.answers import SceneRow
from cityops.scenes.registry import ENTRY_POINTS, SceneContext


def scene_rows(scenes: SceneContext) -> list[SceneRow]:
    """Every installed scene; one that is off has nothing but its name and package, for it was not loaded."""
    packages = {point.name: point.dist for point in entry_points(group=ENTRY_POINTS)}
    overlays = scenes.overlays
    rows = []
    for name in sorted({*packages, *overlays.declared}):
        dist = packages.get(name)
        package, version = ("", "") if dist is None else (dist.name, dist.version)
        if name not in overlays.declared:
            rows.append(
                SceneRow(
                    name=name,
                    title=None,
                    owner=None,
                    package=package,
                    package_version=version,
                    enabled=False,
                    overlay_version=0,
                    adjustable=0,
                    changed=0,
                    left_out=0,
                    checklists=[],
                )
            )
            continue
        now, declared = overlays.in_force(name), overlays.declared[name]
        rows.append(
            SceneRow(
                name=name,
                title=show(Bilingual, declared.spec.title.text),
                owner=show(Bilingual, declared.spec.owner.text),
                package=package,
                package_version=version,
                enabled=True,
                overlay_version=now.version,
                adjustable=len(declared.leaves),
                changed=len(now.rows),
                left_out=len(now.left_out),
                checklists=[one.name for one in declared.spec.checklists],
            )
        )
    return rows

"""The declarations in force (现行声明): each scene's own with the city's published values, seen without a restart."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from cityops.access import SYSTEM, record_audit
from cityops.cases import Workflow, Workflows
from cityops.cases.catalogue import RuleTables
from cityops.cases.reports import Service, TipOffMatter
from cityops.detection import AnyDetector, figures, parameters_of
from cityops.inspections import SceneInspections
from cityops.kit import BusyError, Clock, NotFoundError, UnavailableError
from cityops.scenes.overlay.merging import Declared, RowFault, Rows
from cityops.scenes.registry import Scene, inspections_of, services_of, tip_off_matters_of, workflows_of
from cityops.scenes.spec import SceneSpec
from cityops.store import Store

LOOK_EVERY_S: Final = 1.0
"""How old what a process knows of the published versions may be."""
PREFIX: Final = "overlay:"

K = TypeVar("K")
V = TypeVar("V")
_log: Final = logging.getLogger(__name__)


def table_name(scene: str) -> str:
    """The rule table that keeps a scene's overlay."""
    return f"{PREFIX}{scene}"


@dataclass(frozen=True)
class InForce:
    """What holds of a scene now.

    Attributes:
        version: the published version of the city's values; 0: none.
        rows: those values by path.
        left_out: those that the declaration no longer takes.
        scene: the declaration with the values in it, without the scene's own Python.
        detectors: its detectors with their figures.
        inspections: its plans and checklists.
    """

    version: int
    rows: Rows
    left_out: tuple[RowFault, ...]
    scene: Scene
    detectors: tuple[AnyDetector, ...]
    inspections: SceneInspections


class Overlays:
    """What holds of every scene.

    Whoever asks looks at the published versions at most once a second, with one short query, so that every process
    sees a version within a second; ``refresh`` looks at once. When the store cannot be asked, what is known holds on.

    Args:
        scenes: the installed scenes.
        store: for the note that detection has taken new figures over.
        tables: the published rule tables.
        clock: the time.
    """

    def __init__(self, scenes: Collection[Scene], store: Store, tables: RuleTables, clock: Clock) -> None:
        self._store = store
        self._tables = tables
        self._clock = clock
        self._folders = {one.name: one.folder for one in scenes}
        self.declared: Mapping[str, Declared] = {one.name: Declared(one.spec, one.detectors()) for one in scenes}
        self._lock = threading.Lock()
        self._looked_s = float("-inf")
        self._known: dict[str, InForce] = {}
        self._workflows: dict[tuple[str, str], Workflow] = {}
        for name in self.declared:
            self._take(name, 0, {})

    def in_force(self, scene: str) -> InForce:
        """What holds of a scene; ``NotFoundError`` when there is none."""
        self._look()
        if scene not in self._known:
            raise NotFoundError(f"没有场景 {scene[:40]}", f"there is no scene {scene[:40]!r}", code="scene.unknown")
        return self._known[scene]

    def spec(self, scene: str) -> SceneSpec:
        """The declaration in force."""
        return self.in_force(scene).scene.spec

    @property
    def workflows(self) -> Workflows:
        """All workflows by (scene, kind), as the case engine takes them; what is read is what holds then."""
        return _Live(self._all_workflows)

    @property
    def services(self) -> Iterable[Service]:
        """The matters the public can report; every reading gives what holds then."""
        return _Again(lambda: services_of(self._scenes()))

    @property
    def tip_off_matters(self) -> Iterable[TipOffMatter]:
        """The matters with a reward; every reading gives what holds then."""
        return _Again(lambda: tip_off_matters_of(self._scenes()))

    @property
    def inspections(self) -> Iterable[SceneInspections]:
        """The plans and checklists; every reading gives what holds then."""
        return _Again(lambda: [known.inspections for known in self._all()])

    def detectors(self) -> Sequence[AnyDetector]:
        """All detectors with the figures in force."""
        return [detector for known in self._all() for detector in known.detectors]

    def taken(self, detector: AnyDetector, before: AnyDetector) -> None:
        """Note in the audit from when detection judges by other figures, and which."""
        old, new = parameters_of(before), parameters_of(detector)
        changed = [f"{name} {figures(old[name])} → {figures(new[name])}" for name in new if old[name] != new[name]]
        _log.info("detector %s takes over %s", detector.id, changed)
        self._store.write(
            lambda conn: record_audit(
                conn,
                at_ms=self._clock.now_ms(),
                actor=SYSTEM,
                action="detection.retune",
                object_type="detector",
                object_id=f"{detector.scene}.{detector.id}",
                purpose=None,
                detail={"figures": changed},
            )
        )

    def refresh(self) -> None:
        """Look at the published versions now; not inside a transaction."""
        with self._lock:
            self._read()

    def _scenes(self) -> list[Scene]:
        return [known.scene for known in self._all()]

    def _all(self) -> list[InForce]:
        self._look()
        return list(self._known.values())

    def _all_workflows(self) -> dict[tuple[str, str], Workflow]:
        self._look()
        return self._workflows

    def _look(self) -> None:
        """Read anew when what is known is old; one thread reads, the others go on with what is known."""
        if self._clock.monotonic_s() - self._looked_s < LOOK_EVERY_S or not self._lock.acquire(blocking=False):
            return
        try:
            self._read()
        except (BusyError, UnavailableError) as error:
            _log.warning("the published overlays cannot be read now, what is known holds on: %s", error)
        finally:
            self._lock.release()

    def _read(self) -> None:
        self._looked_s = self._clock.monotonic_s()
        numbers = self._tables.numbers()
        for name in self.declared:
            number = numbers.get(table_name(name), 0)
            if number != self._known[name].version:
                _, rows = self._tables.at(table_name(name), number)
                self._take(name, number, rows_of(row.fields for row in rows))

    def _take(self, name: str, version: int, rows: Rows) -> None:
        merged, left_out = self.declared[name].usable(rows)
        for fault in left_out:
            _log.warning("overlay of %s, version %d: %s left out: %s", name, version, fault.path, fault.text.en)
        scene = Scene(merged.spec, self._folders[name])
        (inspections,) = inspections_of([scene])
        self._known[name] = InForce(version, rows, left_out, scene, merged.detectors, inspections)
        self._workflows = {**self._workflows, **workflows_of([scene])}


def rows_of(fields: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Stored rows as values by path."""
    return {row["path"]: row["value"] for row in fields}


class _Live(Mapping[K, V]):
    """A mapping that is asked anew at every reading."""

    def __init__(self, read: Callable[[], Mapping[K, V]]) -> None:
        self._read = read

    def __getitem__(self, key: K) -> V:
        return self._read()[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


class _Again(Iterable[V]):
    """Something to go through that is made anew every time."""

    def __init__(self, read: Callable[[], Iterable[V]]) -> None:
        self._read = read

    def __iter__(self) -> Iterator[V]:
        return iter(self._read())

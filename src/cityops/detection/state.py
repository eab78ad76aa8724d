"""Everything the pipeline remembers between two observations, and its way to disk and back."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cityops.detection.detector import AnyDetector, Array, Detector, SilenceDetector
from cityops.detection.entities import Arrivals, Entities, Overrides
from cityops.detection.observation import OBSERVATION
from cityops.detection.runner import Runner
from cityops.detection.silence import HEARD, Silence
from cityops.detection.snapshot import Snapshot
from cityops.detection.tuning import Tuning, same_parameters
from cityops.observations import VEHICLE_POSITION, Batch, DeviceRegister, LatestPositions


def fingerprint(detector: Detector) -> str:
    """Changes whenever a stored state of this detector must not be used any more."""
    digest = hashlib.sha256(repr((detector.id, detector.version, detector.state_dtype.descr)).encode())
    digest.update(repr(detector.params.dtype.descr).encode())
    for name in detector.params.dtype.names or ():
        digest.update(np.ascontiguousarray(detector.params[name]).tobytes())
    return digest.hexdigest()[:16]


class Memory:
    """Entities, arrivals, runners, silences, latest positions, and who waits for re-evaluation."""

    def __init__(
        self,
        detectors: Sequence[AnyDetector],
        register: DeviceRegister,
        overrides: Callable[[], Overrides],
        tuning: Tuning | None = None,
        *,
        compiled: bool,
    ) -> None:
        self._tuning = tuning
        self.entities = Entities(register, overrides)
        self.arrivals = Arrivals()
        self.runners = [Runner(found, compiled=compiled) for found in detectors if isinstance(found, Detector)]
        self.silences = [Silence(found) for found in detectors if isinstance(found, SilenceDetector)]
        self.latest = LatestPositions()
        self.pending: dict[int, int] = {}
        self.rebuild: set[int] = set()

    def compile_kernels(self, stop: threading.Event) -> None:
        """Compile one kernel after the other; meant for a thread beside the one that runs them."""
        for runner in self.runners:
            if not stop.is_set():
                Runner(runner.detector, compiled=runner.compiled).run(np.zeros(1, OBSERVATION))
            runner.ready = True

    def reserve(self) -> None:
        """Make room for all entities everywhere."""
        count = len(self.entities)
        self.arrivals.reserve(count)
        for runner in self.runners:
            runner.reserve(count)
        for silence in self.silences:
            silence.reserve(count)

    def refresh(self, *, overrides: bool = False) -> None:
        """Ask who is who, and with ``overrides`` which parameters hold and who has its own; set what changed."""
        newer = self._newer() if overrides else []
        changed: Sequence[int] = self.entities.refresh(overrides=overrides)
        self.reserve()
        for holder, detector in newer:
            holder.retune(detector)
            changed = range(len(self.entities))
        for number in changed:
            for runner in self.runners:
                own = self.entities.override(number, runner.detector.id)
                runner.set_profile(number, int(self.entities.classes[number]), own)

    def _newer(self) -> list[tuple[Runner | Silence, AnyDetector]]:
        """Who is to use other parameters from now on; what was judged with the old ones stays as it was."""
        found: list[tuple[Runner | Silence, AnyDetector]] = []
        if self._tuning is None:
            return found
        for detector in self._tuning.detectors():
            holders: list[Runner | Silence] = [*self.runners, *self.silences]
            for holder in holders:
                if holder.detector.id == detector.id and not same_parameters(holder.detector, detector):
                    self._tuning.taken(detector, holder.detector)
                    found.append((holder, detector))
        return found

    def want(self, entity: int, cut_ms: int) -> None:
        """Have an entity re-evaluated from ``cut_ms`` on."""
        self.pending[entity] = min(cut_ms, self.pending.get(entity, cut_ms))

    def want_rebuilt(self, now_ms: int) -> None:
        """Have every entity's state made anew from history."""
        for number in range(len(self.entities)):
            self.rebuild.add(number)
            for runner in self.runners:
                self.want(number, now_ms - runner.detector.memory_s * 1000)

    def snapshot(self, positions: Mapping[str, int]) -> Snapshot:
        """A picture of everything at these log positions."""
        count = len(self.entities)
        arrays: dict[str, Array] = {
            "devices": self.entities.devices(),
            "last_key": self.arrivals.last_key[:count],
            "ring": self.arrivals.ring[:count],
            "head": self.arrivals.head[:count],
            "latest": self.latest.snapshot(),
            "pending": np.array(sorted(self.pending.items()), np.int64).reshape(-1, 2),
            "rebuild": np.array(sorted(self.rebuild), np.int64),
        }
        for runner in self.runners:
            arrays[f"states.{runner.detector.id}"] = runner.states[:count]
            arrays[f"tracks.{runner.detector.id}"] = runner.tracks[:count]
        for silence in self.silences:
            arrays[f"heard.{silence.detector.id}"] = silence.heard[:count]
        prints = {runner.detector.id: fingerprint(runner.detector) for runner in self.runners}
        return Snapshot(arrays, {"positions": dict(positions), "fingerprints": prints})

    def restore(self, snapshot: Snapshot, now_ms: int) -> dict[str, int]:
        """Take a snapshot over; returns its log positions. Detectors that changed are rebuilt from history."""
        arrays = snapshot.arrays
        for device in arrays["devices"]:
            self.entities.index(int(device))
        self.reserve()
        count = len(arrays["devices"])
        self.arrivals.last_key[:count] = arrays["last_key"]
        self.arrivals.ring[:count] = arrays["ring"]
        self.arrivals.head[:count] = arrays["head"]
        self.latest.apply(Batch.from_struct(VEHICLE_POSITION, arrays["latest"]))
        self.pending = {int(entity): int(cut_ms) for entity, cut_ms in arrays["pending"]}
        self.rebuild = {int(entity) for entity in arrays["rebuild"]}
        stale = False
        for runner in self.runners:
            same = snapshot.header["fingerprints"].get(runner.detector.id) == fingerprint(runner.detector)
            stale |= not same
            if same:
                _copy(runner.states, arrays[f"states.{runner.detector.id}"])
                _copy(runner.tracks, arrays[f"tracks.{runner.detector.id}"])
        for silence in self.silences:
            _copy(silence.heard, arrays.get(f"heard.{silence.detector.id}", np.zeros(0, HEARD)))
        if stale:
            self.want_rebuilt(now_ms)
        return {name: int(position) for name, position in snapshot.header["positions"].items()}


def _copy(target: Any, stored: Array) -> None:
    for name in target.dtype.names:
        target[name][: len(stored)] = stored[name]

"""Runs a kernel over observations: one row of state per entity, transitions out (compiled by numba, or plain)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import lru_cache
from types import FunctionType
from typing import Any, Final, cast

import numpy as np

from cityops.detection.detector import AnyDetector, Array, Detector

UPDATE_MS: Final = 60_000
CHUNK: Final = 4_096
FIRST_CAPACITY: Final = 256
PLAIN_ROWS: Final = 2_000

TRACK: Final = np.dtype(
    [
        ("peak", "u1"),  # highest severity of the open episode; 0 when none is open
        ("start_ms", "i8"),
        ("raised_ms", "i8"),
        ("raised_lon", "f8"),
        ("raised_lat", "f8"),
        ("emitted_ms", "i8"),
    ],
    align=True,
)
TRANSITION: Final = np.dtype(
    [
        ("entity", "i8"),
        ("kind", "u1"),
        ("severity", "u1"),
        ("start_ms", "i8"),
        ("raised_ms", "i8"),
        ("raised_lon", "f8"),
        ("raised_lat", "f8"),
        ("at_ms", "i8"),
        ("at_lon", "f8"),
        ("at_lat", "f8"),
    ],
    align=True,
)


class Kind(IntEnum):
    """What happened to an episode."""

    RAISED = 0
    UPDATED = 1
    ENDED = 2


def _emit(out: Any, kind: int, entity: int, track: Any, seen: Any) -> None:
    """Write one transition. Positions that the terminal could not fix are NaN."""
    out.entity = entity
    out.kind = kind
    out.severity = track.peak
    out.start_ms = track.start_ms
    out.raised_ms = track.raised_ms
    out.raised_lon = track.raised_lon
    out.raised_lat = track.raised_lat
    out.at_ms = seen.event_ms
    out.at_lon = seen.lon
    out.at_lat = seen.lat


def _open(track: Any, state: Any, severity: int, seen: Any) -> None:
    """Begin an episode."""
    track.peak = severity
    track.start_ms = state.since_ms
    track.raised_ms = seen.event_ms
    track.raised_lon = seen.lon
    track.raised_lat = seen.lat
    track.emitted_ms = seen.event_ms


def _driver(step: Callable[[Any, Any, Any], int]) -> Callable[..., tuple[int, int]]:
    """The loop around one kernel."""

    def drive(
        begin: int,
        observations: Any,
        states: Any,
        tracks: Any,
        params: Any,
        profile: Any,
        out: Any,
        figures: Any,
        before: Any,
        update_ms: int,
    ) -> tuple[int, int]:
        """Step from ``begin``; stop when ``out`` has no room for two more. Returns (next row, transitions written)."""
        count = 0
        for i in range(begin, observations.shape[0]):
            if count + 2 > out.shape[0]:
                return i, count
            seen = observations[i]
            entity = seen.entity
            track = tracks[entity]
            was_open = track.peak > 0
            if was_open:
                before[0] = states[entity]
            severity = step(states[entity], seen, params[profile[entity]])
            if was_open and (severity == 0 or states[entity].since_ms != track.start_ms):
                _emit(out[count], 2, entity, track, seen)
                figures[count] = before[0]
                count += 1
                track.peak = 0
                was_open = False
            if severity == 0:
                continue
            if not was_open:
                _open(track, states[entity], severity, seen)
                _emit(out[count], 0, entity, track, seen)
            elif severity > track.peak or seen.event_ms - track.emitted_ms >= update_ms:
                track.peak = max(track.peak, severity)
                track.emitted_ms = seen.event_ms
                _emit(out[count], 1, entity, track, seen)
            else:
                continue
            figures[count] = states[entity]
            count += 1
        return observations.shape[0], count

    return drive


def compile_plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a plain function and, first, the plain functions it names. The original stays plain for a debugger."""
    from numba import njit  # importing numba takes about a second: only who compiles pays for it

    plain = cast("FunctionType", function)
    names = dict(plain.__globals__)
    for name in plain.__code__.co_names:
        if isinstance(names.get(name), FunctionType):
            names[name] = compile_plain(names[name])
    cells = tuple(plain.__closure__ or ())
    return cast(
        "Callable[..., Any]", njit(FunctionType(plain.__code__, names, plain.__name__, plain.__defaults__, cells))
    )


@lru_cache(maxsize=256)
def compiled_driver(step: Callable[[Any, Any, Any], int]) -> Callable[..., tuple[int, int]]:
    """The driver compiled around one compiled kernel; once per process and kernel (about 1 s each)."""
    return compile_plain(_driver(compile_plain(step)))


class Runner:
    """One detector over all its entities.

    Observations are a structured array with at least ``entity``, ``event_ms``, ``lon``, ``lat``, sorted by
    (entity, event time). Not safe between threads.

    Args:
        detector: what to run.
        compiled: ``False`` runs the same kernel and driver uncompiled, for tests and a debugger.

    Attributes:
        ready: ``False`` while another thread compiles the kernel: up to ``PLAIN_ROWS`` rows then run uncompiled, with
            the same result, and more wait for the compilation.
    """

    def __init__(self, detector: Detector, *, compiled: bool = True) -> None:
        self.detector = detector
        self.compiled = compiled
        self.ready = True
        self.params: Array = detector.params.copy()
        self._overrides: dict[tuple[int, tuple[tuple[str, float], ...]], int] = {}
        self._before: Array = np.zeros(1, detector.state_dtype)
        self.states: Array = np.zeros(0, detector.state_dtype)
        self.tracks: Array = np.zeros(0, TRACK)
        self.profile: Array = np.zeros(0, np.int64)
        self.reserve(FIRST_CAPACITY)

    def reserve(self, entities: int) -> None:
        """Make room for entity indices below ``entities``."""
        have = len(self.states)
        if entities <= have:
            return
        room = max(entities, 2 * have)
        self.states = np.concatenate([self.states, np.zeros(room - have, self.states.dtype)])
        self.tracks = np.concatenate([self.tracks, np.zeros(room - have, TRACK)])
        self.profile = np.concatenate([self.profile, np.zeros(room - have, np.int64)])

    def set_profile(self, entity: int, vehicle_class: int, override: Mapping[str, float] | None = None) -> None:
        """Say which parameters an entity has: its class's row, or that row with some fields changed."""
        self.reserve(entity + 1)
        if not override:
            self.profile[entity] = vehicle_class
            return
        key = (vehicle_class, tuple(sorted(override.items())))
        if key not in self._overrides:
            row = self.params[vehicle_class : vehicle_class + 1].copy()
            for name, value in override.items():
                row[0][name] = value
            self._overrides[key] = len(self.params)
            self.params = np.concatenate([self.params, row])
        self.profile[entity] = self._overrides[key]

    def retune(self, detector: AnyDetector) -> None:
        """Use the parameters of ``detector``, which has the same kernel; ``set_profile`` must follow for everybody."""
        assert isinstance(detector, Detector)
        self.detector = detector
        self.params = detector.params.copy()
        self._overrides.clear()

    def params_of(self, entity: int) -> dict[str, float]:
        """The parameters in force for an entity, for the evidence."""
        row = self.params[self.profile[entity]]
        return {name: row[name].item() for name in self.params.dtype.names or ()}

    def run(self, observations: Array) -> tuple[Array, Array]:
        """Step through ``observations``; returns transitions and, row by row, the state each of them reports."""
        return self._drive(observations, self.states, self.tracks, self.profile)

    def run_fresh(self, observations: Array, entities: Array) -> tuple[Array, Array, Array, Array]:
        """Step from empty states, for re-evaluation and backtest.

        Args:
            observations: sorted; their ``entity`` counts 0, 1, … along ``entities``.
            entities: the indices whose parameters apply.

        Returns:
            transitions, the states they report, the last states, the last tracks (one row per entity).
        """
        states: Array = np.zeros(len(entities), self.states.dtype)
        tracks: Array = np.zeros(len(entities), TRACK)
        transitions, figures = self._drive(observations, states, tracks, self.profile[entities])
        return transitions, figures, states, tracks

    def _drive(self, observations: Array, states: Array, tracks: Array, profile: Array) -> tuple[Array, Array]:
        compiled = self.compiled and (self.ready or len(observations) > PLAIN_ROWS)
        drive = compiled_driver(self.detector.step) if compiled else _driver(self.detector.step)
        arrays: list[Any] = [observations, states, tracks, self.params]
        if not compiled:
            arrays = [array.view(np.recarray) for array in arrays]
        found: list[Array] = []
        figures: list[Array] = []
        row = 0
        while row < len(observations):
            out: Any = np.zeros(CHUNK, TRANSITION)
            kept: Any = np.zeros(CHUNK, states.dtype)
            target = out if compiled else out.view(np.recarray)
            row, count = drive(row, *arrays, profile, target, kept, self._before, UPDATE_MS)
            found.append(out[:count])
            figures.append(kept[:count])
        if not found:
            return np.zeros(0, TRANSITION), np.zeros(0, states.dtype)
        return np.concatenate(found), np.concatenate(figures)

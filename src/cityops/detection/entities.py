"""Entities: the vehicles that detectors watch, numbered in the order in which they appear."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from cityops.detection.changes import Subject
from cityops.detection.detector import Array
from cityops.observations import DeviceRegister
from cityops.registers import VehicleClass

RING: Final = 64
FIRST_CAPACITY: Final = 256

Overrides = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Parameters of single vehicles: vehicle id → detector id → field → value."""


def no_overrides() -> Overrides:
    """No vehicle has parameters of its own."""
    return {}


class Entities:
    """Device numbers to entity indices 0, 1, 2 …, and who each of them is."""

    def __init__(self, register: DeviceRegister, overrides: Callable[[], Overrides]) -> None:
        self._register = register
        self._read_overrides = overrides
        self._overrides: Overrides = {}
        self._asked_ms: int | None = None
        self._index: dict[int, int] = {}
        self.subjects: list[Subject] = []
        self.classes: Array = np.zeros(0, np.int64)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.subjects)

    def devices(self) -> Array:
        """Device numbers by entity index (i8)."""
        return np.array([subject.device for subject in self.subjects], np.int64)

    def index(self, device: int) -> int:
        """The entity of one device; a new one if it was not seen before."""
        found = self._index.get(device)
        if found is None:
            found = len(self.subjects)
            self._index[device] = found
            self.subjects.append(Subject(device))
            if found >= len(self.classes):
                self.classes = np.concatenate([self.classes, np.zeros(max(FIRST_CAPACITY, found), np.int64)])
        return found

    def indices(self, devices: Array) -> Array:
        """Entity index of every row (i8)."""
        unique, back = np.unique(devices, return_inverse=True)
        known = np.array([self.index(int(device)) for device in unique], np.int64)
        return known[back] if len(known) else np.zeros(0, np.int64)

    def has_met(self, devices: Array) -> bool:
        """Whether each of these was seen before."""
        return all(int(device) in self._index for device in devices)

    def knows(self, devices: Array) -> bool:
        """Whether the register has told who each of these is."""
        return all(
            (found := self._index.get(int(device))) is not None and self.subjects[found].vehicle_id is not None
            for device in devices
        )

    def refresh(self, *, overrides: bool) -> list[int]:
        """Ask the register again. Returns the entities whose class or parameters are to be set."""
        devices = self._register.all() if self._asked_ms is None else self._register.changed_after(self._asked_ms)
        touched = set()
        for device in devices:
            number = self.index(device.id)
            row = VehicleClass.TRUCK if device.vehicle_class is None else device.vehicle_class
            self.subjects[number] = Subject(device.id, device.vehicle_id, device.plate, device.unit_id, int(row))
            self.classes[number] = int(row)
            touched.add(number)
            self._asked_ms = max(self._asked_ms or 0, device.updated_ms)
        own = self._read_overrides() if overrides else self._overrides
        if own != self._overrides:
            self._overrides = own
            touched.update(range(len(self.subjects)))
        return sorted(touched)

    def forget_answers(self) -> None:
        """Have the next ``refresh`` ask for everything."""
        self._asked_ms = None

    def override(self, entity: int, detector: str) -> Mapping[str, float]:
        """The parameters of its own that an entity has for a detector."""
        return self._overrides.get(self.subjects[entity].vehicle_id or "", {}).get(detector, {})


class Arrivals:
    """What has been seen of every entity: tells new facts from late ones and from repeated ones.

    The last ``RING`` facts of an entity are remembered to recognise a repetition without asking the history; an
    older repetition is taken for late data, which changes nothing but costs a look.
    """

    def __init__(self) -> None:
        self.last_key: Array = np.zeros(FIRST_CAPACITY, np.int64)
        self.ring: Array = np.zeros((FIRST_CAPACITY, RING), np.int64)
        self.head: Array = np.zeros(FIRST_CAPACITY, np.int64)

    def reserve(self, entities: int) -> None:
        """Make room for entity indices below ``entities``."""
        have = len(self.last_key)
        if entities > have:
            room = max(entities, 2 * have) - have
            self.last_key = np.concatenate([self.last_key, np.zeros(room, np.int64)])
            self.ring = np.concatenate([self.ring, np.zeros((room, RING), np.int64)])
            self.head = np.concatenate([self.head, np.zeros(room, np.int64)])

    def classify(self, rows: Array) -> tuple[Array, Array]:
        """Which rows are new, and which are late; the others are repetitions. All are noted as seen.

        Args:
            rows: sorted by (entity, order_key), without repetitions among themselves.

        Returns:
            two masks (rows,).
        """
        entity, key = rows["entity"], rows["order_key"]
        fresh = key > self.last_key[entity]
        late = ~fresh
        if late.any():
            late[late] = ~(self.ring[entity[late]] == key[late][:, None]).any(axis=1)
        np.maximum.at(self.last_key, entity, key)
        self._note(entity[fresh | late], key[fresh | late])
        return fresh, late

    def _note(self, entity: Array, key: Array) -> None:
        """Put facts into the rings; of more than ``RING`` of one entity only the last ones."""
        if len(entity) == 0:
            return
        found, first, count = np.unique(entity, return_index=True, return_counts=True)
        rank = np.arange(len(entity)) - np.repeat(first, count)
        last = rank >= np.repeat(count, count) - RING
        slot = (self.head[entity] + rank) % RING
        self.ring[entity[last], slot[last]] = key[last]
        self.head[found] += count

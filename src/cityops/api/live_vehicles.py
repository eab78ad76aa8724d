"""Where every vehicle is now, in which state, and who may see it: for the map and for the live stream."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from cityops.access import Principal, Role, mask_plate
from cityops.api import schemas
from cityops.dispatch import Motion
from cityops.kit import Clock, from_ms
from cityops.observations import Device, DeviceRegister, LatestPositions
from cityops.places import City

StateName = Literal["moving", "stopped", "offline", "alerting"]
MOVING: Final = 0
STOPPED: Final = 1
OFFLINE: Final = 2
ALERTING: Final = 3
STATE_NAMES: Final[tuple[StateName, ...]] = ("moving", "stopped", "offline", "alerting")

MOVING_FROM_KMH: Final = 3.0  # below, a terminal's speed is the jitter of its fix
OFFLINE_AFTER_MS: Final = 300_000
REFRESH_MS: Final = 1_000

Rows = NDArray[Any]
Mask = NDArray[np.bool_]
_NONE: Final = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class VehicleIndex:
    """The registered vehicles' terminals at one moment. ``ids`` is sorted."""

    by_device: Mapping[int, Device]
    by_vehicle: Mapping[str, Device]
    ids: NDArray[np.int64]
    by_unit: Mapping[str, NDArray[np.int64]]

    @classmethod
    def of(cls, devices: Iterable[Device]) -> VehicleIndex:
        """Index the active ones of ``devices`` that belong to a vehicle."""
        active = [device for device in devices if device.active and device.vehicle_id is not None]
        by_unit: dict[str, list[int]] = {}
        for device in active:
            if device.unit_id is not None:
                by_unit.setdefault(device.unit_id, []).append(device.id)
        return cls(
            by_device={device.id: device for device in active},
            by_vehicle={device.vehicle_id: device for device in active if device.vehicle_id is not None},
            ids=np.array(sorted(device.id for device in active), dtype=np.int64),
            by_unit={unit: np.array(sorted(ids), dtype=np.int64) for unit, ids in by_unit.items()},
        )


class LiveVehicles:
    """Latest positions joined with the register, the active alerts and the scope of a person. Safe between threads.

    Args:
        latest: kept by the detection pipeline.
        devices: the register of terminals, read again at most once a second.
        alerting: devices with an active alert, asked at most once a second.
        pursued: vehicles of the open cases of a crew: all that a crew may see moving.
        city: says in which division a point lies.
        clock: tells when a silent vehicle is offline.
    """

    def __init__(
        self,
        latest: LatestPositions,
        devices: DeviceRegister,
        *,
        alerting: Callable[[], Collection[int]],
        pursued: Callable[[Principal], Collection[str]],
        city: City,
        clock: Clock,
    ) -> None:
        self.latest = latest
        self._devices = devices
        self._alerting_devices = alerting
        self._pursued = pursued
        self._city = city
        self._clock = clock
        self._lock = threading.Lock()
        self._refreshed_ms = -REFRESH_MS
        self._registered: dict[int, Device] = {}
        self._index = VehicleIndex.of(())
        self._alerting: NDArray[np.int64] = _NONE
        self._pursuits: dict[str, tuple[int, NDArray[np.int64]]] = {}

    def index(self) -> VehicleIndex:
        """The register, at most a second old."""
        self._refresh()
        return self._index

    def states(self, rows: Rows) -> NDArray[np.uint8]:
        """The state code of each row: alerting, offline, moving or stopped, in this order of precedence."""
        self._refresh()
        codes = np.where(rows["speed_kmh"] >= MOVING_FROM_KMH, MOVING, STOPPED).astype(np.uint8)
        codes[rows["event_ms"] < self._clock.now_ms() - OFFLINE_AFTER_MS] = OFFLINE
        codes[np.isin(rows["device"], self._alerting)] = ALERTING
        return codes

    def visible(self, principal: Principal, rows: Rows) -> Mask:
        """Which rows this person may see.

        An enterprise its own vehicles; a district those that are in its areas now; a crew those of its open cases.
        """
        index = self.index()
        # A terminal without a fix sends no place.
        drawn: Mask = np.isin(rows["device"], index.ids) & np.isfinite(rows["lon"])
        if principal.role.is_of_unit:
            drawn &= np.isin(rows["device"], index.by_unit.get(principal.unit_id or "", _NONE))
        elif principal.role.is_of_field:
            drawn &= np.isin(rows["device"], self._pursued_devices(principal))
        elif principal.role is Role.DISTRICT or principal.area_codes:
            drawn &= self._inside(principal.area_codes, rows)
        return drawn

    def list(self, principal: Principal) -> list[schemas.VehicleLive]:
        """Every vehicle this person may see, its plate masked by role."""
        rows = self.latest.snapshot()
        rows = rows[self.visible(principal, rows)]
        by_device = self.index().by_device
        return [
            self._vehicle(principal, by_device[int(row["device"])], row, int(state))
            for row, state in zip(rows, self.states(rows), strict=True)
            if int(row["device"]) in by_device
        ]

    def latest_of(self, device: int) -> Any | None:
        """The latest row of one terminal, if it has sent any."""
        rows = self.latest.snapshot()
        at = int(np.searchsorted(rows["device"], device))
        return rows[at] if at < len(rows) and rows["device"][at] == device else None

    def motion_of(self, vehicle_id: str | None) -> Motion | None:
        """How a vehicle moves now; ``None`` when it stands, is silent, or is not known."""
        device = self.index().by_vehicle.get(vehicle_id or "")
        row = None if device is None else self.latest_of(device.id)
        if row is None or row["speed_kmh"] < MOVING_FROM_KMH or not np.isfinite(row["lon"]):
            return None
        if row["event_ms"] < self._clock.now_ms() - OFFLINE_AFTER_MS:
            return None
        lon, lat, course, speed = (float(row[name]) for name in ("lon", "lat", "course_deg", "speed_kmh"))
        return Motion(lon=lon, lat=lat, course_deg=course, speed_kmh=speed, at_ms=int(row["event_ms"]))

    def _vehicle(self, principal: Principal, device: Device, row: Any, state: int) -> schemas.VehicleLive:
        return schemas.VehicleLive(
            vehicle_id=device.vehicle_id or "",
            device=device.id,
            plate=mask_plate(device.plate or "", principal),
            unit_id=device.unit_id,
            lon=round(float(row["lon"]), 6),
            lat=round(float(row["lat"]), 6),
            speed_kmh=round(float(row["speed_kmh"]), 1),
            course_deg=int(row["course_deg"]),
            at=from_ms(int(row["event_ms"])),
            state=STATE_NAMES[state],
        )

    def _pursued_devices(self, crew: Principal) -> NDArray[np.int64]:
        """The terminals of the vehicles that a crew is sent to, asked at most once a second for each crew."""
        now_ms = self._clock.now_ms()
        with self._lock:
            asked_ms, known = self._pursuits.get(crew.crew_id or "", (-REFRESH_MS, _NONE))
        if 0 <= now_ms - asked_ms < REFRESH_MS:
            return known
        by_vehicle = self.index().by_vehicle
        found = np.array([by_vehicle[key].id for key in self._pursued(crew) if key in by_vehicle], dtype=np.int64)
        with self._lock:
            self._pursuits[crew.crew_id or ""] = (now_ms, found)
        return found

    def _inside(self, area_codes: Sequence[str], rows: Rows) -> Mask:
        """Which rows lie in one of the areas; outside the city in none."""
        wanted = [code.startswith(tuple(area_codes)) for code in self._city.area_codes]
        table = np.array([*wanted, False], dtype=bool)  # the last entry answers the index -1
        inside: Mask = table[self._city.area_index(rows["lon"], rows["lat"])]
        return inside

    def _refresh(self) -> None:
        now_ms = self._clock.now_ms()
        with self._lock:
            if 0 <= now_ms - self._refreshed_ms < REFRESH_MS:
                return
            never = self._refreshed_ms < 0
            changed = self._devices.all() if never else self._devices.changed_after(self._refreshed_ms)
            if any(self._registered.get(device.id) != device for device in changed):
                self._registered.update((device.id, device) for device in changed)
                self._index = VehicleIndex.of(self._registered.values())
            self._alerting = np.array(sorted(self._alerting_devices()), dtype=np.int64)
            self._refreshed_ms = now_ms  # last: a reading that failed is done again

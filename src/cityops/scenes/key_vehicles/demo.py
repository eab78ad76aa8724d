"""Puts the demo into the store (演示数据): units, crews, accounts, vehicles, terminals, past years. Idempotent."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from cityops.access import SYSTEM
from cityops.analysis import YearFigures
from cityops.observations import NewDevice
from cityops.scenes.fleet import DemoTruck
from cityops.scenes.key_vehicles.demo_data import (
    DEMO_ACCOUNTS,
    DEMO_CREWS,
    DEMO_UNITS,
    ENTERPRISE_CODES,
    FIRST_FATIGUE_RATE,
    FIRST_SPEEDING_RATE,
    FIRST_YEAR,
    YEARLY_FACTOR,
    YEARLY_KM,
    YEARS,
)
from cityops.scenes.key_vehicles.fleet import demo_fleet
from cityops.scenes.people import seed_accounts, seed_units
from cityops.scenes.registry import SceneContext

_logger = logging.getLogger(__name__)
PROTOCOL: Final = "jt808"
CHUNK: Final = 500


def seed_demo(context: SceneContext) -> None:
    """Add what is missing of the demo; what is there stays as it is, also what a person has changed."""
    units = seed_units(context, DEMO_UNITS)
    crews = _crews(context, units)
    seed_accounts(context, DEMO_ACCOUNTS, crews)
    _vehicles(context, units, demo_fleet(context.demo_trucks))
    _past_years(context, units)


def _crews(context: SceneContext, units: Mapping[str, str]) -> dict[str, str]:
    names = {unit.code: unit.name for unit in DEMO_UNITS}
    return {
        crew.code: context.dispatch.crews.add(
            code=crew.code,
            name=crew.name,
            unit_id=units[crew.unit],
            unit_name=names[crew.unit],
            area_code=crew.area_code,
            capabilities=crew.capabilities,
            base=(crew.lon, crew.lat),
        )
        for crew in DEMO_CREWS
    }


def _vehicles(context: SceneContext, units: Mapping[str, str], fleet: Sequence[DemoTruck]) -> None:
    """Vehicles first, then their terminals; a stop in between is made good by the next start."""
    known = {device.phone for device in context.devices.all() if device.protocol == PROTOCOL}
    missing = [truck for truck in fleet if truck.phone not in known]
    for start in range(0, len(missing), CHUNK):
        part = missing[start : start + CHUNK]
        context.devices.create_many(SYSTEM, [_terminal(context, units, truck) for truck in part])
        _logger.info("demo: %d of %d terminals registered", min(start + CHUNK, len(missing)), len(missing))


def _terminal(context: SceneContext, units: Mapping[str, str], truck: DemoTruck) -> NewDevice:
    unit_id = units[truck.unit_code]
    vehicle = context.registers.find(SYSTEM, "vehicle", truck.plate) or context.registers.create(
        SYSTEM,
        register="vehicle",
        code=truck.plate,
        title=truck.plate,
        unit_id=unit_id,
        data={"plate_color": truck.plate_color, "vehicle_class": truck.vehicle_class.word, "synthetic": True},
    )
    return NewDevice(
        PROTOCOL,
        truck.phone,
        terminal_id=truck.terminal_id,
        vehicle_id=vehicle.id,
        unit_id=unit_id,
        plate=truck.plate,
        vehicle_class=truck.vehicle_class,
    )


def past_years(enterprise: int) -> list[YearFigures]:
    """The synthetic years of one of the six enterprises: fatigue and speeding each fall 27.61 % a year (S0)."""
    vehicle_km = YEARLY_KM[enterprise]
    return [
        YearFigures(
            year=FIRST_YEAR + number,
            vehicle_km=vehicle_km,
            fatigue_events=round(FIRST_FATIGUE_RATE * YEARLY_FACTOR**number * vehicle_km / 10_000),
            speeding_events=round(FIRST_SPEEDING_RATE * YEARLY_FACTOR**number * vehicle_km / 10_000),
            synthetic=True,
        )
        for number in range(YEARS)
    ]


def _past_years(context: SceneContext, units: Mapping[str, str]) -> None:
    known = {item.unit_id: {row.year for row in item.years} for item in context.analysis.rates(SYSTEM).items}
    for number, code in enumerate(ENTERPRISE_CODES):
        for figures in past_years(number):
            if figures.year not in known.get(units[code], set()):
                context.analysis.record_year(SYSTEM, units[code], figures)

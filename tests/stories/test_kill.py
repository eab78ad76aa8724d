"""kill -9 at random points while the simulated city drives: nothing acknowledged is lost, no alert lost or doubled.

A seeded list of kills hits the gateway, the server, the simulator, several of them or all at once, sometimes while they
start, sometimes in the middle of work; some hit a whole ``cityops run``. Afterwards the store must hold what one
undisturbed pass over the stored history finds.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import fresh_database
from tests.stories.conftest import Install
from tests.stories.outcome import (
    assert_alerts_are_those_of_one_pass,
    assert_every_case_is_there_once,
    assert_nothing_acknowledged_is_lost,
    assert_the_doctor_is_content,
    is_quiet,
    stored_alerts,
)
from tests.stories.processes import Installation, Process, wait_until

from cityops.places import load_city
from cityops.simulation.fleet import Truck, build_truck

pytestmark = [pytest.mark.xdist_group("stories"), pytest.mark.timeout(1800)]

TRUCKS = 25
DEMO_SEED = 2026
WRONG_CLOCK = 12  # the one truck whose positions are refused: its clock is eight hours fast
SIMULATE = ("simulate", "--no-crews", "--since", "4.5", "--speed-up", "900", "--interval", "10")
EVERYBODY = ("gateway", "serve", "simulate")


@dataclass
class City:
    """Gateway, server and simulator as processes of their own, that can be killed one by one."""

    installation: Installation
    acknowledged: Path
    running: dict[str, Process] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        for name in names:
            arguments = (name,) if name != "simulate" else (*SIMULATE, "--acknowledged", str(self.acknowledged))
            self.running[name] = self.installation.start(*arguments)

    def kill(self, *names: str) -> None:
        for name in names:
            self.running.pop(name).kill()

    def acknowledged_bytes(self) -> int:
        return self.acknowledged.stat().st_size if self.acknowledged.exists() else 0

    def serves(self) -> bool:
        """Whether the server answers; none of the processes may have ended by itself."""
        ended = [name for name, one in self.running.items() if one.process.poll() is not None]
        assert ended == [], f"{ended} ended without being killed"
        return self.installation.serves()

    def wait_for_work(self) -> None:
        """Until the server answers and more has been acknowledged than now."""
        before = self.acknowledged_bytes()
        wait_until(self.serves, "the server to answer")
        wait_until(lambda: self.acknowledged_bytes() > before, "acknowledged positions")


def disturb(city: City, chance: random.Random, kills: int) -> None:
    """``kills`` times kill one, two or all of the processes; while the server is down, history moves now and then."""
    for number in range(kills):
        if number % 3 == 0:
            city.wait_for_work()
        time.sleep(chance.uniform(0.0, 1.5))
        victims = EVERYBODY if chance.random() < 0.3 else tuple(chance.sample(EVERYBODY, chance.choice((1, 1, 2))))
        city.kill(*victims)
        if "serve" in victims and chance.random() < 0.4:
            move_some_history(city.installation, chance)
        city.start(*victims)


def move_some_history(installation: Installation, chance: random.Random) -> None:
    """Have the log moved into history, and kill that too."""
    mover = installation.start_script(Path(__file__).with_name("mover.py"), str(installation.data))
    wait_until(lambda: "moving" in mover.text(), "the mover to begin")
    time.sleep(chance.uniform(0.0, 0.5))
    mover.kill()


def disturb_whole_product(city: City, chance: random.Random, kills: int) -> None:
    """``kills`` kills of ``cityops run`` with all its children; the simulator outside goes on."""
    for _ in range(kills):
        city.running["run"] = city.installation.start("run", "--no-simulation")
        city.wait_for_work()
        time.sleep(chance.uniform(0.0, 1.0))
        city.kill("run")


def come_to_rest(city: City) -> None:
    """Until everything has been sent, judged and made into cases; then stop everything in order."""
    installation = city.installation
    wait_until(city.serves, "the server to answer")
    trucks = trucks_that_report(installation)
    wait_until(lambda: is_caught_up(city, trucks), "the simulator to catch up with the clock")
    assert city.running.pop("simulate").stop() == 0
    assert city.running.pop("gateway").stop() == 0
    wait_until(lambda: is_quiet(installation), "detection and cases to come to their end")
    assert city.running.pop("serve").stop() == 0


def send_a_truck_on_a_long_night(installation: Installation) -> None:
    """Truck 0 set out 4 h 18 min ago: within what the simulator sends it passes four hours."""
    folder = installation.data / "simulation"
    folder.mkdir(parents=True)
    (folder / "hauls.json").write_text(json.dumps({0: int(time.time()) * 1000 - 258 * 60_000}))


def trucks_that_report(installation: Installation) -> dict[bytes, Truck]:
    """Trucks whose positions are stored, by phone; where they are is a formula that the test may ask too."""
    hauls = json.loads((installation.data / "simulation" / "hauls.json").read_text())
    places = load_city(installation.data / "places")
    return {
        f"101{index:08d}".encode(): build_truck(
            places.network, places.center, index, DEMO_SEED, haul_from_ms=hauls.get(str(index))
        )
        for index in (*map(int, hauls), *range(WRONG_CLOCK + 1, TRUCKS))
    }


def is_caught_up(city: City, trucks: dict[bytes, Truck]) -> bool:
    """Whether every truck that is not in a tunnel has been acknowledged a position of the last minute."""
    lines = city.acknowledged.read_bytes()[-200_000:].split(b"\n")[1:-1]
    now_ms = round(time.time() * 1000)
    recent = {phone for phone, at in (line.split() for line in lines) if now_ms - 60_000 < int(at) <= now_ms}
    minute = np.arange(now_ms - 60_000, now_ms, 5_000)
    return {phone for phone, truck in trucks.items() if truck.at(minute).covered.all()} <= recent


@pytest.fixture(params=[("sqlite", 12, 3), ("postgresql", 4, 1)], ids=["sqlite", "postgresql"])
def plan(request: pytest.FixtureRequest, install: Install) -> Iterator[tuple[Installation, int, int]]:
    """An installation, how many kills of single processes, and how many of the whole product."""
    database, kills, whole = request.param
    settings = {"CITYOPS_DEMO_TRUCKS": str(TRUCKS)}
    if database == "sqlite":
        yield install(**settings), kills, whole
        return
    with fresh_database(request.getfixturevalue("postgresql_server")) as url:
        yield install(**settings, CITYOPS_DATABASE_URL=url), kills, whole


def test_kill_9_loses_nothing_and_doubles_nothing(plan: tuple[Installation, int, int]) -> None:
    installation, kills, whole = plan
    chance = random.Random(2026)
    city = City(installation, installation.folder / "acknowledged.txt")
    send_a_truck_on_a_long_night(installation)
    city.start("gateway", "serve")
    wait_until(city.serves, "the server to answer")
    city.start("simulate")
    disturb(city, chance, kills)
    city.kill("gateway", "serve")
    disturb_whole_product(city, chance, whole)
    city.start("gateway", "serve")
    come_to_rest(city)

    alerts = stored_alerts(installation)
    assert_nothing_acknowledged_is_lost(installation, city.acknowledged)
    assert_alerts_are_those_of_one_pass(installation, alerts)
    assert_every_case_is_there_once(installation)
    assert_the_doctor_is_content(installation)
    assert any(alert.detector == "continuous_driving" and alert.severity >= 3 for alert in alerts), "a night haul"
    assert any(alert.detector == "overspeed" for alert in alerts), "the speeding truck"

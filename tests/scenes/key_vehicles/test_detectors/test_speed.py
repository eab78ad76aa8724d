"""Overspeed: limit, tolerance, minimum duration, what a single wrong value may not do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cityops.detection import SpeedLimits, legal_speed_limits
from cityops.places import RoadClass
from cityops.registers import VehicleClass
from cityops.scenes.key_vehicles.detectors import overspeed

Judge = Callable[..., list[int]]
QUIET, WARNING, SERIOUS, CRITICAL = 0, 2, 3, 4


def test_10_percent_above_is_tolerated(drive: Any, judge: Judge) -> None:
    assert max(judge(overspeed(), drive().run(120, 88, 10, limit_kmh=80.0).array())) == QUIET


@pytest.mark.parametrize(
    ("speed_kmh", "expected"), [(89, WARNING), (96, WARNING), (97, SERIOUS), (120, SERIOUS), (121, CRITICAL)]
)
def test_severity_by_excess_over_80(drive: Any, judge: Judge, speed_kmh: float, expected: int) -> None:
    assert judge(overspeed(), drive().run(60, speed_kmh, 10, limit_kmh=80.0).array())[-1] == expected


def test_it_must_last_20_s(drive: Any, judge: Judge) -> None:
    short = drive().run(20, 100, 10, limit_kmh=80.0).run(60, 70, 10, limit_kmh=80.0).array()
    assert max(judge(overspeed(), short)) == QUIET  # seen at 0 and 10 s
    long = drive().run(30, 100, 10, limit_kmh=80.0).run(60, 70, 10, limit_kmh=80.0).array()
    assert judge(overspeed(), long)[:4] == [QUIET, QUIET, SERIOUS, SERIOUS]  # raised at 20 s


def test_it_ends_30_s_after_the_last_excess(drive: Any, judge: Judge) -> None:
    found = judge(overspeed(), drive().run(30, 100, 10, limit_kmh=80.0).run(60, 70, 10, limit_kmh=80.0).array())
    assert found[3:6] == [SERIOUS, SERIOUS, SERIOUS]  # 10, 20, 30 s after the last one at 20 s
    assert found[6] == QUIET


def test_one_position_on_the_wrong_road_accuses_nobody(drive: Any, judge: Judge) -> None:
    day = drive().run(60, 85, 10, limit_kmh=90.0)
    day.see(speed_kmh=85, limit_kmh=40.0).jump(30, 700).see(speed_kmh=85, limit_kmh=90.0)
    day.jump(10, 236).run(60, 85, 10, limit_kmh=90.0)
    assert max(judge(overspeed(), day.array())) == QUIET


def test_one_wrong_speed_does_not_raise_the_grade(drive: Any, judge: Judge) -> None:
    day = drive().run(30, 90, 10, limit_kmh=80.0).see(speed_kmh=150, limit_kmh=80.0).jump(10, 250)
    assert max(judge(overspeed(), day.run(30, 90, 10, limit_kmh=80.0).array())) == WARNING


def test_an_impossible_speed_is_passed_over(drive: Any, judge: Judge) -> None:
    assert max(judge(overspeed(), drive().run(60, 6553, 10, limit_kmh=80.0).array())) == QUIET


def test_observations_far_apart_do_not_join(drive: Any, judge: Judge) -> None:
    day = drive().see(speed_kmh=100, limit_kmh=80.0).jump(91, 2500).see(speed_kmh=100, limit_kmh=80.0)
    assert max(judge(overspeed(), day.array())) == QUIET
    close = drive().see(speed_kmh=100, limit_kmh=80.0).jump(90, 2500).see(speed_kmh=100, limit_kmh=80.0)
    assert judge(overspeed(), close.array())[-1] == SERIOUS


def test_no_limit_no_excess(drive: Any, judge: Judge) -> None:
    assert max(judge(overspeed(), drive().run(60, 150, 10, limit_kmh=0.0).array())) == QUIET


class TestLimits:
    def one(self, posted: float, road: RoadClass, vehicle: VehicleClass, night: int = 0) -> float:
        limits: SpeedLimits = legal_speed_limits()
        found = limits.resolve(np.array([posted]), np.array([road]), np.array([vehicle]), np.array([night]))
        return float(found[0])

    def test_the_sign_comes_first(self) -> None:
        assert self.one(60, RoadClass.MOTORWAY, VehicleClass.TRUCK) == 60

    def test_motorway_without_a_sign(self) -> None:
        assert self.one(0, RoadClass.MOTORWAY, VehicleClass.TRUCK) == 100

    def test_a_car_sign_of_120_does_not_bind_trucks(self) -> None:
        assert self.one(120, RoadClass.MOTORWAY, VehicleClass.TRUCK) == 100

    def test_dangerous_goods_80_everywhere(self) -> None:
        assert self.one(100, RoadClass.MOTORWAY, VehicleClass.DANGEROUS_GOODS) == 80
        assert self.one(0, RoadClass.UNKNOWN, VehicleClass.DANGEROUS_GOODS) == 80

    def test_coaches_drive_at_80_percent_at_night(self) -> None:
        assert self.one(100, RoadClass.MOTORWAY, VehicleClass.COACH, night=1) == 80
        assert self.one(100, RoadClass.MOTORWAY, VehicleClass.TRUCK, night=1) == 100

    def test_roads_without_centre_line(self) -> None:
        assert self.one(0, RoadClass.RESIDENTIAL, VehicleClass.TRUCK) == 30
        assert self.one(0, RoadClass.RURAL, VehicleClass.TRUCK) == 40

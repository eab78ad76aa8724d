"""Continuous driving and the day's total, at the boundaries of the law. Plain kernels; a debugger can step in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from cityops.kit import SHANGHAI, to_ms
from cityops.scenes.key_vehicles.detectors import continuous_driving, day_driving_total

H = 3600
MIN = 60
Judge = Callable[..., list[int]]
QUIET, NOTICE, SERIOUS, CRITICAL = 0, 1, 3, 4


def at(hour: int, minute: int = 0, day: int = 4) -> int:
    return to_ms(datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI))


def test_3_h_59_is_only_a_notice(drive: Any, judge: Judge) -> None:
    rows = drive().run(3 * H + 59 * MIN, 60).see(speed_kmh=60).array()
    assert max(judge(continuous_driving(), rows)) == NOTICE


def test_4_h_exactly_is_not_more_than_4_h(drive: Any, judge: Judge) -> None:
    rows = drive().run(4 * H, 60).see(speed_kmh=60).array()
    assert judge(continuous_driving(), rows)[-1] == NOTICE


def test_4_h_01_is_an_alert(drive: Any, judge: Judge) -> None:
    rows = drive().run(4 * H + MIN, 60).see(speed_kmh=60).array()
    assert judge(continuous_driving(), rows)[-1] == SERIOUS


def test_the_notice_comes_at_3_h_30(drive: Any, judge: Judge) -> None:
    found = judge(continuous_driving(), drive().run(3 * H + 31 * MIN, 60).array())
    assert found.index(NOTICE) == 3 * H // 30 + 30 * 2  # the observation at 3 h 30 min 0 s, one every 30 s
    assert QUIET in found[:1]


def test_more_than_5_h_is_critical(drive: Any, judge: Judge) -> None:
    rows = drive().run(5 * H + MIN, 60).see(speed_kmh=60).array()
    assert judge(continuous_driving(), rows)[-1] == CRITICAL


@pytest.mark.parametrize(("rest_s", "expected"), [(19 * MIN + 59, SERIOUS), (20 * MIN, QUIET)])
def test_a_rest_counts_from_20_min(drive: Any, judge: Judge, rest_s: int, expected: int) -> None:
    rows = drive().run(2 * H, 60).stand(rest_s).run(2 * H + MIN, 60).see(speed_kmh=60).array()
    assert judge(continuous_driving(), rows)[-1] == expected


@pytest.mark.parametrize(("rest_s", "expected"), [(19 * MIN + 59, SERIOUS), (20 * MIN, QUIET)])
def test_a_short_rest_does_not_end_an_alert(drive: Any, judge: Judge, rest_s: int, expected: int) -> None:
    rows = drive().run(4 * H + 2 * MIN, 60).stand(rest_s).see(speed_kmh=60).array()
    assert judge(continuous_driving(), rows)[-1] == expected


def test_standing_20_min_ends_the_alert_while_it_stands(drive: Any, judge: Judge) -> None:
    found = judge(continuous_driving(), drive().run(4 * H + 2 * MIN, 60).stand(21 * MIN).array())
    stood = found[(4 * H + 2 * MIN) // 30 :]
    assert stood[39] == SERIOUS  # 19 min 30 s
    assert stood[40] == QUIET  # 20 min


def test_short_stops_can_be_left_out_by_parameter(drive: Any, judge: Judge) -> None:
    rows = drive().run(2 * H, 60).stand(10 * MIN).run(1 * H + 55 * MIN, 60).see(speed_kmh=60).array()
    assert judge(continuous_driving(), rows)[-1] == SERIOUS  # 4 h 05 min since the rest
    assert judge(continuous_driving(), rows, {"count_stops": 0})[-1] == NOTICE  # 3 h 55 min of wheels turning


def test_creeping_below_5_kmh_is_standing(drive: Any, judge: Judge) -> None:
    rows = drive().run(3 * H, 60).run(20 * MIN, 4.9).run(2 * H, 60).array()
    assert judge(continuous_driving(), rows)[-1] == QUIET


def test_a_change_of_driver_starts_anew(drive: Any, judge: Judge) -> None:
    day = drive().run(3 * H + 45 * MIN, 60)
    day.see(speed_kmh=60, source=0x65, alarm_kind=0x11, driver_change=1)
    rows = day.jump(1, 16).run(3 * H + 20 * MIN, 60).array()
    found = judge(continuous_driving(), rows)
    assert found[3 * H // 30 + 89] == NOTICE
    assert found[-1] == QUIET
    assert max(found) == NOTICE


def test_an_override_shortens_the_limit(drive: Any, judge: Judge) -> None:
    rows = drive().run(3 * H + MIN, 60).see(speed_kmh=60).array()
    assert judge(continuous_driving(), rows, {"limit_s": 3 * H})[-1] == SERIOUS


class TestNight:
    def test_a_coach_may_drive_2_h_at_night(self, drive: Any, judge: Judge) -> None:
        rows = drive(at_ms=at(23), vehicle_class=2).run(2 * H, 60).see(speed_kmh=60).array()
        assert judge(continuous_driving(), rows, vehicle_class=2)[-1] == NOTICE

    def test_2_h_01_at_night_is_an_alert_for_a_coach_only(self, drive: Any, judge: Judge) -> None:
        rows = drive(at_ms=at(23), vehicle_class=2).run(2 * H + MIN, 60).see(speed_kmh=60).array()
        assert judge(continuous_driving(), rows, vehicle_class=2)[-1] == SERIOUS
        assert judge(continuous_driving(), rows, vehicle_class=0)[-1] == QUIET

    def test_only_the_part_after_22_00_counts_as_night(self, drive: Any, judge: Judge) -> None:
        rows = drive(at_ms=at(21), vehicle_class=2).run(3 * H, 60).see(speed_kmh=60).array()
        assert judge(continuous_driving(), rows, vehicle_class=2)[-1] == NOTICE  # 3 h, of them 2 h at night
        later = drive(at_ms=at(21), vehicle_class=2).run(3 * H + MIN, 60).see(speed_kmh=60).array()
        assert judge(continuous_driving(), later, vehicle_class=2)[-1] == SERIOUS

    def test_the_part_after_06_00_does_not(self, drive: Any, judge: Judge) -> None:
        rows = drive(at_ms=at(4, 30), vehicle_class=2).run(3 * H, 60).see(speed_kmh=60).array()
        assert judge(continuous_driving(), rows, vehicle_class=2)[-1] == QUIET  # 1 h 30 min at night


class TestGaps:
    """Two hours, a gap, two hours and a minute: rest or driving?"""

    def verdict(self, drive: Any, judge: Judge, gap_s: float, metres: float, **ends: Any) -> int:
        day = drive().run(2 * H, 60).see(**({"speed_kmh": 60} | ends)).jump(gap_s, metres)
        rows = day.see(**({"speed_kmh": 60} | ends)).jump(30, 500).run(2 * H + MIN, 60).see(speed_kmh=60).array()
        return judge(continuous_driving(), rows)[-1]

    def test_20_min_without_moving_is_rest(self, drive: Any, judge: Judge) -> None:
        assert self.verdict(drive, judge, 20 * MIN, 300, speed_kmh=0) == QUIET

    def test_19_min_59_without_moving_is_not(self, drive: Any, judge: Judge) -> None:
        assert self.verdict(drive, judge, 19 * MIN + 29, 300, speed_kmh=0) == SERIOUS

    def test_displacement_shows_driving(self, drive: Any, judge: Judge) -> None:
        assert self.verdict(drive, judge, 30 * MIN, 30_000) == SERIOUS

    def test_a_slow_half_hour_is_driving_too(self, drive: Any, judge: Judge) -> None:
        assert self.verdict(drive, judge, 30 * MIN, 3_000) == SERIOUS

    def test_ignition_off_at_both_ends_is_rest_even_if_carried(self, drive: Any, judge: Judge) -> None:
        assert self.verdict(drive, judge, 40 * MIN, 20_000, speed_kmh=0, acc=0) == QUIET

    def test_ignition_on_at_both_ends_and_carried_is_driving(self, drive: Any, judge: Judge) -> None:
        assert self.verdict(drive, judge, 40 * MIN, 20_000, speed_kmh=0, acc=1) == SERIOUS

    def test_a_night_that_nothing_explains_starts_anew(self, drive: Any, judge: Judge) -> None:
        assert self.verdict(drive, judge, 10 * H, 30_000) == QUIET  # 45 min of driving, 9 h 15 min of something

    def test_positions_without_a_fix_are_a_gap(self, drive: Any, judge: Judge) -> None:
        day = drive().run(2 * H, 60).see(speed_kmh=60)
        for _ in range(60):  # a jammed antenna: half an hour of zeros while the truck goes on
            day.jump(30, 500).see(fixed=0, speed_kmh=0, lon=float("nan"), lat=float("nan"))
        rows = day.jump(30, 500).run(2 * H, 60).array()
        assert judge(continuous_driving(), rows)[-1] == SERIOUS


class TestDayTotal:
    def day(self, drive: Any, last_s: int) -> Any:
        """Four stretches with rests of an hour: 3 × 2 h 30 min and the last one."""
        day = drive(vehicle_class=2)
        for _ in range(3):
            day.run(2 * H + 30 * MIN, 60).stand(H)
        return day.run(last_s, 60).see(speed_kmh=60)

    def test_7_h_59_is_a_notice(self, drive: Any, judge: Judge) -> None:
        rows = self.day(drive, 29 * MIN).array()
        assert judge(day_driving_total(), rows, vehicle_class=2)[-1] == NOTICE

    def test_8_h_01_is_an_alert_for_coaches(self, drive: Any, judge: Judge) -> None:
        rows = self.day(drive, 31 * MIN).array()
        assert judge(day_driving_total(), rows, vehicle_class=2)[-1] == SERIOUS
        assert max(judge(day_driving_total(), rows, vehicle_class=0)) == QUIET

    def test_what_is_older_than_24_h_does_not_count(self, drive: Any, judge: Judge) -> None:
        day = drive(vehicle_class=2).run(4 * H, 60).stand(20 * H, every_s=300).run(4 * H + 10 * MIN, 60)
        assert max(judge(day_driving_total(), day.array(), vehicle_class=2)) == QUIET

    def test_an_alert_ends_when_the_sum_has_fallen_by_half_an_hour(self, drive: Any, judge: Judge) -> None:
        day = self.day(drive, 31 * MIN)
        day.jump(30, 500).stand(16 * H, every_s=300)
        found = judge(day_driving_total(), day.array(), vehicle_class=2)
        assert found[-1] == QUIET
        assert found.count(SERIOUS) > 100

    def test_a_gap_counts_as_long_as_its_displacement_needs(self, drive: Any, judge: Judge) -> None:
        day = drive(vehicle_class=2).run(7 * H, 60).see(speed_kmh=60)
        short = day.jump(2 * H, 40_000 * 0.9).see(speed_kmh=60).array()  # 54 min at 40 km/h
        assert judge(day_driving_total(), short, vehicle_class=2)[-1] == NOTICE
        long = day.jump(H, 40_000).see(speed_kmh=60).array()
        assert judge(day_driving_total(), long, vehicle_class=2)[-1] == SERIOUS

"""The terminal's own alarms: one alert while an alarm lasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cityops.scenes.key_vehicles.detectors import detectors, terminal_alarm

Judge = Callable[..., list[int]]
QUIET, NOTICE, WARNING, SERIOUS = 0, 1, 2, 3


@pytest.mark.parametrize(
    ("bit", "expected"), [(1, WARNING), (2, SERIOUS), (13, NOTICE), (14, NOTICE), (18, SERIOUS), (0, QUIET), (7, QUIET)]
)
def test_bits_of_0x0200(drive: Any, judge: Judge, bit: int, expected: int) -> None:
    assert judge(terminal_alarm(), drive().see(alarm=1 << bit).array()) == [expected]


@pytest.mark.parametrize(
    ("system", "kind", "level", "expected"),
    [
        (0x65, 1, 1, WARNING),
        (0x65, 1, 2, SERIOUS),
        (0x65, 2, 1, NOTICE),
        (0x65, 3, 2, WARNING),
        (0x65, 0x10, 1, QUIET),  # a snapshot
        (0x65, 0x11, 1, QUIET),  # a change of driver
        (0x64, 1, 2, WARNING),
        (0x64, 2, 1, NOTICE),
        (0x67, 1, 2, QUIET),
    ],
)
def test_active_safety_alarms(drive: Any, judge: Judge, system: int, kind: int, level: int, expected: int) -> None:
    rows = drive().see(source=system, alarm_kind=kind, alarm_level=level).array()
    assert judge(terminal_alarm(), rows) == [expected]


def test_a_flickering_bit_is_one_alert(drive: Any, judge: Judge) -> None:
    day = drive().run(60, 60, 30, alarm=4).run(60, 60, 30).run(60, 60, 30, alarm=4).run(120, 60, 30)
    found = judge(terminal_alarm(), day.array())
    assert found[:8] == [SERIOUS] * 8  # the gap of 60 s is bridged, the last one is at 150 s, it holds until 210 s
    assert found[8] == QUIET


def test_a_terminal_that_reports_every_5_min_gives_one_alert(drive: Any, judge: Judge) -> None:
    found = judge(terminal_alarm(), drive().run(3600, 60, 300, alarm=4).run(120, 60, 30).array())
    assert found[:12] == [SERIOUS] * 12
    assert found[-1] == QUIET


def test_a_started_alarm_lasts_until_its_end(drive: Any, judge: Judge) -> None:
    day = drive().see(source=0x65, alarm_kind=1, alarm_level=2, alarm_flag=1).jump(30, 500).run(300, 60)
    day.see(source=0x65, alarm_kind=1, alarm_level=2, alarm_flag=2).jump(30, 500).run(90, 60)
    found = judge(terminal_alarm(), day.array())
    assert found[:12] == [SERIOUS] * 12
    assert found[-1] == QUIET


def test_a_started_alarm_whose_end_is_lost_lasts_10_min(drive: Any, judge: Judge) -> None:
    day = drive().see(source=0x65, alarm_kind=2, alarm_level=1, alarm_flag=1).jump(30, 500).run(660, 60)
    found = judge(terminal_alarm(), day.array())
    assert found[20] == NOTICE  # 600 s
    assert found[21] == QUIET


def test_words_name_each_alarm_once() -> None:
    figures = {"alarm_bits": float(1 << 2), "driver_kinds": float(1 << 1 | 1 << 2), "adas_kinds": 0.0}
    assert terminal_alarm().describe(figures).zh == "终端报警：疲劳驾驶、接打电话"
    assert terminal_alarm().describe(figures).en == "terminal reports fatigue, telephone"


def test_the_scene_has_five_detectors_with_a_law_each() -> None:
    found = detectors()
    assert [detector.id for detector in found] == [
        "continuous_driving", "day_driving_total", "overspeed", "terminal_alarm", "no_data",
    ]  # fmt: skip
    assert all(detector.rule.zh and detector.rule.en and detector.title.zh and detector.title.en for detector in found)

"""The pipeline on a real log, a real store and real history."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from cityops.access import SYSTEM
from cityops.detection import AlertIdentity, Detector, Pipeline
from cityops.kit import InvalidError, Text, from_ms
from cityops.observations import PositionFile
from cityops.store import metadata

T0 = 1_795_312_800_000
Fast = Callable[..., Detector]


def topics(world: Any) -> list[str]:
    return [e.topic for e in world.store.events_after(0, 1000) if e.topic.startswith("alert.")]


class TestLife:
    def test_an_episode_is_raised_updated_and_ended(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline = world.pipeline([fast()])
        device = world.devices[0]
        world.append([fact(device, 0, 60), fact(device, 10, 60, lat=37.9)])
        world.settle(pipeline)
        (alert,) = world.alerts()
        assert alert.identity == f"test/fast/v1/{device}/{T0}"
        assert (alert.state, alert.severity, alert.case_id, alert.version) == ("active", "warning", None, 1)
        assert (alert.vehicle_id, alert.plate, alert.unit_id) == ("V0", "晋A12340", "U0")
        assert (alert.started_at, alert.last_at) == (from_ms(T0), from_ms(T0 + 10_000))
        assert alert.place == {
            "lon": 112.5, "lat": 37.9, "district_code": None, "district_name": None, "street_name": None,
            "community_name": None, "grid_code": None, "road_name": None,
        }  # fmt: skip

        world.append([fact(device, 20, 120)])
        world.settle(pipeline)
        assert world.alerts()[0].severity == "serious"

        world.append([fact(device, 30, 40)])
        world.settle(pipeline)
        (alert,) = world.alerts()
        assert (alert.state, alert.ended_at) == ("ended", from_ms(T0 + 20_000))
        assert topics(world) == ["alert.raised", "alert.updated", "alert.ended"]
        detail = world.book.get(SYSTEM, alert.alert_id)
        assert [event.action for event in detail.history] == ["raised", "severity", "ended"]
        assert detail.evidence["figures"] == {"top_kmh": 120.0}
        assert detail.evidence["params"] == {"limit_kmh": 50.0, "runs": 2}
        assert detail.evidence["positions"]["start"] == [112.5, 37.8]
        assert detail.rule == Text("测试规则", "rule of the test")

    def test_an_alert_of_an_earlier_release_has_its_rule_in_chinese_only(
        self, world: Any, fast: Fast, fact: Any
    ) -> None:
        pipeline = world.pipeline([fast()])
        world.append([fact(world.devices[0], 0, 60), fact(world.devices[0], 10, 60)])
        world.settle(pipeline)
        (alert,) = world.alerts()
        evidence = dict(world.book.get(SYSTEM, alert.alert_id).evidence, rule="测试规则")
        world.store.write(lambda conn: conn.execute(update(metadata.tables["alert"]).values(evidence=evidence)))
        assert world.book.get(SYSTEM, alert.alert_id).rule == Text("测试规则", "测试规则")

    def test_an_update_at_most_every_60_s(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline = world.pipeline([fast()])
        for second in range(0, 190, 10):  # raised at 10 s, then 10 s apart up to 180 s
            world.append([fact(world.devices[0], second, 60)])
            world.settle(pipeline)
        assert topics(world) == ["alert.raised", "alert.updated", "alert.updated"]  # 70 s, 130 s

    def test_duplicates_change_nothing(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline = world.pipeline([fast()])
        facts = [fact(world.devices[0], second, 60) for second in (0, 10, 20)]
        for _ in range(3):
            world.append(facts + facts)
            world.settle(pipeline)
        assert topics(world) == ["alert.raised"]
        assert pipeline.metrics()["duplicates"] == 3 * 6 - 3
        assert pipeline.metrics().get("reevaluations", 0) == 0

    def test_vehicles_have_parameters_of_their_own(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline = world.pipeline([fast()], overrides=lambda: {"V1": {"fast": {"limit_kmh": 70.0}}})
        world.append([fact(device, second, 60) for device in world.devices for second in (0, 10)])
        world.settle(pipeline)
        assert [alert.vehicle_id for alert in world.alerts()] == ["V0", "V2"]


class TestLateData:
    def test_a_late_slow_point_withdraws_the_alert(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline, device = world.pipeline([fast()]), world.devices[0]
        world.append([fact(device, 0, 60), fact(device, 20, 60)])
        world.settle(pipeline)
        world.append([fact(device, 10, 30)])
        world.settle(pipeline)
        (alert,) = world.alerts()
        assert alert.state == "withdrawn"
        last = world.book.get(SYSTEM, alert.alert_id).history[-1]
        assert (last.action, last.data["reason_zh"]) == ("withdrawn", "迟到数据到达后重新计算")
        assert topics(world) == ["alert.raised", "alert.withdrawn"]

    def test_a_late_fast_point_raises_one(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline, device = world.pipeline([fast()]), world.devices[0]
        world.append([fact(device, 0, 60), fact(device, 20, 30)])
        world.settle(pipeline)
        assert world.alerts() == []
        world.append([fact(device, 10, 60)])
        world.settle(pipeline)
        (alert,) = world.alerts()
        assert (alert.state, alert.ended_at) == ("ended", from_ms(T0 + 10_000))

    def test_an_earlier_beginning_corrects_the_same_alert(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline, device = world.pipeline([fast()]), world.devices[0]
        world.append([fact(device, 0, 30), fact(device, 20, 60), fact(device, 30, 60)])
        world.settle(pipeline)
        before = world.alerts()[0]
        world.append([fact(device, 10, 120)])
        world.settle(pipeline)
        (after,) = world.alerts()
        assert after.alert_id == before.alert_id
        assert after.identity == str(AlertIdentity("test", "fast", 1, device, T0 + 10_000))
        assert (after.severity, after.state) == ("serious", "active")
        assert topics(world) == ["alert.raised", "alert.updated"]

    def test_a_withdrawn_alert_comes_back_as_itself(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline, device = world.pipeline([fast()]), world.devices[0]
        world.append([fact(device, 0, 60), fact(device, 20, 60)])
        world.settle(pipeline)
        world.append([fact(device, 10, 30)])  # splits it: withdrawn
        world.settle(pipeline)
        world.append([fact(device, 5, 60)])  # 0 and 5 s make it true again
        world.settle(pipeline)
        (alert,) = world.alerts()
        assert (alert.state, alert.ended_at) == ("ended", from_ms(T0 + 5_000))

    def test_late_data_that_change_nothing_leave_no_trace(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline, device = world.pipeline([fast()]), world.devices[0]
        world.append([fact(device, second, 60) for second in (0, 10, 20)])
        world.settle(pipeline)
        world.archive()
        world.append([fact(device, 15, 60)])
        world.settle(pipeline)
        assert topics(world) == ["alert.raised"]
        assert pipeline.metrics()["reevaluations"] == 1

    def test_re_evaluation_at_most_once_a_second(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline, device = world.pipeline([fast()]), world.devices[0]
        world.append([fact(device, 1000, 60)])
        pipeline.step()
        for second in range(900, 950):
            world.append([fact(device, second, 30)])
            pipeline.step()
        assert pipeline.metrics()["reevaluations"] == 1
        world.clock.advance(1)
        pipeline.step()
        assert pipeline.metrics()["reevaluations"] == 2
        assert pipeline.metrics()["pending_reevaluations"] == 0

    def test_older_than_three_days_is_counted_and_left(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline, device = world.pipeline([fast()]), world.devices[0]
        world.append([fact(device, 0, 60)])
        world.settle(pipeline)
        world.append([fact(device, -72 * 3600 - 1, 60), fact(device, -72 * 3600, 60)])
        world.settle(pipeline)
        assert pipeline.metrics()["too_late"] == 1
        assert pipeline.metrics()["late"] == 1

    def test_a_clock_that_is_ahead_does_not_make_the_rest_late(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline, device = world.pipeline([fast()]), world.devices[0]
        world.append([fact(device, 3600, 60)], received_ms=T0)
        world.append([fact(device, 0, 60), fact(device, 10, 60)], received_ms=T0 + 10_000)
        world.settle(pipeline)
        assert pipeline.metrics()["clock_ahead"] == 1
        assert pipeline.metrics()["late"] == 0
        assert len(world.alerts()) == 1
        assert pipeline.latest.snapshot()["event_ms"].tolist() == [T0 + 10_000]

    def test_too_many_waiting_pause_the_reading(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline = world.pipeline([fast()], max_pending=2, reevaluate_every_s=1.0)
        world.append([fact(device, 100, 60) for device in world.devices])
        world.settle(pipeline)
        world.clock.advance(1)
        world.append([fact(world.devices[0], 1, 60)])
        pipeline.step()  # re-evaluated at once; the next one a second later
        world.append([fact(device, 50, 60) for device in world.devices])
        pipeline.step()
        world.append([fact(device, 60, 60) for device in world.devices])
        assert pipeline.step() == 0
        metrics = pipeline.metrics()
        assert metrics["paused_steps"] == 1
        assert metrics["pending_reevaluations"] == 3
        assert metrics["lag_bytes"] > 0
        world.clock.advance(1)
        world.settle(pipeline)
        assert pipeline.metrics()["lag_bytes"] == 0
        assert len(world.alerts()) == 3


class TestStart:
    def test_the_next_start_goes_on_from_the_snapshot(self, world: Any, fast: Fast, fact: Any) -> None:
        device = world.devices[0]
        first = world.pipeline([fast()])
        world.append([fact(device, 0, 60)])
        world.settle(first)
        first.snapshot()
        assert PositionFile(world.folder / "state", "detection.test").load().position == world.log.position
        second = world.pipeline([fast()])
        world.append([fact(device, 10, 60)])
        world.settle(second)
        assert len(world.alerts()) == 1
        assert second.metrics()["rows"] == 1
        assert second.latest.snapshot()["event_ms"].tolist() == [T0 + 10_000]

    def test_alerts_are_not_sent_again_by_the_replay(self, world: Any, fast: Fast, fact: Any) -> None:
        device = world.devices[0]
        world.append([fact(device, 0, 60), fact(device, 10, 60)])
        world.settle(world.pipeline([fast()], snapshot_every_s=1e9))
        again = world.pipeline([fast()], snapshot_every_s=1e9)
        world.settle(again)
        assert topics(world) == ["alert.raised"]
        world.append([fact(device, 20, 30)])
        world.settle(again)
        assert topics(world) == ["alert.raised", "alert.ended"]

    def test_a_damaged_snapshot_is_replaced_by_history(self, world: Any, fast: Fast, fact: Any) -> None:
        device = world.devices[0]
        first = world.pipeline([fast(runs=3)])
        world.append([fact(world.devices[1], second, 60) for second in (0, 10, 20)])
        world.append([fact(device, 0, 60), fact(device, 10, 60)])
        world.settle(first)
        first.snapshot()
        (world.folder / "state" / "detection.npz").write_bytes(b"not a snapshot")
        world.clock = type(world.clock)(from_ms(T0 + 60_000))
        second = world.pipeline([fast(runs=3)])
        world.settle(second)
        world.append([fact(device, 20, 60)])
        world.settle(second)
        assert sorted(alert.vehicle_id for alert in world.alerts()) == ["V0", "V1"]
        assert topics(world) == ["alert.raised", "alert.raised"]

    def test_a_new_version_takes_the_open_alerts_over(self, world: Any, fast: Fast, fact: Any) -> None:
        device = world.devices[0]
        first = world.pipeline([fast()])
        world.append([fact(device, 0, 60), fact(device, 10, 60)])
        world.settle(first)
        first.snapshot()
        world.clock = type(world.clock)(from_ms(T0 + 60_000))
        second = world.pipeline([fast(version=2)])
        world.settle(second)
        (alert,) = world.alerts()
        assert (alert.identity, alert.state) == (f"test/fast/v2/{device}/{T0}", "active")

    def test_changed_parameters_are_applied_to_what_is_open(self, world: Any, fast: Fast, fact: Any) -> None:
        device = world.devices[0]
        first = world.pipeline([fast()])
        world.append([fact(device, 0, 60), fact(device, 10, 60)])
        world.settle(first)
        first.snapshot()
        world.clock = type(world.clock)(from_ms(T0 + 60_000))
        world.settle(world.pipeline([fast(limit_kmh=70.0)]))
        assert [alert.state for alert in world.alerts()] == ["withdrawn"]

    def test_run_works_in_a_thread_and_stops(self, world: Any, fast: Fast, fact: Any) -> None:
        pipeline: Pipeline = world.pipeline([fast()], compiled=True)
        stop = threading.Event()
        thread = threading.Thread(target=pipeline.run, args=(stop,))
        thread.start()
        world.append([fact(world.devices[0], second, 60) for second in (0, 10)])
        until_s = time.monotonic() + 120
        while not world.alerts() and time.monotonic() < until_s:  # the kernel is compiled first
            stop.wait(0.05)
        stop.set()
        thread.join(120)
        assert not thread.is_alive()
        assert len(world.alerts()) == 1
        assert (world.folder / "state" / "detection.npz").exists()


def test_a_detector_must_be_complete(fast: Fast) -> None:
    whole = fast()
    with pytest.raises(InvalidError):
        Detector(
            id="bad", version=1, scene="test", title=whole.title, step=whole.step,
            state_dtype=np.dtype([("severity", "i8")]), params=whole.params, memory_s=60, evidence=(),
            describe=whole.describe, rule=Text("", ""),
        )  # fmt: skip

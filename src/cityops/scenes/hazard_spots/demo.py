"""The demo's spots (演示点位): in every state, with dates counted back from today. All synthetic, idempotent."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from cityops.access import SYSTEM
from cityops.registers import ObjectValues
from cityops.scenes.hazard_spots.ledger import DISMISSED, MEASURE, SPOT, STEPS
from cityops.scenes.people import LABEL, unit_id
from cityops.scenes.registry import SceneContext


class DemoSpot(NamedTuple):
    """A spot: ``ago`` are the days since each of its steps, in their order."""

    title: str
    category: str
    state: str
    lon: float
    lat: float
    radius_m: int
    road: str
    source: str
    unit: str
    ago: tuple[int, ...]
    evidence: str


class DemoMeasure(NamedTuple):
    """A measure at the spot of this number; ``due``: days from today, ``done``: days ago."""

    spot: int
    what: str
    words: str
    owner: str
    state: str
    planned: int
    due: int
    done: int | None = None


SPOTS: Final = (
    DemoSpot("唐槐路警务室路口", "hazard", "treated", 112.650, 37.693, 350,
             "唐槐路", "data", "SPOT-POLICE", (70, 60, 14), "追尾集中，左转与直行冲突"),
    DemoSpot("潇河辛村路口", "hazard", "confirmed", 112.612, 37.655, 350,
             "唐槐路", "unit", "SPOT-ROADS", (40, 33), "道路条件差、照明条件差"),
    DemoSpot("康宁街货运通道", "congestion", "confirmed", 112.560, 37.740, 400,
             "康宁街", "data", "SPOT-POLICE", (35, 30), "早高峰货车排队"),
    DemoSpot("平阳路南段", "disorder", "found", 112.551, 37.790, 300,
             "平阳路", "hotline", "SPOT-POLICE", (9,), "热线反映违停、逆行"),
    DemoSpot("龙城大街东口", "congestion", "reviewed", 112.590, 37.700, 400,
             "龙城大街", "patrol", "SPOT-POLICE", (160, 150, 100, 20), "配时不合理"),
    DemoSpot("太行路晋阳街口", "congestion", "found", 112.602, 37.801, 150,
             "太行路", "grid", "SPOT-POLICE", (4,), "网格员上报排队溢出"),
    DemoSpot("南中环街东段", "disorder", "confirmed", 112.588, 37.822, 150,
             "南中环街", "hotline", "SPOT-POLICE", (25, 21), "货车占道装卸"),
    DemoSpot("化章街集市", "disorder", "treated", 112.575, 37.733, 120,
             "化章街", "grid", "SPOT-ROADS", (90, 80, 45), "集市占道"),
    DemoSpot("东山坡道", "hazard", "confirmed", 112.664, 37.846, 250,
             "东峰路", "patrol", "SPOT-LIGHTS", (60, 52), "夜间无照明，弯急坡陡"),
    DemoSpot("晋祠路辅道出口", "hazard", "removed", 112.5165, 37.760, 100,
             "晋祠路", "unit", "SPOT-ROADS", (300, 290, 240, 150, 140), "视线遮挡，已移除"),
    DemoSpot("学府街西口", "congestion", "removed", 112.556, 37.811, 150,
             "学府街", "data", "SPOT-POLICE", (260, 250, 200, 120, 110), "配时优化后缓解"),
    DemoSpot("真武路北段", "disorder", DISMISSED, 112.545, 37.711, 100,
             "真武路", "hotline", "SPOT-POLICE", (30,), "热线一次反映"),
)  # fmt: skip
MEASURES: Final = (
    DemoMeasure(1, "signal_timing", "左转单独放行，早晚高峰各增加 10 秒", "信号配时岗", "done", 55, -20, 15),
    DemoMeasure(1, "channelisation", "增设左转待转区", "设施管理岗", "done", 55, -16, 14),
    DemoMeasure(2, "lighting", "加装投光灯 4 盏、路灯 6 盏", "照明维护岗", "doing", 30, -3),
    DemoMeasure(2, "signs", "加装减速带 3 条、标志牌 5 块", "设施管理岗", "planned", 30, 20),
    DemoMeasure(3, "enforcement", "早高峰定点值守", "秩序管理岗", "doing", 28, 30),
    DemoMeasure(5, "signal_timing", "重新配时", "信号配时岗", "done", 140, -105, 100),
    DemoMeasure(9, "barrier", "弯道外侧加装护栏", "设施管理岗", "planned", 50, -10),
    DemoMeasure(7, "other", "划定装卸时段", "秩序管理岗", "dropped", 20, 10),
)


def seed_spots(context: SceneContext) -> None:
    """Add the spots and their measures, unless there are spots already."""
    if context.registers.list(SYSTEM, SPOT, page_size=1).total:
        return
    today = context.clock.now().date()
    units = {code: unit_id(context, code) for code in ("SPOT-POLICE", "SPOT-ROADS", "SPOT-LIGHTS")}
    spots = [_spot(one, _code(number), units, today) for number, one in enumerate(SPOTS, start=1)]
    context.registers.put_many(SYSTEM, SPOT, spots)
    measures = [_measure(one, number, units, today) for number, one in enumerate(MEASURES, start=1)]
    context.registers.put_many(SYSTEM, MEASURE, measures)


def _code(number: int) -> str:
    return f"SP-{number:03d}"


def _spot(one: DemoSpot, code: str, units: dict[str, str], today: date) -> ObjectValues:
    data: dict[str, Any] = {f"{step}_on": _day(today, -ago) for step, ago in zip(STEPS, one.ago, strict=False)} | {
        "category": one.category,
        "road": one.road,
        "radius_m": one.radius_m,
        "source": one.source,
        "evidence": f"{one.evidence}{LABEL}",
    }
    if one.state == DISMISSED:
        data |= {"dismissed_on": _day(today, 7 - one.ago[0]), "dismissed_why": f"现场核查未见异常{LABEL}"}
    return {
        "code": code,
        "title": f"{one.title}{LABEL}",
        "unit_id": units[one.unit],
        "supervisor_id": units["SPOT-POLICE"],
        "lon": one.lon,
        "lat": one.lat,
        "state": one.state,
        "data": data,
    }


def _measure(one: DemoMeasure, number: int, units: dict[str, str], today: date) -> ObjectValues:
    spot = SPOTS[one.spot - 1]
    data = {
        "spot": _code(one.spot),
        "what": one.what,
        "words": one.words,
        "owner": one.owner,
        "planned_on": _day(today, -one.planned),
        "due_on": _day(today, one.due),
    }
    return {
        "code": f"DC-{number:03d}",
        "title": f"{one.words}{LABEL}",
        "unit_id": units[spot.unit],
        "supervisor_id": units["SPOT-POLICE"],
        "state": one.state,
        "data": data if one.done is None else {**data, "done_on": _day(today, -one.done)},
    }


def _day(today: date, days: int) -> str:
    return (today + timedelta(days=days)).isoformat()

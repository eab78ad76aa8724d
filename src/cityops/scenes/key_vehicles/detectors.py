"""Detectors of the scene key vehicles (重点车辆): what they ask, with which figures, on which law.

Law, by article:

- 道路交通安全法实施条例 art. 62(7): nobody drives a motor vehicle more than 4 h without stopping to rest, or with a
  rest under 20 min. Arts. 45 and 78: limits without signs.
- 国务院关于加强道路交通安全工作的意见 (国发〔2012〕30号) and 道路旅客运输企业安全管理规范: passenger vehicles not
  more than 2 h on end at night (22:00–06:00), not more than 8 h in 24 h, at night 80 % of the day's limit.
- JT/T 808-2019 (alarm bits of 0x0200) and T/JSATL 12-2017 (0x64, 0x65).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from cityops.access import SYSTEM
from cityops.detection import Detector, EvidenceField, Overrides, SilenceDetector, params_rows
from cityops.kit import Text
from cityops.registers import VEHICLE, Registers, VehicleClass
from cityops.scenes.key_vehicles import kernels
from cityops.scenes.key_vehicles.parameter_words import PARAMETER_WORDS

SCENE: Final = "key_vehicles"
REST_S: Final = 20 * 60
DAY_LIMIT_H: Final = 8.0
GAP: Final[dict[str, float]] = {
    "moving_kmh": 5.0,  # below it a standing antenna drifts
    "gap_s": 300,  # terminals report every 30 s at the latest; ten reports missed are a gap
    "still_m": 500.0,
    "pace_kmh": 40.0,
    "forget_s": 4 * 3600,
}
GAP_DTYPE: Final = [("moving_kmh", "f8"), ("gap_s", "i8"), ("still_m", "f8"), ("pace_kmh", "f8"), ("forget_s", "i8")]


def _hours(seconds: float) -> Text:
    minutes = int(seconds // 60)
    return Text(f"{minutes // 60} 小时 {minutes % 60} 分", f"{minutes // 60} h {minutes % 60} min")


def _describe_continuous(figures: Mapping[str, float]) -> Text:
    driven, night = _hours(figures["driven_s"]), _hours(figures["night_s"])
    return Text(
        f"连续驾驶 {driven.zh}未停车休息满 20 分钟，其中夜间 {night.zh}",
        f"{driven.en} at the wheel without a rest of 20 min, {night.en} of it at night",
    )


def continuous_driving() -> Detector:
    """Over 4 h without a rest of 20 min; coaches over 2 h at night. A notice from 3 h 30 min (1 h 45 min).

    How gaps in the data count: see ``kernels.common.stood_in_gap``. In short: a gap is rest only if it lasts 20 min
    and the vehicle hardly moved (or stood with the ignition off at both ends); displacement makes it driving; after
    4 h that nothing explains, the count starts anew, and late data put it right.
    """
    dtype = np.dtype(
        [
            *GAP_DTYPE,
            ("limit_s", "i8"),
            ("night_limit_s", "i8"),
            ("rest_s", "i8"),
            ("count_stops", "i8"),
            ("notice_share", "f8"),
            ("critical_share", "f8"),
        ],
        align=True,
    )
    usual: dict[str, float] = {
        **GAP,
        "limit_s": 4 * 3600,
        "night_limit_s": 0,
        "rest_s": REST_S,
        "count_stops": 1,
        "notice_share": 0.875,
        "critical_share": 1.25,
    }
    rows = {vehicle: dict(usual) for vehicle in VehicleClass}
    rows[VehicleClass.COACH]["night_limit_s"] = 2 * 3600
    return Detector(
        id="continuous_driving",
        version=1,
        scene=SCENE,
        title=Text("连续驾驶超时", "Driving without rest"),
        step=kernels.continuous_driving_step,
        state_dtype=kernels.CONTINUOUS_STATE,
        params=params_rows(dtype, [rows[vehicle] for vehicle in sorted(rows)]),
        memory_s=24 * 3600,
        evidence=(
            EvidenceField("driven_s", Text("连续驾驶时长", "driven since the last rest")),
            EvidenceField("night_s", Text("其中夜间", "of it at night")),
            EvidenceField("gap_s", Text("其中由位移推定", "of it shown by displacement only")),
        ),
        describe=_describe_continuous,
        rule=Text(
            "《道路交通安全法实施条例》第六十二条第（七）项；夜间客运：国发〔2012〕30号（夜间连续驾驶不得超过2小时）",
            "Implementing Regulations of the Road Traffic Safety Law, art. 62 (7); passenger transport by night: "
            "State Council document Guo Fa [2012] No. 30 (no more than 2 hours at the wheel without a rest)",
        ),
        words=PARAMETER_WORDS,
    )


def vehicle_overrides(registers: Registers) -> Overrides:
    """Parameters of single vehicles: those whose register entry has ``driving_limit_h``."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for vehicle in registers.every(SYSTEM, VEHICLE):
        hours = vehicle.data.get("driving_limit_h")
        if hours is not None:
            found[vehicle.id] = {"continuous_driving": {"limit_s": round(hours * 3600)}}
    return found


def _describe_day(figures: Mapping[str, float]) -> Text:
    driven = _hours(figures["peak_s"])
    return Text(f"24 小时内累计驾驶 {driven.zh}", f"{driven.en} at the wheel within 24 h")


def day_driving_total() -> Detector:
    """Over 8 h at the wheel in 24 h: coaches only, unless configured for others. A notice from 7 h 30 min."""
    dtype = np.dtype(
        [*GAP_DTYPE, ("limit_s", "i8"), ("release_s", "i8"), ("notice_share", "f8"), ("critical_share", "f8")],
        align=True,
    )
    usual: dict[str, float] = {
        **GAP,
        "limit_s": 0,
        "release_s": 1800,
        "notice_share": 0.9375,
        "critical_share": 1.25,
    }
    rows = {vehicle: dict(usual) for vehicle in VehicleClass}
    rows[VehicleClass.COACH]["limit_s"] = DAY_LIMIT_H * 3600
    return Detector(
        id="day_driving_total",
        version=1,
        scene=SCENE,
        title=Text("日累计驾驶超时", "Driving too long in 24 hours"),
        step=kernels.day_driving_step,
        state_dtype=kernels.DAY_STATE,
        params=params_rows(dtype, [rows[vehicle] for vehicle in sorted(rows)]),
        memory_s=48 * 3600,
        evidence=(
            EvidenceField("driven_s", Text("24 小时内累计驾驶", "driven within 24 h")),
            EvidenceField("peak_s", Text("最高累计", "highest sum")),
        ),
        describe=_describe_day,
        rule=Text(
            "国发〔2012〕30号；《道路旅客运输企业安全管理规范》（24小时累计驾驶时间不得超过8小时）",
            "State Council document Guo Fa [2012] No. 30; Safety Management Rules for Road Passenger Transport "
            "Enterprises (no more than 8 hours at the wheel in 24 hours)",
        ),
        words=PARAMETER_WORDS,
    )


def _describe_speed(figures: Mapping[str, float]) -> Text:
    speed, limit, excess = figures["speed_kmh"], figures["limit_kmh"], 100 * figures["excess_share"]
    seconds = figures["duration_s"]
    return Text(
        f"限速 {limit:.0f} km/h，最高 {speed:.0f} km/h，超速 {excess:.0f}%，持续 {seconds:.0f} 秒",
        f"{speed:.0f} km/h where {limit:.0f} is allowed, {excess:.0f} % above, for {seconds:.0f} s",
    )


def overspeed() -> Detector:
    """More than 10 % above the limit of this road for this vehicle for at least 20 s; 20 % and 50 % weigh more."""
    dtype = np.dtype(
        [
            ("tolerance_share", "f8"),
            ("serious_share", "f8"),
            ("critical_share", "f8"),
            ("plausible_kmh", "f8"),
            ("min_duration_s", "i8"),
            ("max_gap_s", "i8"),
            ("end_after_s", "i8"),
        ],
        align=True,
    )
    row: dict[str, float] = {
        "tolerance_share": 0.10,
        "serious_share": 0.20,
        "critical_share": 0.50,
        "plausible_kmh": 200.0,
        "min_duration_s": 20,
        "max_gap_s": 90,
        "end_after_s": 30,
    }
    return Detector(
        id="overspeed",
        version=1,
        scene=SCENE,
        title=Text("超速行驶", "Overspeed"),
        step=kernels.overspeed_step,
        state_dtype=kernels.OVERSPEED_STATE,
        params=params_rows(dtype, [row] * len(VehicleClass)),
        memory_s=3600,
        evidence=(
            EvidenceField("speed_kmh", Text("最高超速时的车速", "speed at the worst moment")),
            EvidenceField("limit_kmh", Text("当时限速", "limit that applied then")),
            EvidenceField("excess_share", Text("超速比例", "share above the limit")),
            EvidenceField("held_share", Text("连续两次达到的超速比例", "share held by two reports in a row")),
            EvidenceField("duration_s", Text("持续时间", "duration")),
        ),
        describe=_describe_speed,
        rule=Text(
            "《道路交通安全法》第四十二条；《道路交通安全法实施条例》第四十五条、第七十八条；处罚档次第九十九条",
            "Road Traffic Safety Law, art. 42; its Implementing Regulations, arts. 45 and 78; "
            "scale of penalties: art. 99 of the Law",
        ),
        words=PARAMETER_WORDS,
    )


ALARM_BITS: Final = {
    1: Text("超速", "overspeed"),
    2: Text("疲劳驾驶", "fatigue"),
    13: Text("超速预警", "overspeed pre-warning"),
    14: Text("疲劳驾驶预警", "fatigue pre-warning"),
    18: Text("当天累计驾驶超时", "driven too long today"),
}
DRIVER_KINDS: Final = {
    1: Text("疲劳驾驶", "fatigue"),
    2: Text("接打电话", "telephone"),
    3: Text("抽烟", "smoking"),
    4: Text("分神驾驶", "distraction"),
    5: Text("驾驶员异常", "driver abnormal"),
}
ADAS_KINDS: Final = {
    1: Text("前向碰撞", "forward collision"),
    2: Text("车道偏离", "lane departure"),
    3: Text("车距过近", "too close"),
    4: Text("行人碰撞", "pedestrian collision"),
    5: Text("频繁变道", "frequent lane change"),
    6: Text("道路标识超限", "road sign exceeded"),
    7: Text("障碍物", "obstacle"),
}


def _describe_terminal(figures: Mapping[str, float]) -> Text:
    heard = [
        name
        for field, names in (("alarm_bits", ALARM_BITS), ("driver_kinds", DRIVER_KINDS), ("adas_kinds", ADAS_KINDS))
        for bit, name in names.items()
        if int(figures[field]) >> bit & 1
    ]
    unique = list(dict.fromkeys(heard))
    zh, en = "、".join(name.zh for name in unique), ", ".join(name.en for name in unique)
    return Text(f"终端报警：{zh}" if zh else "终端报警", f"terminal reports {en}" if en else "terminal alarm")


def terminal_alarm() -> Detector:
    """What the terminal itself reports: bits 1, 2, 13, 14, 18 of 0x0200 and the alarms of 0x64 and 0x65."""
    dtype = np.dtype(
        [
            ("serious_bits", "i8"),
            ("warning_bits", "i8"),
            ("notice_bits", "i8"),
            ("hold_s", "i8"),
            ("max_open_s", "i8"),
        ],
        align=True,
    )
    row: dict[str, float] = {
        "serious_bits": 1 << 2 | 1 << 18,
        "warning_bits": 1 << 1,
        "notice_bits": 1 << 13 | 1 << 14,
        "hold_s": 60,
        "max_open_s": 600,
    }
    return Detector(
        id="terminal_alarm",
        version=1,
        scene=SCENE,
        title=Text("终端报警", "Terminal alarm"),
        step=kernels.terminal_alarm_step,
        state_dtype=kernels.TERMINAL_STATE,
        params=params_rows(dtype, [row] * len(VehicleClass)),
        memory_s=4 * 3600,
        evidence=(
            EvidenceField("alarm_bits", Text("报警标志位", "alarm bits of 0x0200")),
            EvidenceField("driver_kinds", Text("驾驶员状态报警类型", "kinds of 0x65 heard, bit n for kind n")),
            EvidenceField("adas_kinds", Text("驾驶辅助报警类型", "kinds of 0x64 heard, bit n for kind n")),
        ),
        describe=_describe_terminal,
        rule=Text(
            "JT/T 808-2019 位置信息汇报 0x0200 报警标志位；T/JSATL 12-2017 附加信息 0x64、0x65",
            "JT/T 808-2019, location report 0x0200, alarm flags; T/JSATL 12-2017, additional items 0x64 and 0x65",
        ),
        words=PARAMETER_WORDS,
    )


def _describe_silence(figures: Mapping[str, float]) -> Text:
    silent = _hours(figures["silent_s"])
    return Text(f"终端点火状态下 {silent.zh}无数据", f"no data for {silent.en} although the ignition was on")


def no_data() -> SilenceDetector:
    """A terminal silent for 10 min (notice) or 30 min (warning) with the ignition on at its last report."""
    return SilenceDetector(
        id="no_data",
        version=1,
        scene=SCENE,
        title=Text("终端无数据", "Terminal silent"),
        notice_s=600,
        warning_s=1800,
        describe=_describe_silence,
        rule=Text(
            "《道路运输车辆动态监督管理办法》：卫星定位装置应正常使用，车辆运行实时在线",
            "Measures for the Dynamic Supervision of Road Transport Vehicles: the satellite positioning device is "
            "to work, and the vehicle to be online while it runs",
        ),
        words=PARAMETER_WORDS,
    )


def detectors() -> tuple[Detector | SilenceDetector, ...]:
    """All detectors of the scene."""
    return (continuous_driving(), day_driving_total(), overspeed(), terminal_alarm(), no_data())

"""What the figures of the detectors are called, for the people who set them (参数名称)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cityops.kit import Text

PARAMETER_WORDS: Final[Mapping[str, Text]] = {
    "moving_kmh": Text("视为行驶的最低车速（km/h）", "moving from (km/h)"),
    "gap_s": Text("视为数据中断的间隔（秒）", "a gap in the data from (s)"),
    "still_m": Text("中断期间视为未移动的位移（米）", "stood in a gap up to (m)"),
    "pace_kmh": Text("由位移推定行驶的速度（km/h）", "drove in a gap from (km/h)"),
    "forget_s": Text("无法解释的中断后重新计数（秒）", "count anew after a gap of (s)"),
    "limit_s": Text("驾驶时间上限（秒）", "limit of driving time (s)"),
    "night_limit_s": Text("夜间驾驶时间上限（秒，0 为不另设）", "limit at night (s, 0: none)"),
    "rest_s": Text("有效休息时长（秒）", "a rest that counts (s)"),
    "count_stops": Text("短暂停车计入驾驶（1 是，0 否）", "short stops count (1 yes, 0 no)"),
    "notice_share": Text("提示：达到上限的比例", "notice at this share of the limit"),
    "critical_share": Text("特别严重：达到上限的比例", "critical at this share of the limit"),
    "release_s": Text("解除前低于上限的时长（秒）", "ends after below the limit for (s)"),
    "tolerance_share": Text("超速容差（比例）", "tolerance above the limit (share)"),
    "serious_share": Text("严重：超过限速的比例", "serious above the limit by (share)"),
    "plausible_kmh": Text("可信最高车速（km/h）", "highest credible speed (km/h)"),
    "min_duration_s": Text("最短持续时间（秒）", "shortest duration (s)"),
    "max_gap_s": Text("允许的最大间隔（秒）", "longest gap inside (s)"),
    "end_after_s": Text("恢复正常后结束（秒）", "ends after (s)"),
    "serious_bits": Text("严重的报警标志位", "alarm bits: serious"),
    "warning_bits": Text("警告的报警标志位", "alarm bits: warning"),
    "notice_bits": Text("提示的报警标志位", "alarm bits: notice"),
    "hold_s": Text("报警保持（秒）", "an alarm holds for (s)"),
    "max_open_s": Text("最长未结束（秒）", "open at the longest (s)"),
    "notice_s": Text("无数据多久提示（秒）", "notice after silence of (s)"),
    "warning_s": Text("无数据多久警告（秒）", "warning after silence of (s)"),
}

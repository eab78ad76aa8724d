"""What is said when a patrol's report is not taken."""

from __future__ import annotations

from typing import Final

from cityops.kit import ConflictError, InvalidError, NotFoundError, Text

_NOT_KEPT: Final = Text("本次内容没有保存", "nothing of this was kept")


def out_of_time() -> InvalidError:
    """A time on duty that cannot be."""
    return InvalidError(
        "上岗时间不合理：不能在将来，不能早于 7 天前，一次不超过 12 小时",
        "a time on duty is not in the future, not over 7 days ago, and not longer than 12 hours",
        code="patrol.time",
        kept=_NOT_KEPT,
        todo=Text("请检查手机时间", "check the phone's clock"),
    )


def other_times() -> ConflictError:
    """The same identifier with other times."""
    return ConflictError(
        "这次上岗已按另外的时间登记",
        "this time on duty is known with other times",
        code="patrol.shift",
        kept=Text("先前的登记保持不变", "what was noted before stays"),
    )


def no_shift() -> NotFoundError:
    """No such time on duty of this person."""
    return NotFoundError(
        "没有这次上岗，轨迹未记录",
        "there is no such time on duty: the track was not kept",
        code="patrol.no_shift",
        kept=_NOT_KEPT,
        todo=Text("先上岗再上报轨迹", "go on duty first"),
    )


def not_on_earth() -> InvalidError:
    """A position outside the ranges."""
    return InvalidError("经纬度超出范围", "longitude or latitude out of range", code="patrol.position", kept=_NOT_KEPT)


def too_long_period() -> InvalidError:
    """A period of coverage that is not allowed."""
    return InvalidError(
        "时段须有先后，且不超过 31 天",
        "the period ends after it begins and has at most 31 days",
        code="patrol.period",
        todo=Text("请缩短时段", "ask for a shorter period"),
    )

"""What the counters are called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from cityops.kit import Text

COUNTER_WORDS: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "reports": Text("上报数", "reports"),
        "valid_reports": Text("有效上报数", "valid reports"),
        "missed": Text("漏报数", "missed"),
        "accepted": Text("受理数", "accepted"),
        "filed": Text("立案数", "filed"),
        "filed_in_time": Text("按时立案数", "filed in time"),
        "voided": Text("作废数", "voided"),
        "prechecks_due": Text("应核实数", "prechecks due"),
        "prechecks_in_time": Text("按时核实数", "prechecks in time"),
        "final_checks_due": Text("应核查数", "final checks due"),
        "final_checks_in_time": Text("按时核查数", "final checks in time"),
        "precheck_orders_due": Text("应派发核实数", "precheck orders due"),
        "precheck_orders_in_time": Text("按时派发核实数", "precheck orders in time"),
        "final_check_orders_due": Text("应派发核查数", "final check orders due"),
        "final_check_orders_in_time": Text("按时派发核查数", "final check orders in time"),
        "dispatch_due": Text("应派遣数", "dispatches due"),
        "dispatched": Text("派遣数", "dispatched"),
        "dispatched_in_time": Text("按时派遣数", "dispatched in time"),
        "dispatch_reworked": Text("派遣返工数", "sent to the wrong unit"),
        "close_due": Text("应结案数", "due to be closed"),
        "closed": Text("结案数", "closed"),
        "closed_in_time": Text("按期结案数", "closed in time"),
        "late_exempted": Text("申诉成立数", "delays exempted"),
        "deferred": Text("缓办数", "deferred"),
        "reworked": Text("返工数", "reworked"),
    }
)

"""The published indicators (评价指标), each from raw counters by its formula.

A rate whose denominator is zero is no data (无数据): ``None``, never 0 and never 100 %.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from cityops.analysis.evaluation.counters import Counters
from cityops.kit import Text


class Indicator(StrEnum):
    """An indicator. Its value is the name rule sets use."""

    FILING_RATE = "filing_rate"
    CLOSING_RATE = "closing_rate"
    TIMELY_CLOSING_RATE = "timely_closing_rate"
    REWORK_RATE = "rework_rate"
    MISSED_RATE = "missed_rate"
    VALID_REPORT_RATE = "valid_report_rate"
    TIMELY_PRECHECK_RATE = "timely_precheck_rate"
    TIMELY_FINAL_CHECK_RATE = "timely_final_check_rate"
    TIMELY_PRECHECK_ORDER_RATE = "timely_precheck_order_rate"
    TIMELY_FINAL_CHECK_ORDER_RATE = "timely_final_check_order_rate"
    TIMELY_FILING_RATE = "timely_filing_rate"
    ACCURATE_FILING_RATE = "accurate_filing_rate"
    TIMELY_DISPATCH_RATE = "timely_dispatch_rate"
    ACCURATE_DISPATCH_RATE = "accurate_dispatch_rate"
    ACCEPTED_COUNT = "accepted_count"
    DISPATCHED_COUNT = "dispatched_count"
    FILED_COUNT = "filed_count"


class Shares(NamedTuple):
    """Numerator and denominator, and how many of the numerator are there only by an exemption."""

    numerator: int
    denominator: int
    exempted: int = 0


@dataclass(frozen=True, slots=True)
class Definition:
    """What an indicator is called and how it is computed.

    Attributes:
        name: its published name.
        formula: in words.
        shares: from counters and whether deferred cases leave the denominator; None for a count.
        count: the counter of a count.
        low_is_good: a high rate is bad (漏报, 返工): the score is (1 − rate) × 100.
    """

    name: Text
    formula: Text
    shares: Callable[[Counters, bool], Shares] | None = None
    count: str = ""
    low_is_good: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate as it counts, and the raw fact beside it.

    Attributes:
        numerator: with exempted delays.
        denominator: 0: no data.
        exempted: delays that approved appeals exempt (申诉成立); they are in ``numerator``, not in the raw value.
    """

    numerator: int
    denominator: int
    exempted: int = 0

    @property
    def value(self) -> float | None:
        """As it counts; None: no data."""
        return self.numerator / self.denominator if self.denominator else None

    @property
    def raw_value(self) -> float | None:
        """Without any exemption; None: no data."""
        return (self.numerator - self.exempted) / self.denominator if self.denominator else None

    @property
    def percent(self) -> str | None:
        """As published: two decimals, half up (``93.72``); None: no data."""
        return percent(self.numerator, self.denominator)

    @property
    def raw_percent(self) -> str | None:
        """The raw value as published; None: no data."""
        return percent(self.numerator - self.exempted, self.denominator)


def percent(numerator: int, denominator: int) -> str | None:
    """The quotient in per cent with two decimals, half up, computed exactly; None: no data."""
    if not denominator:
        return None
    return str((Decimal(100 * numerator) / denominator).quantize(Decimal("0.01"), ROUND_HALF_UP))


def rate_of(indicator: Indicator, counters: Counters, *, deferred_excluded: bool = False) -> Rate | None:
    """A rate from raw counters; None when the indicator is a count.

    Args:
        indicator: which.
        counters: of one group.
        deferred_excluded: whether deferred cases (缓办) leave the denominator of the timely closing rate.
    """
    shares = DEFINITIONS[indicator].shares
    return None if shares is None else Rate(*shares(counters, deferred_excluded))


def count_of(indicator: Indicator, counters: Counters) -> int | None:
    """A count from raw counters; None when the indicator is a rate."""
    name = DEFINITIONS[indicator].count
    return getattr(counters, name) if name else None


def rates(counters: Counters, *, deferred_excluded: bool = False) -> dict[Indicator, Rate]:
    """All rates of a group."""
    found = {one: rate_of(one, counters, deferred_excluded=deferred_excluded) for one in Indicator}
    return {indicator: rate for indicator, rate in found.items() if rate is not None}


def _of(part: str, whole: str, zh: str, en: str, formula_zh: str, *, low_is_good: bool = False) -> Definition:
    return Definition(
        Text(zh, en),
        Text(formula_zh, f"{part} / {whole}"),
        lambda counters, _: Shares(getattr(counters, part), getattr(counters, whole)),
        low_is_good=low_is_good,
    )


def _count(name: str, zh: str, en: str) -> Definition:
    return Definition(Text(zh, en), Text(zh, name), count=name)


def _timely_closing(counters: Counters, deferred_excluded: bool) -> Shares:
    due = counters.close_due - (counters.deferred if deferred_excluded else 0)
    return Shares(counters.closed_in_time + counters.late_exempted, due, counters.late_exempted)


DEFINITIONS: Final[Mapping[Indicator, Definition]] = MappingProxyType(
    {
        Indicator.FILING_RATE: _of("filed", "reports", "立案率", "filing rate", "立案数 / 上报数"),
        Indicator.CLOSING_RATE: _of("closed", "close_due", "结案率", "closing rate", "结案数 / 应结案数"),
        Indicator.TIMELY_CLOSING_RATE: Definition(
            Text("按期结案率", "timely closing rate"),
            Text("（按期结案数 + 申诉成立数）/ 应结案数", "(closed_in_time + late_exempted) / close_due"),
            _timely_closing,
        ),
        Indicator.REWORK_RATE: _of("reworked", "closed", "返工率", "rework rate", "返工数 / 结案数", low_is_good=True),
        Indicator.MISSED_RATE: _of("missed", "filed", "漏报率", "missed rate", "漏报数 / 立案数", low_is_good=True),
        Indicator.VALID_REPORT_RATE: _of(
            "valid_reports", "reports", "有效上报率", "valid report rate", "有效上报数 / 上报数"
        ),
        Indicator.TIMELY_PRECHECK_RATE: _of(
            "prechecks_in_time", "prechecks_due", "按时核实率", "timely precheck rate", "按时核实数 / 应核实数"
        ),
        Indicator.TIMELY_FINAL_CHECK_RATE: _of(
            "final_checks_in_time", "final_checks_due", "按时核查率", "timely final check rate", "按时核查数 / 应核查数"
        ),
        Indicator.TIMELY_PRECHECK_ORDER_RATE: _of(
            "precheck_orders_in_time",
            "precheck_orders_due",
            "核实按时派发率",
            "timely precheck order rate",
            "按时派发核实数 / 应派发核实数",
        ),
        Indicator.TIMELY_FINAL_CHECK_ORDER_RATE: _of(
            "final_check_orders_in_time",
            "final_check_orders_due",
            "核查按时派发率",
            "timely final check order rate",
            "按时派发核查数 / 应派发核查数",
        ),
        Indicator.TIMELY_FILING_RATE: _of(
            "filed_in_time", "filed", "按时立案率", "timely filing rate", "按时立案数 / 立案数"
        ),
        Indicator.ACCURATE_FILING_RATE: Definition(
            Text("准确立案率", "accurate filing rate"),
            Text("（立案数 − 作废数）/ 立案数", "(filed - voided) / filed"),
            lambda counters, _: Shares(counters.filed - counters.voided, counters.filed),
        ),
        Indicator.TIMELY_DISPATCH_RATE: _of(
            "dispatched_in_time", "dispatch_due", "按时派遣率", "timely dispatch rate", "按时派遣数 / 应派遣数"
        ),
        Indicator.ACCURATE_DISPATCH_RATE: Definition(
            Text("准确派遣率", "accurate dispatch rate"),
            Text("（派遣数 − 派遣返工数）/ 应派遣数", "(dispatched - dispatch_reworked) / dispatch_due"),
            lambda counters, _: Shares(counters.dispatched - counters.dispatch_reworked, counters.dispatch_due),
        ),
        Indicator.ACCEPTED_COUNT: _count("accepted", "受理数", "accepted"),
        Indicator.DISPATCHED_COUNT: _count("dispatched", "派遣数", "dispatched"),
        Indicator.FILED_COUNT: _count("filed", "立案数", "filed"),
    }
)

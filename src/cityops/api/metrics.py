"""Counters in Prometheus' text form (exposition format 0.0.4), and the counters of the HTTP room itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class Sample:
    """One figure. ``name`` ends in its unit (``_total`` for a counter); ``labels`` are (name, value) pairs."""

    name: str
    help: str
    kind: Literal["counter", "gauge"]
    value: float
    labels: tuple[tuple[str, str], ...] = ()


def render_metrics(samples: Iterable[Sample]) -> str:
    """All samples as Prometheus text, the samples of one name together under one HELP and TYPE line."""
    families: dict[str, list[Sample]] = {}
    for sample in samples:
        families.setdefault(sample.name, []).append(sample)
    lines = []
    for name, members in families.items():
        help_text = members[0].help.replace("\\", "\\\\").replace("\n", "\\n")
        lines.append(f"# HELP {name} {help_text}")
        lines.append(f"# TYPE {name} {members[0].kind}")
        lines.extend(f"{name}{_labels(member)} {_number(member.value)}" for member in members)
    return "\n".join(lines) + "\n"


def _labels(sample: Sample) -> str:
    if not sample.labels:
        return ""
    pairs = ",".join(f'{name}="{_escape(value)}"' for name, value in sample.labels)
    return "{" + pairs + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    """Whole numbers without an exponent; NaN and infinities in Prometheus' spelling."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() else repr(float(value))


@dataclass
class HttpCounters:
    """What the HTTP room counts. Only the event loop's thread changes it."""

    responses: dict[int, int] = field(default_factory=dict)  # by status
    in_flight: int = 0
    refused_busy: int = 0
    refused_slow_body: int = 0
    refused_large_body: int = 0

    def samples(self) -> list[Sample]:
        """The counters as samples."""
        rows = [
            Sample(
                "cityops_http_responses_total", "HTTP responses by status", "counter", count, (("status", str(code)),)
            )
            for code, count in sorted(self.responses.items())
        ]
        rows.append(
            Sample("cityops_http_requests_in_flight", "API requests being handled now", "gauge", self.in_flight)
        )
        refusals = "API requests refused because a bound was reached"
        by_reason = {
            "busy": self.refused_busy,
            "slow_body": self.refused_slow_body,
            "large_body": self.refused_large_body,
        }
        for reason, count in by_reason.items():
            rows.append(Sample("cityops_http_refused_total", refusals, "counter", count, (("reason", reason),)))
        return rows

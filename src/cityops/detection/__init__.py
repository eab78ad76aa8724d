"""Detectors, the runner, alerts (预警)."""

from cityops.detection.backtest import backtest
from cityops.detection.book import AlertBook, OpenAlert
from cityops.detection.changes import Applied, Change, Finding, Reevaluation, Subject
from cityops.detection.detector import (
    AnyDetector,
    Detector,
    EvidenceField,
    Severity,
    SilenceDetector,
    params_rows,
    state_dtype,
)
from cityops.detection.entities import Overrides
from cityops.detection.episodes import Episode
from cityops.detection.identity import AlertIdentity
from cityops.detection.observation import OBSERVATION, Enricher, SpeedLimits, sort_and_merge
from cityops.detection.pipeline import Pipeline, Settings, Source, consumer_name
from cityops.detection.reading import (
    AlertDetailView,
    AlertEvent,
    AlertFilter,
    AlertPage,
    AlertView,
    CountBy,
)
from cityops.detection.runner import TRANSITION, Kind, Runner, compile_plain

__all__ = [
    "OBSERVATION",
    "TRANSITION",
    "AlertBook",
    "AlertDetailView",
    "AlertEvent",
    "AlertFilter",
    "AlertIdentity",
    "AlertPage",
    "AlertView",
    "AnyDetector",
    "Applied",
    "Change",
    "CountBy",
    "Detector",
    "Enricher",
    "Episode",
    "EvidenceField",
    "Finding",
    "Kind",
    "OpenAlert",
    "Overrides",
    "Pipeline",
    "Reevaluation",
    "Runner",
    "Settings",
    "Severity",
    "SilenceDetector",
    "Source",
    "SpeedLimits",
    "Subject",
    "backtest",
    "compile_plain",
    "consumer_name",
    "params_rows",
    "sort_and_merge",
    "state_dtype",
]

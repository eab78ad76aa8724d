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
from cityops.detection.legal_limits import legal_speed_limits
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
from cityops.detection.reevaluation import HistoryReader
from cityops.detection.runner import TRANSITION, Kind, Runner, compile_plain
from cityops.detection.tables import alert as alert_table
from cityops.detection.tuning import Parameters, Tuning, figures, parameters_of, same_parameters, tuned

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
    "HistoryReader",
    "Kind",
    "OpenAlert",
    "Overrides",
    "Parameters",
    "Pipeline",
    "Reevaluation",
    "Runner",
    "Settings",
    "Severity",
    "SilenceDetector",
    "Source",
    "SpeedLimits",
    "Subject",
    "Tuning",
    "alert_table",
    "backtest",
    "compile_plain",
    "consumer_name",
    "figures",
    "legal_speed_limits",
    "parameters_of",
    "params_rows",
    "same_parameters",
    "sort_and_merge",
    "state_dtype",
    "tuned",
]

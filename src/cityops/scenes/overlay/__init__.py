"""A city's overlay of a scene (城市覆盖层): its own limits, thresholds, frequencies and words, in versions."""

from cityops.scenes.overlay.book import Overlays
from cityops.scenes.overlay.thresholds import Sources
from cityops.scenes.overlay.trials import Trial, Trials
from cityops.scenes.overlay.trying import RuleTrials

__all__ = ["Overlays", "RuleTrials", "Sources", "Trial", "Trials"]

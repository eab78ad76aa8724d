"""Indicators (指标): catalogue with formulas, dated values, target paths, traffic lights, contradictions."""

from cityops.scenes.indicators.entry import scene

__all__ = ["scene"]

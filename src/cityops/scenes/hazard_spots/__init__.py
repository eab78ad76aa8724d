"""Congestion, disorder and hazard spots (堵点、乱点、隐患点): ledger, ranking, before and after, deployment."""

from cityops.scenes.hazard_spots.entry import scene

__all__ = ["scene"]

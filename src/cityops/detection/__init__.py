"""Detectors, the runner, alerts (预警)."""

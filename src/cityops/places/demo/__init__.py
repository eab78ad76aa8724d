"""The demo city (演示城市): synthetic, seeded, with real names of districts and main streets."""

from cityops.places.demo.generate import build_demo_city

__all__ = ["build_demo_city"]

"""The demo city (演示城市): synthetic, seeded, with real names of districts and main streets."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cityops.places.city import City


def build_demo_city(seed: int = 2026) -> City:
    """The demo city: synthetic, the same for the same seed.

    Args:
        seed: of everything random in it.
    """
    # Loaded on call: a product that runs a saved or a real city needs none of the generator's libraries.
    from cityops.places.demo.generate import generate_city

    return generate_city(seed)

"""All rooms with all installed scenes over a store, as the product makes them; for the tests of scenes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cityops.bootstrap.product import Product
from cityops.bootstrap.rooms import compose
from cityops.kit import Clock
from cityops.places import City
from cityops.scenes import Scene, SceneContext, load_scenes
from cityops.settings import Settings
from cityops.store import Store


@cache
def installed_scenes() -> Mapping[str, Scene]:
    """The installed scenes, read once: they are declarations, and nothing changes them."""
    return load_scenes()


def scene_context(store: Store, clock: Clock, city: City, folder: Path, *, trucks: int = 12) -> SceneContext:
    """What the scenes work with; ``folder`` keeps the files."""
    product = Product(Settings(data_dir=folder, demo_trucks=trucks), clock, {})
    return compose(product, store, city, dict(installed_scenes())).context

"""The installed city, or the demo city where none is installed."""

from __future__ import annotations

from cityops.bootstrap.product import Product
from cityops.kit import ConfigError, NotFoundError, Text
from cityops.places import City, build_demo_city, load_city, save_city


def find_city(product: Product) -> City:
    """The installed city; the demo city is generated when nothing is installed and the demo is on.

    Raises:
        ConfigError: no city is installed and the demo is off.
    """
    folder = product.folder("places")
    try:
        return load_city(folder)
    except NotFoundError:
        if not product.settings.demo:
            raise ConfigError(
                "还没有导入城市的区划和路网",
                "no city is installed yet: divisions and roads are missing",
                code="config.no_city",
                todo=Text("运行 cityops import，或打开 CITYOPS_DEMO", "run cityops import, or switch CITYOPS_DEMO on"),
            ) from None
    save_city(build_demo_city(), folder)
    return load_city(folder)

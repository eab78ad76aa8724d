"""The demo city, made once."""

from __future__ import annotations

import pytest

from cityops.places import City, build_demo_city


@pytest.fixture(scope="session")
def city() -> City:
    return build_demo_city()

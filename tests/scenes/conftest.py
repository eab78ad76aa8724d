"""What the tests of all scenes share."""

from __future__ import annotations

import pytest

from cityops.places import City, build_demo_city


@pytest.fixture(scope="session")
def city() -> City:
    """The demo city."""
    return build_demo_city()

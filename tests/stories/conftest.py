"""Stories: the product as its users have it, in real processes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from tests.stories.processes import Installation

Install = Callable[..., Installation]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the processes printed when a story failed."""
    report = yield
    installations: list[Installation] = item.stash.get(INSTALLATIONS, [])
    if report.failed and call.when == "call":
        for installation in installations:
            report.sections.append((f"processes in {installation.folder}", "\n".join(installation.tails())))
    return report


INSTALLATIONS = pytest.StashKey[list[Installation]]()


@pytest.fixture
def install(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Install]:
    """Makes installations; what they started is gone after the story."""
    made: list[Installation] = []
    request.node.stash[INSTALLATIONS] = made

    def make(name: str = "city", **settings: str) -> Installation:
        made.append(Installation(tmp_path / name, settings))
        return made[-1]

    yield make
    for installation in made:
        installation.clean_up()

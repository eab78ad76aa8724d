"""The running product and a real browser; without Chromium or a built interface a story is skipped, with a reason.

One browser for all stories of this folder, closed behind the last of them: Playwright keeps an event loop running, and
no other test of the process may meet it. The product is one for all stories that need it.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.browser.acting import PATIENCE_MS, Actors, Windows, acting
from tests.browser.town import Town, running_town
from tests.stories.processes import free_ports

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 300.0
STOP_LIMIT_S = 120.0
PASSWORD = "cityops-demo"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Software rendering: the machines that run the tests have no graphics card.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
]


@dataclass(frozen=True)
class RunningProduct:
    """``cityops run`` with the demo city: where it is, and what it printed."""

    address: str
    output: Path


PRODUCT: Final = {
    "test_portal.py": 1,
    "test_urban_many.py": 2,
    "test_urban_returns.py": 2,
    "test_winter_and_works.py": 2,
    "test_loop.py": 3,
}
"""The stories on the product, last; the one that has to wait for its clock behind others, which use the time."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """This folder before all others: what takes longest first, so that the processes end together."""
    own = Path(__file__).parent
    items.sort(key=lambda item: PRODUCT.get(item.path.name, 0) if item.path.parent == own else len(PRODUCT))


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    if not (ROOT / "web/dist/index.html").exists():
        pytest.skip("the user interface is not built: make web")
    folder = tmp_path_factory.mktemp("product")
    output = folder / "output.txt"
    port, jt808_port = free_ports(2)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CITYOPS_")},
        "CITYOPS_DATA_DIR": str(folder / "data"),
        "CITYOPS_HTTP_PORT": str(port),
        "CITYOPS_JT808_PORT": str(jt808_port),
        "CITYOPS_DEMO_TRUCKS": "60",
    }
    address = f"http://127.0.0.1:{port}"
    with output.open("w") as file:
        process = subprocess.Popen([sys.executable, "-m", "cityops", "run"], env=environment, stdout=file, stderr=file)
        try:
            wait_until_ready(address, process, output)
            yield RunningProduct(address, output)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_LIMIT_S)


def wait_until_ready(address: str, process: "subprocess.Popen[bytes]", output: Path) -> None:
    deadline_s = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline_s:
        if process.poll() is not None:
            raise AssertionError(f"the product stopped:\n{output.read_text()}")
        try:
            if httpx.get(f"{address}/api/product", trust_env=False).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"the product did not answer within {START_LIMIT_S} s:\n{output.read_text()}")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)  # one for all stories, whichever come first
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def windows(browser: Browser) -> Iterator[Windows]:
    """Windows of people, kept from story to story."""
    made = Windows(browser)
    yield made
    made.close()


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One town for all stories of urban management; each opens cases of its own."""
    if not (ROOT / "web/dist/index.html").exists():
        pytest.skip("the user interface is not built: make web")
    with running_town(tmp_path_factory.mktemp("town")) as served:
        yield served


@pytest.fixture
def people(windows: Windows, town: Town) -> Iterator[Actors]:
    """People at their windows; each story begins with no window open and no cases of its own."""
    town.opened.clear()
    with acting(windows, town.address, town.version_of) as actors:
        yield actors


SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(browser: Browser, product: RunningProduct) -> Iterator[SignIn]:
    """Signs somebody in, in a browser of their own; any error the page throws fails the test."""
    contexts = []
    errors: list[str] = []

    def go(username: str, *, phone: bool = False, language: str = "zh-CN") -> Page:
        size = {"width": 390, "height": 844} if phone else {"width": 1366, "height": 768}
        context = browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            locale=language,
            timezone_id="Asia/Shanghai",
            has_touch=phone,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(product.address)
        page.get_by_label("用户名" if language == "zh-CN" else "User name").fill(username)
        page.get_by_label("口令" if language == "zh-CN" else "Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    yield go
    for context in contexts:
        context.close()
    assert errors == []

"""The whole product with the demo city and every installed scene, without simulated trucks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from tests.stories.processes import PATIENCE_S, free_ports, wait_until


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the product answers."""
    folder = tmp_path_factory.mktemp("product")
    output, (port, jt808_port) = folder / "output.txt", free_ports(2)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CITYOPS_")},
        "CITYOPS_DATA_DIR": str(folder / "data"),
        "CITYOPS_HTTP_PORT": str(port),
        "CITYOPS_JT808_PORT": str(jt808_port),
        "CITYOPS_DEMO_TRUCKS": "5",
    }
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "cityops", "run", "--no-simulation"]
    with output.open("w") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
        try:
            wait_until(lambda: process.poll() is not None or answers(url), "the product to answer")
            assert process.poll() is None, output.read_text()
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE_S)
    assert "Traceback" not in output.read_text()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/product", trust_env=False, timeout=30).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False

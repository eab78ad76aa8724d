"""The whole product with the demo city and every installed scene, without simulated trucks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

START_LIMIT_S = 120.0
STOP_LIMIT_S = 30.0


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the product answers."""
    folder = tmp_path_factory.mktemp("product")
    output, port = folder / "output.txt", free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CITYOPS_")},
        "CITYOPS_DATA_DIR": str(folder / "data"),
        "CITYOPS_HTTP_PORT": str(port),
        "CITYOPS_JT808_PORT": str(free_port()),
        "CITYOPS_DEMO_TRUCKS": "5",
    }
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "cityops", "run", "--no-simulation"]
    with output.open("w") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
        try:
            deadline_s = time.monotonic() + START_LIMIT_S
            while not answers(url):
                assert process.poll() is None, output.read_text()
                assert time.monotonic() < deadline_s, output.read_text()
                time.sleep(0.2)
            yield url
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(STOP_LIMIT_S)
    assert "Traceback" not in output.read_text()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/product", trust_env=False).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False

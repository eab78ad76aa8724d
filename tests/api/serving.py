"""A real uvicorn on a free port, and a reader of server-sent events over a real socket."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import httpx
from fastapi import FastAPI

from cityops.api import ApiServer, make_server

PATIENCE_S = 120.0


def wait_for(condition: Any, what: str) -> None:
    due_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < due_s, f"waited in vain for {what}"
        time.sleep(0.01)


@dataclass
class Serving:
    server: ApiServer
    thread: threading.Thread

    @property
    def port(self) -> int:
        port: int = self.server.servers[0].sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()


@contextmanager
def serving(app: FastAPI) -> Iterator[Serving]:
    server = make_server(app, host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started, "the server to start")
    running = Serving(server, thread)
    try:
        yield running
    finally:
        running.stop()


@dataclass(frozen=True)
class Heard:
    """One server-sent event."""

    event: str
    data: Any
    id: str | None


class Listener:
    """Reads a live stream; every read ends in time or fails the test."""

    def __init__(self, url: str, token: str, last_event_id: str | None = None) -> None:
        headers = {"Cookie": f"cityops_session={token}"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        self._client = httpx.Client(timeout=PATIENCE_S)
        request = self._client.build_request("GET", f"{url}/api/live", headers=headers)
        self.response = self._client.send(request, stream=True)
        self._lines = self.response.iter_lines()
        self.last_id: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.response.close()
        self._client.close()

    def next(self) -> Heard | None:
        """The next event; ``None`` when the stream has ended."""
        found: dict[str, str] = {}
        for line in self._lines:
            if not line:
                heard = Heard(found["event"], json.loads(found["data"]), found.get("id"))
                self.last_id = heard.id or self.last_id
                return heard
            name, _, value = line.partition(": ")
            found[name] = value
        return None

    def until(self, event: str) -> Heard:
        """The next event of this name; others are passed over."""
        while heard := self.next():
            if heard.event == event:
                return heard
        raise AssertionError(f"the stream ended before {event}")

    def rest(self) -> list[Heard]:
        """Everything up to the end of the stream."""
        heard = []
        while one := self.next():
            heard.append(one)
        return heard

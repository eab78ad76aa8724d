"""The product over a fresh store with a choice of scenes, as ``cityops serve`` composes it, without its processes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from cityops.api import create_app
from cityops.bootstrap.product import Product
from cityops.bootstrap.rooms import Rooms, compose
from cityops.bootstrap.serving import api_context
from cityops.bootstrap.working import Workers
from cityops.kit import SystemClock
from cityops.places import City
from cityops.scenes import DEMO_PASSWORD, Scene, routers_of
from cityops.settings import Settings
from cityops.store import Store

ORIGIN = "http://city.test"


@dataclass
class Built:
    """A composed product."""

    rooms: Rooms
    app: FastAPI

    def get(self, username: str, *paths: str) -> list[Any]:
        """What this person reads there, signed in through the door; every answer must be well."""

        async def run() -> list[Any]:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
                if username:
                    signed = await client.post("/api/session", json={"username": username, "password": DEMO_PASSWORD})
                    assert signed.status_code == httpx.codes.OK, signed.text
                found = []
                for path in paths:
                    answer = await client.get(path)
                    assert answer.status_code == httpx.codes.OK, (path, answer.text)
                    found.append(answer.json())
                return found

        return asyncio.run(run())


@contextmanager
def built(scenes: Mapping[str, Scene], city: City, folder: Path, store: Store | None = None) -> Iterator[Built]:
    """The product with exactly these scenes over ``store``, or the database in ``folder``, which is made if need be."""
    clock = SystemClock()
    settings = Settings(data_dir=folder, demo_trucks=3)
    product = Product(settings, clock, {})
    prepared = (folder / "cityops.db").exists()
    with Store.open(settings.store_url, clock=clock) as made:
        if store is None and not prepared:
            made.create_all()
        rooms = compose(product, store or made, city, dict(scenes))
        workers = Workers(rooms, on_failure=lambda: None)
        app = create_app(api_context(rooms, workers), routers_of(scenes.values()), scenes=rooms.context)
        app.state.parts.hub.closed = True
        yield Built(rooms, app)

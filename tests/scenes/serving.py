"""A scene's own routes over the product's rooms, with people of every role."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI
from tests.api.test_permissions import denied
from tests.api.world import World
from tests.scenes.rooms import scene_context

from cityops.api import create_app, openapi_document
from cityops.places import City

Paths = Mapping[str, Mapping[str, Any]]


class Served:
    """A product with a scene's routes under ``base``, and the people of every role."""

    def __init__(self, world: World, city: City, folder: Path, routers: Sequence[APIRouter], base: str) -> None:
        self.world, self.base = world, base
        self.context = scene_context(world.context.store, world.clock, city, folder)
        self.app: FastAPI = create_app(world.context, routers, scenes=self.context)
        self.app.state.parts.hub.closed = True

    def ask(self, who: str, method: str, path: str, body: Any = None, **params: str) -> httpx.Response:
        """A request of this person, of nobody if empty; ``path`` is below ``base``, bytes are sent as they are."""

        async def run() -> httpx.Response:
            async with self.world.client(who or None, self.app) as client:
                sent = {"content": body} if isinstance(body, bytes) else {"json": body}
                return await client.request(method, self.base + path, params=params, **sent)

        return asyncio.run(run())

    def opened(self, who: str, routes: Sequence[str]) -> dict[str, bool]:
        """Which of the routes (``GET /api/…``) let this person in; none may fail."""
        found = {}
        for route in routes:
            method, path = route.split()
            address = re.sub(r"\{\w+\}", "1", path.removeprefix(self.base))
            answer = self.ask(who, method, address, {} if method in ("POST", "PUT") else None)
            assert answer.status_code < 500, (route, answer.text)
            found[route] = not denied(answer)
        return found


def documented(routers: Sequence[APIRouter], base: str) -> Paths:
    """The paths below ``base`` in the OpenAPI document."""
    paths: Paths = openapi_document(routers)["paths"]
    return {path: operations for path, operations in paths.items() if path.startswith(base)}


def names(paths: Paths) -> set[str]:
    """The routes as ``GET /api/…``."""
    return {f"{method.upper()} {path}" for path, operations in paths.items() for method in operations}

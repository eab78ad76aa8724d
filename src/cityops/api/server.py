"""The server under the application: uvicorn with our bounds, which ends live streams before it waits for anybody."""

from __future__ import annotations

import socket
import warnings

import uvicorn
from fastapi import FastAPI
from pydantic.warnings import UnsupportedFieldAttributeWarning

from cityops.api.context import ApiParts


class ApiServer(uvicorn.Server):
    """Uvicorn that tells the live streams first when it stops: they would keep it waiting for ever."""

    def __init__(self, config: uvicorn.Config, parts: ApiParts) -> None:
        super().__init__(config)
        self._parts = parts

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then everything else."""
        self._parts.hub.close_all()
        await super().shutdown(sockets)


def make_server(app: FastAPI, *, host: str, port: int) -> ApiServer:
    """A server for ``app``; ``await server.serve()`` runs it until a signal or ``server.should_exit``."""
    # FastAPI silences this one itself, but makes its parts at a route's first request, in several threads at once.
    warnings.simplefilter("ignore", category=UnsupportedFieldAttributeWarning)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=30,
    )
    return ApiServer(config, app.state.parts)

"""The live stream (实时): server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from starlette.types import Message, Send

from cityops.api.context import ApiContext, ApiParts
from cityops.api.declare import spec
from cityops.api.live_hub import SIGNED_OUT, LiveClient
from cityops.api.security import CurrentVisitor, OwnParts, Services, Visitor
from cityops.kit import BusyError, UnauthenticatedError, UnavailableError

router = APIRouter(prefix="/api", tags=["实时 Live"])

PING = b"event: ping\ndata: {}\n\n"
_EXAMPLE = (
    "id: 5f2c01aa.118.907\n"
    "event: positions\n"
    'data: {"at":"2026-05-12T23:41:05+08:00","rows":[[17,112.5501,37.7423,62.4,178,1778600465000,0]]}\n\n'
    "id: 5f2c01aa.118.908\n"
    "event: change\n"
    'data: {"topic":"alert.raised","key":"01JV0ALERT0000000000000001","at":"2026-05-12T23:41:05+08:00"}\n\n'
)


class LiveResponse(StreamingResponse):
    """A stream whose reader must take bytes: one that takes none for ``stall_s`` is given up."""

    def __init__(self, content: AsyncIterator[bytes], parts: ApiParts, client: LiveClient) -> None:
        super().__init__(content, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
        self._parts = parts
        self._client = client

    async def stream_response(self, send: Send) -> None:
        """Send every chunk in time; whatever ends the stream, the client is forgotten."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(self._parts.hub.limits.stall_s):
                await send(message)

        try:
            await super().stream_response(send_in_time)
        except TimeoutError:
            self._parts.hub.note_stalled(self._client)
        finally:
            self._parts.feed.leave(self._client)
            self._parts.hub.close(self._client)


@router.get(
    "/live",
    response_class=StreamingResponse,
    **spec("实时事件流", "The live stream", answer=_EXAMPLE, media_type="text/event-stream"),
)
async def live(
    services: Services,
    parts: OwnParts,
    visitor: CurrentVisitor,
    last_event_id: Annotated[str, Header(max_length=64)] = "",
) -> LiveResponse:
    """Server-sent events, only what this person may see.

    ``ready`` first (``resync`` true: load the lists again; ``whole`` true: the positions that follow are all there
    are), then ``positions`` (rows of device, lon, lat, speed_kmh, course_deg, event_ms, state: 0 moving, 1 stopped,
    2 offline, 3 alerting), ``gone`` (devices that have left what you may see), ``change`` (something was written) and
    ``ping`` every 15 s. The last event of an ended stream says why: ``lagging`` (you were too slow), ``signed_out``,
    ``closing`` (the server stops). Coming back with ``Last-Event-ID`` continues where the stream broke off.
    """
    client = parts.hub.open()
    parts.feed.join(client, visitor.principal, last_event_id)
    return LiveResponse(_stream(services, parts, visitor, client), parts, client)


async def _stream(services: ApiContext, parts: ApiParts, visitor: Visitor, client: LiveClient) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    ping_s = parts.hub.limits.ping_s
    next_ping_s = loop.time() + ping_s
    while True:
        try:
            async with asyncio.timeout_at(next_ping_s):
                chunk = await client.queue.get()
        except TimeoutError:
            if not await run_in_threadpool(_still_signed_in, services, visitor):
                client.end(SIGNED_OUT)
            chunk = PING if client.farewell is None else client.queue.get_nowait()
            next_ping_s = loop.time() + ping_s
        yield chunk
        if chunk is client.farewell:
            return


def _still_signed_in(services: ApiContext, visitor: Visitor) -> bool:
    """Whether the session holds and its person still is who they were when the stream began."""
    try:
        principal, _ = services.sessions.principal(visitor.token)
    except UnauthenticatedError:
        return False
    except (BusyError, UnavailableError):
        return True  # the store is away for a moment: the next ping asks again
    return principal == visitor.principal

"""Before a terminal is online: registration, authentication, and the door shut to everything else.

Nothing of an unregistered or unauthenticated terminal is stored.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from cityops.gateways.jt808.codec import decode_frame_body
from cityops.gateways.jt808.header import Edition, FrameError, Header, decode_frame
from cityops.gateways.jt808.messages import (
    AttachmentInfo,
    Authentication,
    Deregistration,
    RegisterReply,
    RegisterResult,
    Registration,
    Result,
)
from cityops.gateways.jt808.states import State
from cityops.gateways.jt808.uploads import Upload
from cityops.kit import CityOpsError

if TYPE_CHECKING:
    from cityops.gateways.jt808.connection import Connection
    from cityops.observations import Device


def handle(connection: Connection, segment: bytes) -> None:
    """A frame of a connection that is not online."""
    counters = connection.server.counters
    frame = decode_frame(segment)
    if isinstance(frame, FrameError):
        counters[frame.fault] += 1
        if frame.header is not None:
            connection.remember(frame.header)
            connection.reply(frame.header, Result.UNSUPPORTED)
        _refused(connection)
        return
    counters["frames"] += 1
    connection.remember(frame.header)
    message = None if frame.header.sub_package else decode_frame_body(frame)
    if isinstance(message, FrameError):
        counters[message.fault] += 1
        connection.reply(frame.header, Result.BAD_MESSAGE)
        _refused(connection)
        return
    body = message and message.body
    match body:
        case Registration():
            check(connection, frame.header, body)
        case Authentication():
            check(connection, frame.header, body)
        case AttachmentInfo():
            _begin_attachments(connection, frame.header, body)
        case Deregistration():
            connection.reply(frame.header, Result.OK)
        case _:
            counters["refused_not_authenticated"] += 1
            connection.reply(frame.header, Result.FAILURE)
            _refused(connection)


def check(connection: Connection, header: Header, body: Registration | Authentication) -> None:
    """Ask the directory, off the loop; frames that come meanwhile wait."""
    connection.set_state(State.CHECKING)
    connection.remember(header)
    connection.server.run(_check(connection, header, body))


async def _check(connection: Connection, header: Header, body: Registration | Authentication) -> None:
    online = False
    try:
        # What was received for an earlier login of this connection is stored under that terminal first.
        await connection.settle()
        device = await connection.server.directory.find(header.phone)
        if isinstance(body, Registration):
            await _register(connection, header, body, device)
        else:
            online = await _authenticate(connection, header, body, device)
    except CityOpsError:
        # Counted and logged by the directory; the terminal is told to try again.
        if isinstance(body, Registration):
            connection.send(RegisterReply(header.serial, RegisterResult.NO_SUCH_TERMINAL))
        else:
            connection.reply(header, Result.FAILURE)
    if connection.closed or connection.server.stopping:
        connection.server.log_out(connection)
        return
    if not online:
        connection.server.log_out(connection)
    connection.set_state(State.ONLINE if online else State.NEW)
    connection.work_off()


async def _register(connection: Connection, header: Header, body: Registration, device: Device | None) -> None:
    """0x8100: the code for a registered terminal; anybody else is refused and listed for approval."""
    server = connection.server
    result, code = RegisterResult.OK, ""
    if device is None or not _same_terminal(device, body):
        server.counters["refused_unregistered" if device is None else "refused_other_terminal"] += 1
        await server.directory.note_pending(header.phone, body)
        result = RegisterResult.NO_SUCH_TERMINAL
    elif not device.active:
        server.counters["refused_inactive"] += 1
        result = RegisterResult.NO_SUCH_VEHICLE
    else:
        code = await server.directory.issue_auth_code(device)
        server.counters["registrations"] += 1
    connection.send(RegisterReply(header.serial, result, code))
    if result is not RegisterResult.OK:
        _refused(connection)


def _same_terminal(device: Device, body: Registration) -> bool:
    """Whether the terminal is the one that was registered with this number, where its id is known."""
    return not device.terminal_id or device.terminal_id == body.terminal_id


async def _authenticate(connection: Connection, header: Header, body: Authentication, device: Device | None) -> bool:
    """0x8001: 0 for the right code; then the terminal is online."""
    server = connection.server
    if device is None:
        server.counters["refused_unregistered"] += 1
        await server.directory.note_pending(header.phone, None)
    right = (
        device is not None
        and device.active
        and bool(device.auth_code)
        and secrets.compare_digest(str(device.auth_code).encode(), body.code.encode())
    )
    if not right or device is None or connection.closed:
        server.counters["refused_authentication"] += 1
        connection.reply(header, Result.FAILURE)
        _refused(connection)
        return False
    version = header.version if header.edition is Edition.V2019 else -1
    if not server.log_in(connection, device, header.phone, version):
        server.counters["refused_no_slot"] += 1
        connection.reply(header, Result.FAILURE)
        return False
    connection.reply(header, Result.OK)
    connection.refusals = 0
    return True


def _begin_attachments(connection: Connection, header: Header, body: AttachmentInfo) -> None:
    """0x1210 on a connection of its own: only for an alarm whose files were asked for, under its secret number."""
    server = connection.server
    connection.upload = Upload(connection)
    if not connection.upload.begin(header, body):
        connection.upload = None
        _refused(connection)
        return
    server.counters["attachment_connections"] += 1
    connection.set_state(State.ATTACHMENTS)


def _refused(connection: Connection) -> None:
    connection.refusals += 1
    if connection.refusals >= connection.server.settings.max_refusals:
        connection.close("refused_too_often")

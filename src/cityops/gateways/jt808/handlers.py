"""What an online terminal says besides locations: driver cards, multimedia, answers, sub-packages."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import TYPE_CHECKING, Final

from cityops.gateways.jt808 import login
from cityops.gateways.jt808.attachments import ExpectedAlarm
from cityops.gateways.jt808.codec import decode_body
from cityops.gateways.jt808.columns import ORIGIN_LIVE, Rows, Source, batch_origin, driver_change_row
from cityops.gateways.jt808.fields import NO_TIME_MS, normal_phone
from cityops.gateways.jt808.header import Fault, FrameError, Header, decode_frame
from cityops.gateways.jt808.intake import ExtraRows
from cityops.gateways.jt808.location import Location
from cityops.gateways.jt808.media import Media
from cityops.gateways.jt808.messages import (
    AttachmentRequest,
    Authentication,
    Body,
    Deregistration,
    DriverCard,
    Heartbeat,
    LocationBatch,
    LocationReply,
    MessageId,
    Multimedia,
    MultimediaEvent,
    MultimediaReply,
    Registration,
    ResendRequest,
    Result,
    TerminalReply,
)
from cityops.gateways.jt808.reassembly import Missing, Refusal
from cityops.gateways.jt808.safety import AlarmLabel
from cityops.gateways.jt808.states import State
from cityops.kit import CityOpsError

if TYPE_CHECKING:
    from cityops.gateways.jt808.connection import Connection

_log = logging.getLogger(__name__)

CARD_IN: Final = 1


def handle(connection: Connection, segment: bytes) -> None:
    """A frame that the batch decoder left alone; it is already counted there."""
    server = connection.server
    frame = decode_frame(segment)
    if isinstance(frame, FrameError):
        server.counters[frame.fault] += 1
        if frame.header is not None:
            server.dead_letter(f"frame.{frame.fault}", connection, segment)
            connection.reply(frame.header, Result.UNSUPPORTED)
        return
    header = frame.header
    ours = normal_phone(header.phone) == normal_phone(connection.phone)
    if not ours and header.message_id not in (MessageId.REGISTER, MessageId.AUTHENTICATE):
        server.counters["foreign_phone"] += 1
        connection.reply(header, Result.FAILURE)
        return
    if header.sub_package is None:
        _decode(connection, header, frame.body, (header.serial,))
        return
    outcome = connection.reassembly.add(frame, server.clock.monotonic_s())
    if isinstance(outcome, Refusal):
        server.counters[f"refused_{outcome}"] += 1
        connection.reply(header, Result.FAILURE if outcome is Refusal.MEMORY else Result.BAD_MESSAGE)
    elif outcome is not None:
        server.counters["messages_assembled"] += 1
        _decode(connection, outcome.header, outcome.body, outcome.serials)


def ask_again(connection: Connection) -> None:
    """Ask for sub-packages that did not come: 0x8800 for multimedia whose id is known, otherwise 0x8003."""
    if not len(connection.reassembly):
        return
    overdue, given_up = connection.reassembly.overdue(connection.server.clock.monotonic_s())
    connection.server.counters["partial_messages_lost"] += given_up
    for missing in overdue:
        connection.server.counters["resend_requests"] += 1
        connection.send(_request(missing))


def _request(missing: Missing) -> Body:
    media = missing.header.message_id == MessageId.MULTIMEDIA
    if media and missing.first_body is not None and len(missing.first_body) >= 4:
        return MultimediaReply(int.from_bytes(missing.first_body[:4], "big"), missing.indexes)
    return ResendRequest(missing.first_serial, missing.indexes)


def _decode(connection: Connection, header: Header, data: bytes, serials: tuple[int, ...]) -> None:
    """A whole message; ``serials`` of all the frames it came in."""
    try:
        body = decode_body(header.message_id, data, header.edition)
    except ValueError:
        connection.server.counters[Fault.BODY] += 1
        _reply_all(connection, header, serials, Result.BAD_MESSAGE)
        return
    match body:
        case Registration() | Authentication():
            login.check(connection, header, body)
        case Location() | LocationReply() | LocationBatch():
            _store_rows(connection, header, body, serials, len(data))
        case DriverCard():
            _driver_card(connection, header, body)
        case Multimedia():
            connection.server.run(_multimedia(connection, header, body))
        case TerminalReply():
            connection.server.counters["replies_late"] += not connection.commands.answered(body)
        case Deregistration():
            _deregister(connection, header)
        case Heartbeat() | MultimediaEvent():
            _reply_all(connection, header, serials, Result.OK)
        case _:
            connection.server.counters["unsupported"] += 1
            _reply_all(connection, header, serials, Result.UNSUPPORTED)


def _reply_all(connection: Connection, header: Header, serials: tuple[int, ...], result: int) -> None:
    """Every frame of the message is answered: some terminals wait for the first one's answer, some for the last's."""
    for serial in serials:
        connection.reply(Header(header.message_id, header.phone, serial), result)


def _deregister(connection: Connection, header: Header) -> None:
    connection.reply(header, Result.OK)
    connection.server.counters["deregistrations"] += 1
    connection.server.log_out(connection)
    connection.set_state(State.NEW)


def _source(connection: Connection) -> Source:
    server, slot = connection.server, connection.slot
    return Source(int(server.sessions.device[slot]), int(server.sessions.system[slot]), server.clock.now_ms())


def _store_rows(
    connection: Connection,
    header: Header,
    body: Location | LocationReply | LocationBatch,
    serials: tuple[int, ...],
    size: int,
) -> None:
    """Locations that came by a rare way: stored like the others, answered after that."""
    rows, source = Rows(), _source(connection)
    if isinstance(body, LocationBatch):
        for item in body.items:
            rows.add(item, source, batch_origin(body.kind))
        connection.server.counters["bad_items"] += body.bad_items
        if body.bad_items and not body.items:
            _reply_all(connection, header, serials, Result.BAD_MESSAGE)
            return
    else:
        rows.add(body.location if isinstance(body, LocationReply) else body, source, ORIGIN_LIVE)
    connection.server.counters["positions"] += len(rows.positions)
    connection.server.counters["alarms"] += len(rows.alarms)

    def done(stored: bool) -> None:
        _reply_all(connection, header, serials, Result.OK if stored else Result.FAILURE)
        for alarm, label in zip(rows.alarms, rows.labels, strict=True):
            if stored and label.attachments:
                ask_for_files(connection, label, int(alarm[3]), int(alarm[6]), int(alarm[1]))

    connection.server.intake.add_rows(ExtraRows(rows, done), size)


def _driver_card(connection: Connection, header: Header, card: DriverCard) -> None:
    """0x0702: a card other than the last one put in is a change of driver, stored as an observation.

    The card itself (name, certificate, identity) is not stored: who drives is not what the platform watches.
    """
    server, device = connection.server, connection.device
    if device is None or card.status != CARD_IN or card.result != 0 or not card.certificate:
        connection.reply(header, Result.OK)
        return
    earlier = server.certificates.get(device.id)
    if earlier is None or earlier == server.pseudonym(card.certificate):
        server.certificates[device.id] = server.pseudonym(card.certificate)
        connection.reply(header, Result.OK)
        return
    place = server.sessions.last_place(connection.slot)
    if place is None:
        server.counters["driver_changes_without_place"] += 1
        connection.reply(header, Result.FAILURE)
        return
    source = _source(connection)
    event_ms = card.event_ms if card.event_ms != NO_TIME_MS else source.received_ms
    rows = Rows()
    rows.alarms.append(driver_change_row(source, event_ms, *place))
    rows.labels.append(AlarmLabel())
    rows.systems.append(source.system)

    def done(stored: bool) -> None:
        if stored:
            server.certificates[device.id] = server.pseudonym(card.certificate)
            server.counters["driver_changes"] += 1
        connection.reply(header, Result.OK if stored else Result.FAILURE)

    server.intake.add_rows(ExtraRows(rows, done), 0)


async def _multimedia(connection: Connection, header: Header, body: Multimedia) -> None:
    """0x0801: stored first, then 0x8800 without a list: everything arrived."""
    server, device = connection.server, connection.device
    if device is None:
        connection.reply(header, Result.FAILURE)
        return
    event_ms = body.location.event_ms if body.location and body.location.event_ms != NO_TIME_MS else None
    name = f"{body.media_id}-{body.channel}"
    media = Media(device.id, "multimedia", name, body.media_type, event_ms, len(body.data))
    try:
        await asyncio.get_running_loop().run_in_executor(server.media_executor, server.files, media, [body.data])
    except CityOpsError as error:
        server.counters["multimedia_not_stored"] += 1
        _log.error("multimedia %s of device %d was not stored: %s", name, device.id, error.text.en)
        connection.reply(header, Result.FAILURE)
        return
    server.counters["multimedia_stored"] += 1
    connection.send(MultimediaReply(body.media_id))


def ask_for_files(connection: Connection, label: AlarmLabel, system: int, kind: int, event_ms: int) -> None:
    """0x9208 for a stored alarm that announces files, once."""
    server, device = connection.server, connection.device
    if device is None or connection.closed:
        return
    number = secrets.token_hex(16)
    now_s = server.clock.monotonic_s()
    alarm = ExpectedAlarm(number, device.id, connection.phone, label, system, kind, event_ms, now_s)
    if not server.expected.ask(alarm):
        return
    server.counters["attachment_requests"] += 1
    host = server.settings.attachment_host or connection.local_host
    port = server.settings.attachment_port or server.port
    connection.send(AttachmentRequest(host, port, 0, label, number))

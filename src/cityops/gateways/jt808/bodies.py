"""Bodies: bytes to values and back, one pair of functions a message id, in one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cityops.gateways.jt808.fields import (
    NO_TIME_MS,
    Reader,
    ShortBodyError,
    bcd_digits,
    counted_text,
    decode_time,
    encode_time,
    fixed_text,
    gbk_text,
    to_bcd,
)
from cityops.gateways.jt808.header import Edition
from cityops.gateways.jt808.location import FIXED_BYTES, Location, decode_location, encode_location
from cityops.gateways.jt808.messages import (
    AttachedFile,
    AttachmentInfo,
    AttachmentRequest,
    Authentication,
    Body,
    Deregistration,
    DriverCard,
    FileDone,
    FileInfo,
    FileReply,
    GeneralReply,
    Heartbeat,
    LocationBatch,
    LocationReply,
    MessageId,
    Multimedia,
    MultimediaEvent,
    MultimediaReply,
    RegisterReply,
    Registration,
    ResendRequest,
    TerminalReply,
    TextMessage,
)
from cityops.gateways.jt808.safety import LONG_LABEL_BYTES, SHORT_LABEL_BYTES, AlarmLabel

_VIN_CHARACTERS: Final = 17
_REGISTER_SIZES: Final = {Edition.V2011: (5, 8, 7), Edition.V2013: (5, 20, 7), Edition.V2019: (11, 30, 30)}
_MIN_2013_REGISTER_BYTES: Final = 37
_IMEI_BYTES: Final = 15
_SOFTWARE_BYTES: Final = 20


def _registration_edition(data: bytes, header_edition: Edition) -> Edition:
    """2011 or 2013 by length: 25 bytes before the plate against 37. A 2011 body may reach 37 only with a VIN."""
    if header_edition is Edition.V2019:
        return Edition.V2019
    if len(data) < _MIN_2013_REGISTER_BYTES:
        return Edition.V2011
    vin = data[25:]
    if len(vin) == _VIN_CHARACTERS and data[24] == 0 and vin.isalnum() and vin.isascii():
        return Edition.V2011
    return Edition.V2013


def _decode_registration(data: bytes, header_edition: Edition) -> Registration:
    edition = _registration_edition(data, header_edition)
    maker_bytes, model_bytes, id_bytes = _REGISTER_SIZES[edition]
    reader = Reader(data)
    return Registration(
        province=reader.number(2),
        city=reader.number(2),
        maker=reader.text(maker_bytes),
        model=reader.text(model_bytes),
        terminal_id=reader.text(id_bytes),
        plate_color=reader.number(1),
        plate=gbk_text(reader.rest()),
        edition=edition,
    )


def _encode_registration(body: Registration, _: Edition) -> bytes:
    maker_bytes, model_bytes, id_bytes = _REGISTER_SIZES[body.edition]
    return (
        body.province.to_bytes(2, "big")
        + body.city.to_bytes(2, "big")
        + fixed_text(body.maker, maker_bytes)
        + fixed_text(body.model, model_bytes)
        + fixed_text(body.terminal_id, id_bytes)
        + bytes([body.plate_color])
        + body.plate.encode("gbk")
    )


def _decode_authentication(data: bytes, edition: Edition) -> Authentication:
    """2019: length + code + IMEI[15] + version[20]; before: the code is the whole body."""
    if edition is not Edition.V2019:
        return Authentication(gbk_text(data))
    reader = Reader(data)
    return Authentication(reader.counted_text(), reader.text(_IMEI_BYTES), gbk_text(reader.rest()[:_SOFTWARE_BYTES]))


def _encode_authentication(body: Authentication, edition: Edition) -> bytes:
    if edition is not Edition.V2019:
        return body.code.encode("gbk")
    return counted_text(body.code) + fixed_text(body.imei, _IMEI_BYTES) + fixed_text(body.software, _SOFTWARE_BYTES)


def _decode_batch(data: bytes, _: Edition) -> LocationBatch:
    """Count, kind, then each item by its own length; an item that cannot be read costs only itself."""
    reader = Reader(data)
    count, kind = reader.number(2), reader.number(1)
    items: list[Location] = []
    bad_items = 0
    for index in range(count):
        try:
            item = reader.take(reader.number(2))
        except ShortBodyError:
            bad_items += count - index
            break
        if len(item) < FIXED_BYTES:
            bad_items += 1
        else:
            items.append(decode_location(item))
    return LocationBatch(kind, tuple(items), bad_items)


def _encode_batch(body: LocationBatch, _: Edition) -> bytes:
    data = bytearray(len(body.items).to_bytes(2, "big") + bytes([body.kind]))
    for location in body.items:
        item = encode_location(location)
        data += len(item).to_bytes(2, "big") + item
    return bytes(data)


def _decode_driver_card(data: bytes, edition: Edition) -> DriverCard:
    """2013 and 2019 begin with the status, 1 or 2; 2011 with the length of a name, which in GBK is at least 2.

    A 2011 name of one character (length 2) is told by what follows: seven BCD-like bytes there would be no name.
    """
    reader = Reader(data)
    if edition is not Edition.V2019 and not _has_card_status(data):
        name, identity = reader.counted_text(), reader.text(20)
        certificate, institution = reader.text(40), reader.counted_text()
        return DriverCard(1, NO_TIME_MS, 0, name, certificate, institution, "", identity, Edition.V2011)
    status, event_ms = reader.number(1), decode_time(reader.take(6))
    if reader.at == len(data):
        return DriverCard(status, event_ms, edition=edition)
    result = reader.number(1)
    if reader.at == len(data):
        return DriverCard(status, event_ms, result, edition=edition)
    name, certificate, institution = reader.counted_text(), reader.text(20), reader.counted_text()
    valid_until = bcd_digits(reader.take(4))
    identity = reader.text(20) if edition is Edition.V2019 else ""
    return DriverCard(status, event_ms, result, name, certificate, institution, valid_until, identity, edition)


def _has_card_status(data: bytes) -> bool:
    if data[:1] == b"\x01":
        return True
    return data[:1] == b"\x02" and (len(data) <= 8 or decode_time(data[1:7]) != NO_TIME_MS)


def _encode_driver_card(body: DriverCard, edition: Edition) -> bytes:
    if body.edition is Edition.V2011:
        name, institution = counted_text(body.name), counted_text(body.institution)
        return name + fixed_text(body.identity, 20) + fixed_text(body.certificate, 40) + institution
    data = bytes([body.status]) + encode_time(body.event_ms)
    if body.status != 1:
        return data
    data += bytes([body.result])
    if body.result != 0:
        return data
    data += counted_text(body.name) + fixed_text(body.certificate, 20) + counted_text(body.institution)
    data += to_bcd(body.valid_until or "0", 4)
    return data + (fixed_text(body.identity, 20) if edition is Edition.V2019 else b"")


def _decode_multimedia(data: bytes, edition: Edition) -> Multimedia:
    """Eight bytes, then (since 2013) a location of 28, then the data.

    2011 has no location. The header cannot tell the two apart, but 28 bytes that end in a valid BCD time are one.
    """
    reader = Reader(data)
    media_id = reader.number(4)
    kind, media_format, event, channel = (reader.number(1) for _ in range(4))
    place = data[8 : 8 + FIXED_BYTES]
    location = None
    if edition is Edition.V2019 or (len(place) == FIXED_BYTES and _looks_like_location(place)):
        location = decode_location(reader.take(FIXED_BYTES))
    return Multimedia(media_id, kind, media_format, event, channel, location, reader.rest())


def _looks_like_location(place: bytes) -> bool:
    return place[22:].hex().isdecimal() and (place[22:] == bytes(6) or decode_time(place[22:]) != NO_TIME_MS)


def _encode_multimedia(body: Multimedia, _: Edition) -> bytes:
    head = bytes([body.media_type, body.media_format, body.event, body.channel])
    place = encode_location(body.location)[:FIXED_BYTES] if body.location else b""
    return body.media_id.to_bytes(4, "big") + head + place + body.data


def _decode_attachment_info(data: bytes, _: Edition) -> AttachmentInfo:
    """Terminal id and label come as 7 and 16 bytes, or 30 and 40: the one that the file list fits is meant."""
    for id_bytes, size in ((7, SHORT_LABEL_BYTES), (30, LONG_LABEL_BYTES)):
        reader = Reader(data)
        try:
            terminal_id, label = reader.text(id_bytes), AlarmLabel.decode(reader.take(size))
            number, kind = reader.text(32), reader.number(1)
            files = tuple(AttachedFile(reader.counted_text(), reader.number(4)) for _ in range(reader.number(1)))
        except ShortBodyError:
            continue
        if reader.at == len(data):
            return AttachmentInfo(terminal_id, label, number, kind, files)
    raise ShortBodyError("the file list fits neither form of the alarm label")


def _encode_attachment_info(body: AttachmentInfo, _: Edition) -> bytes:
    data = fixed_text(body.terminal_id, 30 if body.label.long else 7) + body.label.encode()
    data += fixed_text(body.alarm_number, 32) + bytes([body.kind, len(body.files)])
    return data + b"".join(counted_text(file.name) + file.size.to_bytes(4, "big") for file in body.files)


def _decode_request(data: bytes, _: Edition) -> AttachmentRequest:
    reader = Reader(data)
    host, tcp_port, udp_port = reader.counted_text(), reader.number(2), reader.number(2)
    label = AlarmLabel.decode(reader.take(LONG_LABEL_BYTES if len(data) - reader.at == 88 else SHORT_LABEL_BYTES))
    return AttachmentRequest(host, tcp_port, udp_port, label, reader.text(32))


def _encode_request(body: AttachmentRequest, _: Edition) -> bytes:
    ports = body.tcp_port.to_bytes(2, "big") + body.udp_port.to_bytes(2, "big")
    return counted_text(body.host) + ports + body.label.encode() + fixed_text(body.alarm_number, 32) + bytes(16)


def _decode_file_reply(data: bytes, _: Edition) -> FileReply:
    reader = Reader(data)
    name, file_type, _result = reader.counted_text(), reader.number(1), reader.number(1)
    return FileReply(name, file_type, tuple((reader.number(4), reader.number(4)) for _ in range(reader.number(1))))


def _encode_file_reply(body: FileReply, _: Edition) -> bytes:
    head = counted_text(body.name) + bytes([body.file_type, 1 if body.missing else 0, len(body.missing)])
    return head + b"".join(at.to_bytes(4, "big") + length.to_bytes(4, "big") for at, length in body.missing)


def _decode_text(data: bytes, edition: Edition) -> TextMessage:
    reader = Reader(data)
    flags = reader.number(1)
    kind = reader.number(1) if edition is Edition.V2019 else 1
    return TextMessage(gbk_text(reader.rest()), flags, kind)


def _encode_text(body: TextMessage, edition: Edition) -> bytes:
    return bytes([body.flags]) + (bytes([body.kind]) if edition is Edition.V2019 else b"") + body.text.encode("gbk")


def _decode_resend(data: bytes, edition: Edition) -> ResendRequest:
    reader = Reader(data)
    serial, count = reader.number(2), reader.number(2 if edition is Edition.V2019 else 1)
    return ResendRequest(serial, tuple(reader.number(2) for _ in range(count)))


def _encode_resend(body: ResendRequest, edition: Edition) -> bytes:
    count = len(body.indexes).to_bytes(2 if edition is Edition.V2019 else 1, "big")
    return body.serial.to_bytes(2, "big") + count + _words(body.indexes)


def _decode_media_reply(data: bytes, _: Edition) -> MultimediaReply:
    reader = Reader(data)
    media_id = reader.number(4)
    count = reader.number(1) if reader.at < len(data) else 0
    return MultimediaReply(media_id, tuple(reader.number(2) for _ in range(count)))


def _encode_media_reply(body: MultimediaReply, _: Edition) -> bytes:
    indexes = bytes([len(body.indexes)]) + _words(body.indexes) if body.indexes else b""
    return body.media_id.to_bytes(4, "big") + indexes


def _decode_register_reply(data: bytes, _: Edition) -> RegisterReply:
    reader = Reader(data)
    return RegisterReply(reader.number(2), reader.number(1), gbk_text(reader.rest()))


def _encode_register_reply(body: RegisterReply, _: Edition) -> bytes:
    return body.serial.to_bytes(2, "big") + bytes([body.result]) + body.code.encode("gbk")


def _decode_location_reply(data: bytes, _: Edition) -> LocationReply:
    reader = Reader(data)
    return LocationReply(reader.number(2), decode_location(reader.rest()))


def _decode_media_event(data: bytes, _: Edition) -> MultimediaEvent:
    reader = Reader(data)
    return MultimediaEvent(*(reader.number(size) for size in (4, 1, 1, 1, 1)))


def _encode_media_event(body: MultimediaEvent, _: Edition) -> bytes:
    return body.media_id.to_bytes(4, "big") + bytes([body.media_type, body.media_format, body.event, body.channel])


def _words(values: tuple[int, ...]) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)


def _encode_answer(body: GeneralReply | TerminalReply, _: Edition) -> bytes:
    return body.serial.to_bytes(2, "big") + body.message_id.to_bytes(2, "big") + bytes([body.result])


def _answer(kind: type[GeneralReply] | type[TerminalReply]) -> Callable[[bytes, Edition], Body]:
    def decode(data: bytes, _: Edition) -> Body:
        reader = Reader(data)
        return kind(reader.number(2), reader.number(2), reader.number(1))

    return decode


def _file(kind: type[FileInfo] | type[FileDone]) -> Callable[[bytes, Edition], Body]:
    def decode(data: bytes, _: Edition) -> Body:
        reader = Reader(data)
        return kind(reader.counted_text(), reader.number(1), reader.number(4))

    return decode


def _encode_file(body: FileInfo | FileDone, _: Edition) -> bytes:
    return counted_text(body.name) + bytes([body.file_type]) + body.size.to_bytes(4, "big")


DECODERS: Final[dict[int, Callable[[bytes, Edition], Body]]] = {
    MessageId.TERMINAL_REPLY: _answer(TerminalReply),
    MessageId.HEARTBEAT: lambda _data, _edition: Heartbeat(),
    MessageId.DEREGISTER: lambda _data, _edition: Deregistration(),
    MessageId.REGISTER: _decode_registration,
    MessageId.AUTHENTICATE: _decode_authentication,
    MessageId.LOCATION: lambda data, _edition: decode_location(data),
    MessageId.LOCATION_REPLY: _decode_location_reply,
    MessageId.DRIVER_CARD: _decode_driver_card,
    MessageId.LOCATION_BATCH: _decode_batch,
    MessageId.MULTIMEDIA_EVENT: _decode_media_event,
    MessageId.MULTIMEDIA: _decode_multimedia,
    MessageId.ATTACHMENT_INFO: _decode_attachment_info,
    MessageId.FILE_INFO: _file(FileInfo),
    MessageId.FILE_DONE: _file(FileDone),
    MessageId.GENERAL_REPLY: _answer(GeneralReply),
    MessageId.RESEND_REQUEST: _decode_resend,
    MessageId.REGISTER_REPLY: _decode_register_reply,
    MessageId.TEXT: _decode_text,
    MessageId.MULTIMEDIA_REPLY: _decode_media_reply,
    MessageId.ATTACHMENT_REQUEST: _decode_request,
    MessageId.FILE_REPLY: _decode_file_reply,
}

# Each encoder takes the class it stands beside; a heterogeneous table cannot say so, hence the Any-like ``...``.
ENCODERS: Final[dict[type, tuple[MessageId, Callable[..., bytes]]]] = {
    TerminalReply: (MessageId.TERMINAL_REPLY, _encode_answer),
    Heartbeat: (MessageId.HEARTBEAT, lambda _body, _edition: b""),
    Deregistration: (MessageId.DEREGISTER, lambda _body, _edition: b""),
    Registration: (MessageId.REGISTER, _encode_registration),
    Authentication: (MessageId.AUTHENTICATE, _encode_authentication),
    Location: (MessageId.LOCATION, lambda body, _edition: encode_location(body)),
    LocationReply: (
        MessageId.LOCATION_REPLY,
        lambda body, _edition: body.serial.to_bytes(2, "big") + encode_location(body.location),
    ),
    DriverCard: (MessageId.DRIVER_CARD, _encode_driver_card),
    LocationBatch: (MessageId.LOCATION_BATCH, _encode_batch),
    MultimediaEvent: (MessageId.MULTIMEDIA_EVENT, _encode_media_event),
    Multimedia: (MessageId.MULTIMEDIA, _encode_multimedia),
    AttachmentInfo: (MessageId.ATTACHMENT_INFO, _encode_attachment_info),
    FileInfo: (MessageId.FILE_INFO, _encode_file),
    FileDone: (MessageId.FILE_DONE, _encode_file),
    GeneralReply: (MessageId.GENERAL_REPLY, _encode_answer),
    ResendRequest: (MessageId.RESEND_REQUEST, _encode_resend),
    RegisterReply: (MessageId.REGISTER_REPLY, _encode_register_reply),
    TextMessage: (MessageId.TEXT, _encode_text),
    MultimediaReply: (MessageId.MULTIMEDIA_REPLY, _encode_media_reply),
    AttachmentRequest: (MessageId.ATTACHMENT_REQUEST, _encode_request),
    FileReply: (MessageId.FILE_REPLY, _encode_file_reply),
}

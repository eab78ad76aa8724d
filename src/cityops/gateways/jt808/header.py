"""Message header (消息头) of all three editions, and a frame taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from cityops.gateways.jt808.fields import bcd_digits, to_bcd
from cityops.gateways.jt808.framing import MAX_BODY_BYTES, MAX_PLAIN_BYTES, checksum, unescape, wrap

_SUB_PACKAGED: Final = 1 << 13
_VERSIONED: Final = 1 << 14
_MIN_PLAIN_BYTES: Final = 13


class Edition(IntEnum):
    """Edition of the standard (版本). The header tells 2019 from the others; 2011 from 2013 only a body can."""

    V2011 = 2011
    V2013 = 2013
    V2019 = 2019


class Fault(StrEnum):
    """Why a frame is refused. Each is counted under this word."""

    OVERSIZED = "oversized"
    ESCAPE = "bad_escape"
    CHECKSUM = "bad_checksum"
    LENGTH = "bad_length"
    PHONE = "bad_phone"
    ENCRYPTED = "encrypted"
    BODY = "bad_body"


@dataclass(frozen=True, slots=True)
class FrameError:
    """A frame, or its body, that cannot be used. ``header`` is there when it could still be read."""

    fault: Fault
    detail: str
    header: Header | None = None


@dataclass(frozen=True, slots=True)
class SubPackage:
    """Place of a frame in a message of several (分包): ``index`` runs from 1 to ``total``."""

    total: int
    index: int


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before every body. ``phone``: digits as sent, 12 (2011, 2013) or 20 (2019)."""

    message_id: int
    phone: str
    serial: int
    edition: Edition = Edition.V2013
    version: int = 0
    encryption: int = 0
    sub_package: SubPackage | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame whose length, escapes and checksum are right."""

    header: Header
    body: bytes


def decode_frame(segment: bytes) -> Frame | FrameError:
    """Take a segment of :func:`~cityops.gateways.jt808.framing.split_frames` apart. Never raises.

    The length in the header must be the length there is; an encrypted body (bits 10–12) is refused, since the
    platform holds no key for it.
    """
    try:
        plain = unescape(segment)
    except ValueError as error:
        return FrameError(Fault.ESCAPE, str(error))
    if len(plain) > MAX_PLAIN_BYTES:
        return FrameError(Fault.OVERSIZED, f"{len(plain)} bytes")
    if len(plain) < _MIN_PLAIN_BYTES:
        return FrameError(Fault.LENGTH, f"{len(plain)} bytes are too few for a header")
    if checksum(plain) != 0:
        return FrameError(Fault.CHECKSUM, f"{plain[-1]:02x} sent, {checksum(plain[:-1]):02x} computed")
    return _decode_checked(plain)


def _decode_checked(plain: bytes) -> Frame | FrameError:
    props = int.from_bytes(plain[2:4], "big")
    versioned = bool(props & _VERSIONED)
    head_bytes = 17 if versioned else 12
    if props & _SUB_PACKAGED:
        head_bytes += 4
    body_bytes = props & MAX_BODY_BYTES
    if len(plain) != head_bytes + body_bytes + 1:
        return FrameError(Fault.LENGTH, f"header says {head_bytes + body_bytes + 1} bytes, there are {len(plain)}")
    try:
        phone = bcd_digits(plain[5:15] if versioned else plain[4:10])
    except ValueError as error:
        return FrameError(Fault.PHONE, str(error))
    tail = plain[15:head_bytes] if versioned else plain[10:head_bytes]
    header = Header(
        message_id=int.from_bytes(plain[0:2], "big"),
        phone=phone,
        serial=int.from_bytes(tail[0:2], "big"),
        edition=Edition.V2019 if versioned else Edition.V2013,
        version=plain[4] if versioned else 0,
        encryption=props >> 10 & 7,
        sub_package=SubPackage(int.from_bytes(tail[2:4], "big"), int.from_bytes(tail[4:6], "big"))
        if props & _SUB_PACKAGED
        else None,
    )
    if header.encryption:
        return FrameError(Fault.ENCRYPTED, f"encryption {header.encryption:03b} has no key here", header)
    return Frame(header, plain[head_bytes:-1])


def encode_frame(header: Header, body: bytes) -> bytes:
    """A frame as it goes on the wire.

    Raises:
        ValueError: the body is longer than 1,023 bytes, or a field does not fit.
    """
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"a body of {len(body)} bytes needs sub-packages")
    versioned = header.edition is Edition.V2019
    props = len(body) | header.encryption << 10
    if header.sub_package:
        props |= _SUB_PACKAGED
    if versioned:
        props |= _VERSIONED
    plain = bytearray(header.message_id.to_bytes(2, "big") + props.to_bytes(2, "big"))
    if versioned:
        plain.append(header.version)
    plain += to_bcd(header.phone, 10 if versioned else 6) + header.serial.to_bytes(2, "big")
    if header.sub_package:
        plain += header.sub_package.total.to_bytes(2, "big") + header.sub_package.index.to_bytes(2, "big")
    return wrap(bytes(plain) + body)

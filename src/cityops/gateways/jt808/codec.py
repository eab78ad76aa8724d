"""Frames to messages and messages to frames: the reference, in plain Python."""

from __future__ import annotations

from cityops.gateways.jt808.bodies import DECODERS, ENCODERS
from cityops.gateways.jt808.framing import MAX_BODY_BYTES
from cityops.gateways.jt808.header import (
    Edition,
    Fault,
    Frame,
    FrameError,
    Header,
    SubPackage,
    decode_frame,
    encode_frame,
)
from cityops.gateways.jt808.messages import Body, Message, Unsupported


def decode_body(message_id: int, data: bytes, edition: Edition) -> Body:
    """The body of a whole message.

    Raises:
        ValueError: the body does not hold what its id says. An unknown id is no error: ``Unsupported``.
    """
    decoder = DECODERS.get(message_id)
    if decoder is None:
        return Unsupported(message_id, data)
    return decoder(data, edition)


def decode_frame_body(frame: Frame) -> Message | FrameError:
    """The message of a frame that is not a sub-package. Never raises."""
    try:
        body = decode_body(frame.header.message_id, frame.body, frame.header.edition)
    except ValueError as error:
        return FrameError(Fault.BODY, str(error), frame.header)
    return Message(frame.header, body)


def decode_message(segment: bytes) -> Message | FrameError:
    """A segment between two delimiters as a message. Never raises; a sub-package comes back as ``Unsupported``."""
    frame = decode_frame(segment)
    if isinstance(frame, FrameError):
        return frame
    if frame.header.sub_package is not None:
        return Message(frame.header, Unsupported(frame.header.message_id, frame.body))
    return decode_frame_body(frame)


def encode_body(body: Body, edition: Edition) -> tuple[int, bytes]:
    """Message id and body bytes."""
    if isinstance(body, Unsupported):
        return body.message_id, body.data
    message_id, encoder = ENCODERS[type(body)]
    return int(message_id), encoder(body, edition)


def encode_message(
    body: Body, *, phone: str, serial: int, edition: Edition = Edition.V2013, package_bytes: int = MAX_BODY_BYTES
) -> list[bytes]:
    """A message as the frames that go on the wire.

    Args:
        body: what to say.
        phone: the terminal's number, digits.
        serial: of the first frame; sub-packages take the serials after it.
        edition: 2011 and 2013 share a header; 2019 has its own.
        package_bytes: longest body of one frame; a longer body is sent as sub-packages.

    Raises:
        ValueError: a field does not fit.
    """
    message_id, data = encode_body(body, edition)
    version = 1 if edition is Edition.V2019 else 0
    pieces = [data[at : at + package_bytes] for at in range(0, len(data), package_bytes)] or [b""]
    frames = []
    for index, piece in enumerate(pieces):
        place = SubPackage(len(pieces), index + 1) if len(pieces) > 1 else None
        header = Header(message_id, phone, (serial + index) & 0xFFFF, edition, version, sub_package=place)
        frames.append(encode_frame(header, piece))
    return frames

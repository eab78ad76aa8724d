"""JT/T 808 vehicle terminals (部标 808)."""

from cityops.gateways.jt808.codec import decode_message, encode_message
from cityops.gateways.jt808.framing import split_frames

__all__ = [
    "decode_message",
    "encode_message",
    "split_frames",
]

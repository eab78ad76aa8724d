"""Mutational fuzzing of the JT/T 808 decoders, seeded. Run: ``python tests/gateways/fuzz_jt808.py --inputs 1000000``.

Every input goes through framing, the reference decoder, the mixed-stream splitter and, in blocks, the compiled decoder.
It stops at the first exception, at a rest longer than the bound, at a reference and a compiled decoder that differ, and
when the memory of the process grows. ``test_fuzz.py`` runs a short stretch of it.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from cityops.gateways.jt808 import (
    AlarmLabel,
    AttachedFile,
    AttachmentInfo,
    Authentication,
    Body,
    DataFrame,
    DriverCard,
    Edition,
    Extras,
    FileInfo,
    FrameError,
    Heartbeat,
    Location,
    LocationBatch,
    Message,
    Multimedia,
    OverspeedAlarm,
    Registration,
    SafetyAlarm,
    Tyre,
    decode_message,
    encode_data_frame,
    encode_message,
    split_frames,
    split_mixed,
)
from cityops.gateways.jt808 import batch as compiled
from cityops.gateways.jt808.attachments import HEAD_BYTES, MAX_DATA_BYTES
from cityops.gateways.jt808.fields import normal_phone
from cityops.gateways.jt808.framing import MAX_ESCAPED_BYTES, checksum, escape

PHONE = "13800001234"
BLOCK = 1000
MAX_GROWTH_MB = 64


def seeds() -> list[bytes]:
    """Frames of every kind a terminal sends, in both headers."""
    label = AlarmLabel("T000001", 1_763_773_200_000, 3, 2)
    alarms = (
        SafetyAlarm(0x64, 1, 1, 2, 1, lead_speed_kmh=33, label=label),
        SafetyAlarm(0x65, 2, 1, 1, 2, fatigue=7, label=label),
        SafetyAlarm(0x66, 3, 2, label=label, tyres=tuple(Tyre(k, 1, 800, 40, 90) for k in range(14))),
        SafetyAlarm(0x67, 4, 1, 3, label=AlarmLabel("T000001", long=True)),
    )
    place = Location(latitude_e6=37_869_680, longitude_e6=112_551_024, event_ms=1_763_773_200_000)
    rich = Location(
        **{name: getattr(place, name) for name in ("latitude_e6", "longitude_e6", "event_ms")},
        extras=Extras(
            mileage_dkm=1, fuel_dl=2, overspeed=OverspeedAlarm(1, 2), safety=alarms, other=((0xEB, b"\x7e\x7d"),)
        ),
    )
    bodies: list[Body] = [
        Heartbeat(),
        Registration(14, 105, "MAKER", "MODEL", "T000001", 2, "晋A12345"),
        Authentication("code"),
        place,
        rich,
        LocationBatch(1, (place, place, place)),
        DriverCard(1, 1_763_773_200_000, 0, "张三", "CERT", "晋", "20301231"),
        Multimedia(1, 0, 0, 1, 2, place, bytes(range(256)) * 6),
        AttachmentInfo("T000001", label, "0" * 32, 0, (AttachedFile("a.jpg", 10),)),
        FileInfo("a.jpg", 0, 10),
    ]
    found = []
    for edition in (Edition.V2013, Edition.V2019):
        for body in bodies:
            found += encode_message(body, phone=PHONE, serial=7, edition=edition)
    return [*found, encode_data_frame(DataFrame("a.jpg", 0, bytes(range(100))))]


def mutate(source: random.Random, data: bytes) -> bytes:
    """One to four changes; half of the results get a right checksum again, so that the bodies are reached."""
    work = bytearray(data)
    for _ in range(source.randint(1, 4)):
        kind = source.randrange(6)
        at = source.randrange(len(work) + 1)
        if kind == 0 and work:
            work[at % len(work)] = source.randrange(256)
        elif kind == 1 and work:
            work[at % len(work)] ^= 1 << source.randrange(8)
        elif kind == 2:
            work[at:at] = source.randbytes(source.randint(1, 8))
        elif kind == 3:
            del work[at : at + source.randint(1, 16)]
        elif kind == 4:
            work[at:at] = source.choice((b"\x7e", b"\x7d", b"\x7d\x01", b"\xff\xff", b"\x00\x00", b"01cd"))
        else:
            work = bytearray(work[:at])
    if source.random() < 0.5:
        return bytes(work)
    return _repaired(bytes(work), kept_flags=source.choice((0x40, 0x40, 0x40, 0x44, 0x60)))


def _repaired(data: bytes, kept_flags: int) -> bytes:
    """A frame with its length field and checksum put right for whatever the body has become."""
    plain = bytearray(data.strip(b"\x7e").replace(b"\x7d\x02", b"\x7e").replace(b"\x7d\x01", b"\x7d")[:-1])
    if len(plain) < 12:
        return data
    head = 17 if plain[2] & 0x40 else 12
    plain[2] = plain[2] & 0x40 | kept_flags & 0x24
    size = max(len(plain) - head, 0) & 0x3FF
    plain[2] |= size >> 8
    plain[3] = size & 0xFF
    return b"\x7e" + escape(bytes(plain) + bytes([checksum(bytes(plain))])) + b"\x7e"


@dataclass
class Fuzzer:
    """Feeds inputs and holds the decoders to what they promise."""

    seed: int = 2026
    outcomes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._source = random.Random(self.seed)
        self._seeds = seeds()
        self._sessions = compiled.Sessions(1)
        self._sessions.bind(0, phone=PHONE, version=-1, device=1, system=0)

    def block(self, inputs: int = BLOCK) -> None:
        """So many inputs; ``AssertionError`` where a promise is broken."""
        chunks: list[bytes] = []
        positions = 0
        for _ in range(inputs):
            data = mutate(self._source, self._source.choice(self._seeds))
            frames, rest, oversized = split_frames(data)
            assert len(rest) <= MAX_ESCAPED_BYTES + 1
            self.outcomes["oversized"] += oversized
            positions += sum(self._reference(frame) for frame in frames)
            _, mixed_rest, _ = split_mixed(data)
            assert len(mixed_rest) <= MAX_DATA_BYTES + HEAD_BYTES
            chunks.append(data + b"\x7e")
            if rest:
                positions += self._reference(rest) if len(rest) <= MAX_ESCAPED_BYTES else 0
        slots = np.zeros(len(chunks), np.int32)
        found = compiled.decode_chunks(chunks, slots, np.zeros(len(chunks), np.int64), self._sessions)
        assert len(found.positions["device"]) == positions, "reference and compiled decoder differ"

    def _reference(self, segment: bytes) -> int:
        """Decode one segment; how many positions of the terminal it holds."""
        message = decode_message(segment)
        if isinstance(message, FrameError):
            self.outcomes[message.fault] += 1
            return 0
        assert isinstance(message, Message)
        self.outcomes[type(message.body).__name__] += 1
        if normal_phone(message.header.phone) != PHONE or message.header.sub_package:
            return 0
        if isinstance(message.body, LocationBatch):
            return len(message.body.items)
        return int(isinstance(message.body, Location))


def resident_mb() -> float:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=2026)
    arguments = parser.parse_args()
    fuzzer = Fuzzer(arguments.seed)
    fuzzer.block()
    before_mb, start_s = resident_mb(), time.perf_counter()
    blocks = -(-arguments.inputs // BLOCK)
    slowest_s = 0.0
    for _ in range(blocks):
        begin_s = time.perf_counter()
        fuzzer.block()
        slowest_s = max(slowest_s, time.perf_counter() - begin_s)
    growth_mb = resident_mb() - before_mb
    assert growth_mb < MAX_GROWTH_MB, f"memory grew by {growth_mb:.0f} MB"
    figures = {
        "inputs": blocks * BLOCK,
        "seed": arguments.seed,
        "seconds": round(time.perf_counter() - start_s, 1),
        "slowest_block_ms": round(slowest_s * 1000, 1),
        "memory_growth_mb": round(growth_mb, 1),
        "outcomes": dict(fuzzer.outcomes.most_common()),
    }
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()

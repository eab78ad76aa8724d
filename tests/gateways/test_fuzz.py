"""A short stretch of the fuzzing that ``fuzz_jt808.py`` does at length."""

from __future__ import annotations

import pytest
from tests.gateways.fuzz_jt808 import Fuzzer


@pytest.mark.parametrize("seed", [1, 2])
def test_mutated_frames_break_nothing_and_reach_every_decoder(seed: int) -> None:
    fuzzer = Fuzzer(seed)
    for _ in range(4):
        fuzzer.block()
    reached = set(fuzzer.outcomes)
    assert reached >= {"bad_checksum", "bad_escape", "bad_length", "bad_body", "encrypted", "bad_phone"}
    assert reached >= {"Location", "LocationBatch", "Registration", "Authentication", "DriverCard", "Multimedia"}
    assert reached >= {"Heartbeat", "AttachmentInfo", "FileInfo", "Unsupported"}

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.api.live_hub import CLOSING, LAGGING, LiveHub, LiveLimits
from cityops.api.live_words import Cursor, encode_event
from cityops.kit import BusyError

LIMITS = LiveLimits(clients=3, queued_messages=4)


def drain(queue: asyncio.Queue[bytes]) -> list[bytes]:
    return [queue.get_nowait() for _ in range(queue.qsize())]


def test_a_slow_client_is_cut_off_loudly_and_the_others_are_not() -> None:
    hub = LiveHub(LIMITS)
    slow, quick = hub.open(), hub.open()
    heard = []
    for number in range(6):
        hub.deliver([((slow, quick), b"%d" % number)])
        heard += drain(quick.queue)
    assert heard == [b"0", b"1", b"2", b"3", b"4", b"5"]
    assert drain(slow.queue) == [LAGGING]
    assert slow.farewell == LAGGING
    assert hub.cut_off == 1
    hub.deliver([((slow,), b"6")])
    assert drain(slow.queue) == []


def test_streams_beyond_the_bound_are_refused_and_counted() -> None:
    hub = LiveHub(LIMITS)
    clients = [hub.open() for _ in range(3)]
    for _ in range(2):
        with pytest.raises(BusyError) as refused:
            hub.open()
    assert refused.value.code == "live.full"
    assert hub.refused == 2
    hub.close(clients[0])
    hub.open()
    figures = {sample.name: sample.value for sample in hub.samples()}
    assert figures["cityops_live_clients"] == 3
    assert figures["cityops_live_refused_total"] == 2


def test_when_the_product_stops_everybody_hears_so_and_nobody_comes_in() -> None:
    hub = LiveHub(LIMITS)
    client = hub.open()
    client.offer(b"waiting")
    hub.close_all()
    assert drain(client.queue) == [CLOSING]
    with pytest.raises(BusyError):
        hub.open()


def test_an_event_is_written_as_the_standard_says() -> None:
    cursor = Cursor("5f2c01aa", 118, 907)
    assert encode_event("change", b'{"a":1}', cursor) == b'id: 5f2c01aa.118.907\nevent: change\ndata: {"a":1}\n\n'
    assert encode_event("ping", b"{}") == b"event: ping\ndata: {}\n\n"


@given(st.integers(0, 10**17), st.integers(0, 10**17))
def test_a_cursor_comes_back_as_it_went(sequence: int, event_id: int) -> None:
    cursor = Cursor("00ff00ff", sequence, event_id)
    assert Cursor.parse(str(cursor)) == cursor


@given(st.text(max_size=64))
def test_a_strange_cursor_is_no_cursor_and_no_failure(text: str) -> None:
    parsed = Cursor.parse(text)
    assert parsed is None or text.count(".") == 2


@pytest.mark.parametrize("text", ["", "a.b", "a.1.x", "a.-1.2", "a.1.2.3", "a.٣.2", "a.1." + "9" * 19])
def test_what_is_no_cursor(text: str) -> None:
    assert Cursor.parse(text) is None

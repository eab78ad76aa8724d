from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cityops.kit import InvalidError
from cityops.observations import STREAMS, VEHICLE_POSITION, VEHICLE_SAFETY_ALARM, Batch


def test_streams_have_the_agreed_columns() -> None:
    assert VEHICLE_POSITION.struct_dtype.itemsize == 3 * 8 + 2 * 8 + 2 + 4 + 2 + 4 + 4 + 8 + 4 + 4 + 1 + 1
    assert [stream.name for stream in STREAMS] == ["vehicle.position", "vehicle.safety_alarm"]
    for stream in STREAMS:
        assert {stream.key, "event_ms", "received_ms", *stream.identity} <= set(stream.names)
        for column in stream.columns:
            assert column.description.zh
            assert column.description.en
    assert VEHICLE_SAFETY_ALARM.struct_dtype["label_terminal"] == np.dtype("S30")


def test_struct_form_keeps_every_value(positions: Any) -> None:
    batch = positions([7, 8], [1_000, 2_000], speed_kmh=[61.5, 0.0], mileage_km=np.nan, altitude_m=[-3, 780])
    rows = batch.to_struct()
    assert rows["device"].tolist() == [7, 8]
    assert rows["altitude_m"].tolist() == [-3, 780]
    again = Batch.from_struct(VEHICLE_POSITION, rows)
    assert again.columns["speed_kmh"].tolist() == [61.5, 0.0]
    assert np.isnan(again.columns["mileage_km"]).all()
    assert again.to_struct().tobytes() == rows.tobytes()


def test_take_and_concat(positions: Any) -> None:
    batch = positions([1, 2, 3], [10, 20, 30])
    assert batch.take(np.array([True, False, True])).columns["device"].tolist() == [1, 3]
    assert batch.take(np.array([2, 0])).columns["event_ms"].tolist() == [30, 10]
    both = Batch.concat([batch, batch.take(slice(0, 1))])
    assert both.columns["device"].tolist() == [1, 2, 3, 1]
    assert Batch.empty(VEHICLE_POSITION).rows == 0


def test_concat_refuses_nothing_and_mixed_streams(positions: Any) -> None:
    with pytest.raises(InvalidError):
        Batch.concat([])
    with pytest.raises(InvalidError):
        Batch.concat([positions(1, [1]), Batch.empty(VEHICLE_SAFETY_ALARM)])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lon": None}, "missing ['lon']"),
        ({"colour": np.zeros(2)}, "unknown ['colour']"),
        ({"lon": np.zeros(2, dtype="f4")}, "lon: <f4"),
        ({"lon": np.zeros(3)}, "lon has shape (3,)"),
        ({"device": np.zeros((2, 1), dtype="i8")}, "device has shape (2, 1)"),
    ],
)
def test_a_wrong_batch_is_refused_by_name(positions: Any, change: dict[str, Any], words: str) -> None:
    columns = {**positions([1, 2], [10, 20]).columns, **change}
    columns = {name: array for name, array in columns.items() if array is not None}
    with pytest.raises(InvalidError) as caught:
        Batch(VEHICLE_POSITION, columns)
    assert words in caught.value.text.en
    assert "vehicle.position" in caught.value.text.zh


def test_wrong_struct_type_is_refused() -> None:
    with pytest.raises(InvalidError):
        Batch.from_struct(VEHICLE_POSITION, np.zeros(1, dtype=[("device", "<i8")]))


@given(st.integers(0, 50), st.integers(0, 2**32 - 1), st.sampled_from(STREAMS))
def test_any_bytes_survive_the_struct_form(rows: int, seed: int, stream: Any) -> None:
    size = rows * stream.struct_dtype.itemsize
    content = np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()
    batch = Batch.from_struct(stream, np.frombuffer(content, dtype=stream.struct_dtype))
    assert batch.rows == rows
    assert batch.to_struct().tobytes() == content

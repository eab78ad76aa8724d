"""Sub-packages: bounds of count, bytes and time; order and repetition do not matter."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cityops.gateways.jt808.header import Frame, Header, SubPackage
from cityops.gateways.jt808.reassembly import Budget, Missing, Reassembly, Refusal, Whole


def package(index: int, total: int, body: bytes, first_serial: int = 100, message_id: int = 0x0704) -> Frame:
    serial = (first_serial + index - 1) & 0xFFFF
    return Frame(Header(message_id, "1", serial, sub_package=SubPackage(total, index)), body)


def make(limit_bytes: int = 10_000, **bounds: float) -> Reassembly:
    values = {"max_messages": 2, "message_bytes": 1000, "wait_s": 5.0, "max_requests": 2, **bounds}
    return Reassembly(Budget(limit_bytes), **values)  # type: ignore[arg-type]


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=12), st.randoms(), st.integers(0, 0xFFFF))
def test_any_order_and_repetition_gives_the_message(parts: list[bytes], random: object, first_serial: int) -> None:
    order = [package(k + 1, len(parts), part, first_serial) for k, part in enumerate(parts)] * 2
    random.shuffle(order)  # type: ignore[attr-defined]
    reassembly = make()
    wholes = []
    for frame in order:
        outcome = reassembly.add(frame, 0.0)
        if isinstance(outcome, Whole):
            wholes.append(outcome)
    assert wholes[0].body == b"".join(parts)
    assert wholes[0].serials == tuple((first_serial + k) & 0xFFFF for k in range(len(parts)))
    reassembly.clear()
    assert reassembly.budget.used_bytes == 0


def test_missing_packages_are_asked_for_then_the_message_is_given_up() -> None:
    reassembly = make()
    assert reassembly.add(package(2, 4, b"bb"), 0.0) is None
    assert reassembly.overdue(4.9) == ([], 0)
    ask, given_up = reassembly.overdue(5.0)
    assert given_up == 0
    (missing,) = ask
    assert isinstance(missing, Missing)
    assert (missing.first_serial, missing.indexes, missing.first_body) == (100, (1, 3, 4), None)
    assert len(reassembly.overdue(10.0)[0]) == 1
    assert reassembly.overdue(15.0) == ([], 1)
    assert (len(reassembly), reassembly.budget.used_bytes) == (0, 0)


def test_a_package_sent_again_under_a_new_serial_finds_its_message() -> None:
    reassembly = make()
    assert reassembly.add(package(1, 2, b"aa"), 0.0) is None
    reassembly.overdue(5.0)
    outcome = reassembly.add(package(2, 2, b"bb", first_serial=900), 6.0)
    assert isinstance(outcome, Whole)
    assert (outcome.body, outcome.serials) == (b"aabb", (100, 901))


def test_every_bound_holds() -> None:
    reassembly = make(limit_bytes=1500)
    assert reassembly.add(package(0, 2, b""), 0.0) is Refusal.INDEX
    assert reassembly.add(package(3, 2, b""), 0.0) is Refusal.INDEX
    assert reassembly.add(package(1, 2, b"x" * 1001), 0.0) is Refusal.TOO_LONG
    assert reassembly.add(package(1, 2, b"x" * 900, 100), 0.0) is None
    assert reassembly.add(package(1, 2, b"x" * 700, 200), 0.0) is Refusal.MEMORY
    assert reassembly.add(package(1, 2, b"x", 300), 0.0) is Refusal.TOO_MANY
    assert reassembly.budget.used_bytes == 900
    assert reassembly.clear() == 2
    assert reassembly.budget.used_bytes == 0


def test_a_request_names_at_most_255_packages() -> None:
    reassembly = make()
    reassembly.add(package(1, 1000, b"a"), 0.0)
    (missing,), _ = reassembly.overdue(5.0)
    assert missing.indexes == tuple(range(2, 257))

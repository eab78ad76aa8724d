"""Reads a QR code's modules (ISO/IEC 18004, byte mode, versions 2 to 6, error correction M) without repairing any."""

from __future__ import annotations

from collections.abc import Callable, Iterator

_BLOCKS = {2: (1, 28), 3: (1, 44), 4: (2, 32), 5: (2, 43), 6: (4, 27)}
"""By version at level M: blocks, and data codewords in each (table 9 of the standard)."""
_MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda r, c: (r + c) % 2 == 0,
    lambda r, c: r % 2 == 0,
    lambda r, c: c % 3 == 0,
    lambda r, c: (r + c) % 3 == 0,
    lambda r, c: (r // 2 + c // 3) % 2 == 0,
    lambda r, c: (r * c) % 2 + (r * c) % 3 == 0,
    lambda r, c: ((r * c) % 2 + (r * c) % 3) % 2 == 0,
    lambda r, c: ((r + c) % 2 + (r * c) % 3) % 2 == 0,
)
_FORMAT_MASK = 0b101010000010010
_LEVEL_M = 0b00


def modules_of(svg: str, quiet: int = 4) -> list[list[bool]]:
    """The dark modules of our SVG, without the white around them."""
    size = int(svg.split('viewBox="0 0 ')[1].split(" ")[0]) - 2 * quiet
    found = [[False] * size for _ in range(size)]
    for part in svg.rsplit('d="', 1)[1].split('"')[0].split("M")[1:]:
        column, row = part.split("h")[0].split(" ")
        found[int(row) - quiet][int(column) - quiet] = True
    return found


def read_qr(modules: list[list[bool]]) -> str:
    """The words in the code."""
    size = len(modules)
    version = (size - 17) // 4
    form = sum(modules[8][column] << (14 - at) for at, column in enumerate((0, 1, 2, 3, 4, 5, 7))) >> 8 << 8
    form ^= _FORMAT_MASK & 0b111111100000000
    assert form >> 13 == _LEVEL_M
    mask = _MASKS[form >> 10 & 0b111]
    bits = [modules[row][column] ^ mask(row, column) for row, column in _path(size, version)]
    words = [sum(bit << (7 - at) for at, bit in enumerate(bits[n : n + 8])) for n in range(0, len(bits) - 7, 8)]
    blocks, length = _BLOCKS[version]
    data = [words[blocks * at + block] for block in range(blocks) for at in range(length)]
    stream = "".join(f"{word:08b}" for word in data)
    assert stream[:4] == "0100"  # byte mode
    count = int(stream[4:12], 2)
    return bytes(int(stream[12 + 8 * n : 20 + 8 * n], 2) for n in range(count)).decode()


def _path(size: int, version: int) -> Iterator[tuple[int, int]]:
    """The modules of data, in their order: two columns at a time from the right, up and down in turn."""
    upwards = True
    for right in (*range(size - 1, 6, -2), 5, 3, 1):
        rows = range(size - 1, -1, -1) if upwards else range(size)
        for row in rows:
            for column in (right, right - 1):
                if not _is_pattern(row, column, size, version):
                    yield row, column
        upwards = not upwards


def _is_pattern(row: int, column: int, size: int, version: int) -> bool:
    """Whether the module belongs to a finder, timing, format or alignment pattern."""
    if row == 6 or column == 6:
        return True
    near, far = (row < 9, column < 9), (row > size - 9, column > size - 9)
    if (near[0] and near[1]) or (near[0] and far[1]) or (far[0] and near[1]):
        return True
    middle = size - 7  # the one alignment pattern of versions 2 to 6
    return version > 1 and abs(row - middle) <= 2 and abs(column - middle) <= 2

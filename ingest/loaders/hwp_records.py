"""HWP 5 below the text: streams unpacked and decrypted, records, and the tree their levels make.

Source: Hancom, "한글 문서 파일 형식 5.0" revision 1.3 and "배포용 문서" revision 1.2. Written from those documents, as the
Python readers of this format are under the AGPL or not kept up.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from ingest.base import Limits

# tags (section 4.1), those that are read
NUMBERING, PARA_SHAPE, STYLE, DISTRIBUTION = 0x17, 0x19, 0x1A, 0x1C
PARA_HEADER, PARA_TEXT, CTRL_HEADER, LIST_HEADER, TABLE, EQUATION = 0x42, 0x43, 0x47, 0x48, 0x4D, 0x58

DEEPEST = 200  # levels of nesting; no editor makes more than a few dozen
LONG_RECORD = 0xFFF
DISTRIBUTION_BYTES = 256


class HwpFormatError(ValueError):
    """The bytes are not what the specification says; `unsafe` where they unpack beyond the limits."""

    def __init__(self, detail: str, unsafe: bool = False) -> None:
        super().__init__(detail)
        self.unsafe = unsafe


@dataclass(slots=True)
class Record:
    """One record and those nested in it."""

    tag: int
    data: bytes
    children: list[Record] = field(default_factory=list)

    def u16(self, offset: int) -> int:
        """Unsigned little-endian 16 bits; 0 beyond the record's end, as older versions write shorter records."""
        return int.from_bytes(self.data[offset : offset + 2], "little")

    def u32(self, offset: int) -> int:
        """As `u16`, 32 bits."""
        return int.from_bytes(self.data[offset : offset + 4], "little")

    def text(self, offset: int) -> str:
        """A string with its length in 16-bit units before it."""
        end = offset + 2 + 2 * self.u16(offset)
        return self.data[offset + 2 : end].decode("utf-16-le", errors="replace")


def read_tree(data: bytes) -> list[Record]:
    """Top records of an unpacked stream, the others nested by level. Raises HwpFormatError."""
    top: list[Record] = []
    stack: list[tuple[int, Record]] = []
    for level, record in _records(data):
        while stack and stack[-1][0] >= level:
            stack.pop()
        (stack[-1][1].children if stack else top).append(record)
        if level < DEEPEST:
            stack.append((level, record))
    return top


def _records(data: bytes) -> Iterator[tuple[int, Record]]:
    offset = 0
    while offset + 4 <= len(data):
        header = int.from_bytes(data[offset : offset + 4], "little")
        tag, level, size = header & 0x3FF, header >> 10 & 0x3FF, header >> 20
        offset += 4
        if size == LONG_RECORD:
            size = int.from_bytes(data[offset : offset + 4], "little")
            offset += 4
        if offset + size > len(data):
            raise HwpFormatError("a record ends beyond its stream")
        yield level, Record(tag, data[offset : offset + size])
        offset += size


def unpack(data: bytes, limits: Limits) -> bytes:
    """A raw deflate stream, within the limits. Raises HwpFormatError."""
    most = min(limits.unpacked_mb * 1_000_000, max(len(data) * limits.unpack_ratio, 20_000_000))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        unpacked = inflater.decompress(data, most)
    except zlib.error as error:
        raise HwpFormatError("a compressed stream is damaged") from error
    if inflater.unconsumed_tail:
        raise HwpFormatError(f"a stream unpacks to more than {most / 1e6:.0f} MB", unsafe=True)
    if not inflater.eof:
        raise HwpFormatError("a compressed stream is cut off")
    return unpacked


def decrypt_distribution(data: bytes) -> bytes:
    """The packed stream inside a distribution document's section. Its key stands, disguised, before it.

    Raises HwpFormatError.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if len(data) < 4 + DISTRIBUTION_BYTES or int.from_bytes(data[:4], "little") & 0x3FF != DISTRIBUTION:
        raise HwpFormatError("the key of a distribution document is missing")
    hidden = _unmask(data[4 : 4 + DISTRIBUTION_BYTES])
    start = 4 + (hidden[0] & 0xF)
    # ECB is the format's choice: this reads what others wrote, it protects nothing
    cipher = Cipher(algorithms.AES(hidden[start : start + 16]), modes.ECB())  # noqa: S305
    body = data[4 + DISTRIBUTION_BYTES :]
    return cipher.decryptor().update(body[: len(body) // 16 * 16])


def _unmask(block: bytes) -> bytes:
    """Undoes the XOR with runs of pseudo-random bytes; the seed is the block's first four bytes."""
    randoms = _randoms(struct.unpack("<I", block[:4])[0])
    mask = bytearray()
    while len(mask) < len(block):
        value, run = next(randoms) & 0xFF, (next(randoms) & 0xF) + 1
        mask += bytes([value]) * run
    return block[:4] + bytes(byte ^ key for byte, key in zip(block[4:], mask[4:], strict=False))


def _randoms(seed: int) -> Iterator[int]:
    """The linear congruential generator of Microsoft's C library, 15 bits at a time."""
    while True:
        seed = (seed * 214013 + 2531011) & 0xFFFFFFFF
        yield seed >> 16 & 0x7FFF

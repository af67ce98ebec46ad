"""Tensors of a safetensors file as float32 arrays, one at a time, with bfloat16, which numpy has no type for.

Needs no PyTorch. The form: eight bytes of length, JSON with type, shape and place of each tensor, then the bytes themselves
(https://huggingface.co/docs/safetensors).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError

MOST_HEADER_BYTES = 100_000_000
_TYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "F64": "<f8"}


class SafetensorsFile:
    """Raises InputError where the file is no safetensors file, is cut short, or holds what is no floating-point number."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._size = path.stat().st_size
            with path.open("rb") as file:
                (length,) = struct.unpack("<Q", file.read(8))
                if length > min(self._size, MOST_HEADER_BYTES):
                    raise ValueError("its head is longer than the file")
                head = json.loads(file.read(length))
            self._start = 8 + length
            head.pop("__metadata__", None)
            self._places = {name: self._place(name, entry) for name, entry in head.items()}
        except (OSError, struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
            detail = f"{path.name} is no whole safetensors file ({error}); save or copy it again"
            raise InputError(
                detail=detail, text_key="adapter.no_safetensors", name=path.name, why=str(error)
            ) from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def shape(self, name: str) -> tuple[int, ...]:
        return self._places[name][1]

    def array(self, name: str) -> NDArray[np.float32]:
        """Raises KeyError for a name that is none."""
        kind, shape, begin, count = self._places[name]
        with self.path.open("rb") as file:
            file.seek(begin)
            raw = np.fromfile(file, dtype=_TYPES[kind], count=count)
        if kind == "BF16":  # the upper half of a float32
            raw = (raw.astype(np.uint32) << 16).view(np.float32)
        return raw.astype(np.float32, copy=False).reshape(shape)

    def _place(self, name: str, entry: dict[str, Any]) -> tuple[str, tuple[int, ...], int, int]:
        kind, shape, (begin, end) = entry["dtype"], tuple(map(int, entry["shape"])), entry["data_offsets"]
        if kind not in _TYPES:
            raise ValueError(f"{name} is of type {kind}")
        count = int(np.prod(shape, dtype=np.int64))
        width = np.dtype(_TYPES[kind]).itemsize
        if (
            min(shape, default=0) < 0
            or end - begin != count * width
            or not 0 <= begin <= self._size - self._start - count * width
        ):
            raise ValueError(f"the place of {name} lies outside the file")
        return kind, shape, self._start + begin, count

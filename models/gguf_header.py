"""The head of a GGUF file: what it says about itself, and the names and shapes of its tensors. Reads no weights.

    head = read_header(Path("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"))
    head.architecture, head.shapes["blk.0.attn_q.weight"]      # "qwen2", (896, 896)

The `gguf` package's reader takes 8 s for the 0.5B, because it makes an object of each of 300,000 words of the tokenizer; walking
over them takes 30 ms and needs no package. The form: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from models.errors import InputError

MAGIC, VERSIONS = b"GGUF", (2, 3)
MOST_TENSORS, MOST_VALUES, MOST_DIMENSIONS = 100_000, 10_000, 8
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True, slots=True)
class GGUFHeader:
    """values: metadata but for lists, which are left out. shapes: of each tensor, as GGUF counts them: the fastest axis first."""

    values: Mapping[str, Any]
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def architecture(self) -> str:
        return str(self.values.get("general.architecture", ""))

    @property
    def name(self) -> str:
        return str(self.values.get("general.name", ""))

    @property
    def is_adapter(self) -> bool:
        """Whether it says that it is a LoRA adapter."""
        return self.values.get("general.type") == "adapter" and self.values.get("adapter.type") == "lora"


def read_header(path: Path) -> GGUFHeader:
    """The head of a file; kept until the file changes. Raises InputError for what is no whole GGUF file."""
    with _told(path):
        status = path.stat()
        return _read(path, status.st_size, status.st_mtime_ns)


def read_texts(path: Path, key: str) -> tuple[str, ...]:
    """A list of texts among the metadata, such as tokenizer.ggml.tokens; () where there is none. Raises InputError."""
    with _told(path):
        return _walk(path, path.stat().st_size, key)[1]


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Raises InputError in place of what a damaged file brings about."""
    try:
        yield
    except OSError as error:
        raise _broken(path, error.strerror or type(error).__name__) from error
    except (struct.error, ValueError, IndexError) as error:
        raise _broken(path, str(error) or "it ends too early") from error


@lru_cache(maxsize=32)
def _read(path: Path, size: int, changed: int) -> GGUFHeader:
    return _walk(path, size)[0]


def _walk(path: Path, size: int, wanted: str = "") -> tuple[GGUFHeader, tuple[str, ...]]:
    """The head, and the list of texts that is wanted."""
    with path.open("rb") as file:
        if size < 24 or file.read(4) != MAGIC:
            raise ValueError("it does not begin as GGUF files do")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            walk = _Walk(data, wanted)
            return walk.header(), tuple(walk.texts)


class _Walk:
    """One pass over the head. texts: the list under the key `wanted`, once it has been met."""

    def __init__(self, data: mmap.mmap, wanted: str = "") -> None:
        self._data, self._at, self._wanted, self._key = data, 4, wanted, ""
        self.texts: list[str] = []

    def header(self) -> GGUFHeader:
        version, tensors, count = self._number("I"), self._number("Q"), self._number("Q")
        if version not in VERSIONS:
            raise ValueError(f"it has version {version} of the form")
        if tensors > MOST_TENSORS or count > MOST_VALUES:
            raise ValueError(f"it claims {tensors} tensors and {count} values")
        values = {}
        for _ in range(count):
            key = self._key = self._text()
            kind = self._number("I")
            value = self._value(kind)
            if value is not None:
                values[key] = value
        shapes = dict(self._tensor() for _ in range(tensors))
        return GGUFHeader(values, shapes)

    def _tensor(self) -> tuple[str, tuple[int, ...]]:
        name, dimensions = self._text(), self._number("I")
        if dimensions > MOST_DIMENSIONS:
            raise ValueError(f"the tensor {name[:60]!r} claims {dimensions} dimensions")
        shape = tuple(self._number("Q") for _ in range(dimensions))
        self._skip(4 + 8)  # its type and its place
        return name, shape

    def _value(self, kind: int) -> Any:
        """A number or text; None for a list, which is walked over."""
        if kind == _STRING:
            return self._text()
        if kind != _ARRAY:
            return self._number(_scalar(kind))
        inner, count = self._number("I"), self._number("Q")
        if inner == _STRING and self._key == self._wanted:
            self.texts = [self._text() for _ in range(count)]
        elif inner == _STRING:
            self._skip_texts(count)
        else:
            self._skip(count * struct.calcsize(_scalar(inner)))
        return None

    def _skip_texts(self, count: int) -> None:
        at, data, length = self._at, self._data, struct.Struct("<Q").unpack_from
        end = len(data)
        for _ in range(count):
            at += 8 + length(data, at)[0]
            if at > end:
                raise ValueError("it ends too early")
        self._at = at

    def _text(self) -> str:
        length = self._number("Q")
        begin = self._at
        self._skip(length)
        return self._data[begin : self._at].decode("utf-8", "replace")

    def _number(self, form: str) -> Any:
        (value,) = struct.unpack_from("<" + form, self._data, self._at)
        self._at += struct.calcsize("<" + form)
        return value

    def _skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise ValueError("it ends too early")


def _scalar(kind: int) -> str:
    if kind not in _SCALARS:
        raise ValueError(f"it has a value of the unknown kind {kind}")
    return _SCALARS[kind]


def _broken(path: Path, why: str) -> InputError:
    detail = f"{path.name} is no GGUF file that can be read ({why}); fetch or make it again"
    return InputError(detail=detail, text_key="adapter.no_gguf", name=path.name, why=why)

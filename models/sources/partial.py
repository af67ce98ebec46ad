"""A file on its way to this machine: it grows by checked appends, survives a kill at any byte, and appears whole or not."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from models.catalog import WeightsFile
from models.errors import HashMismatch

CHUNK_BYTES = 1 << 20
Piece = tuple[int, str]


class PartialFile:
    """`folder/<name>.<hash>.part` while it grows, `folder/<name>` once its SHA-256 is the one the catalogue pins.

    Every source of the same bytes appends to the same file, so what one has brought serves the next. Use it in `with`.
    """

    def __init__(self, weights: str, file: WeightsFile, folder: Path) -> None:
        self._weights, self._file = weights, file
        self._target = folder / file.name
        self._path = folder / f"{file.name}.{file.sha256[:8] or 'new'}.part"
        self._path.touch()
        self._stream: BinaryIO = self._path.open("r+b")
        self._stream.seek(0, os.SEEK_END)
        self._digest = hashlib.sha256()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.close()

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self._stream.tell()

    def resume(self, read: Callable[[int], None]) -> None:
        """Takes up all bytes that are there; `read` hears how many have been hashed."""
        self._rewind()
        while chunk := self._stream.read(CHUNK_BYTES):
            self._digest.update(chunk)
            read(self.size)

    def resume_pieces(self, pieces: Sequence[Piece], read: Callable[[int], None]) -> int:
        """Takes up the leading pieces, (bytes, SHA-256) each, that are whole and right; cuts the rest off. Returns how many."""
        self._rewind()
        for number, piece in enumerate(pieces):
            start, before = self.size, self._digest.copy()
            if self._hash_piece(piece[0], read) != piece[1]:
                self._cut(start, before)
                return number
        self._stream.truncate()
        return len(pieces)

    def append(self, chunk: bytes) -> None:
        """Adds bytes at the end."""
        self._stream.write(chunk)
        self._digest.update(chunk)

    def append_piece(self, chunks: BinaryIO, piece: Piece, name: str) -> None:
        """Adds a piece if its hash is right, else leaves the file as it was and raises HashMismatch that names it."""
        start, before, digest = self.size, self._digest.copy(), hashlib.sha256()
        while chunk := chunks.read(CHUNK_BYTES):
            digest.update(chunk)
            self.append(chunk)
        if digest.hexdigest() != piece[1]:
            self._cut(start, before)
            raise HashMismatch(name=self._weights, file=name, expected=piece[1], actual=digest.hexdigest())
        self._stream.flush()

    def restart(self) -> None:
        """Forgets all bytes."""
        self._cut(0, hashlib.sha256())

    def finish(self) -> str:
        """Moves the file to its name and returns its SHA-256; if that is not the pinned one deletes it and raises HashMismatch."""
        actual = self._digest.hexdigest()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        if self._file.sha256 and actual != self._file.sha256:
            self._path.unlink()
            raise HashMismatch(name=self._weights, file=self._file.name, expected=self._file.sha256, actual=actual)
        self._path.replace(self._target)
        return actual

    def _rewind(self) -> None:
        self._stream.seek(0)
        self._digest = hashlib.sha256()

    def _hash_piece(self, size: int, read: Callable[[int], None]) -> str:
        digest = hashlib.sha256()
        while size and (chunk := self._stream.read(min(size, CHUNK_BYTES))):
            size -= len(chunk)
            digest.update(chunk)
            self._digest.update(chunk)
            read(self.size)
        return digest.hexdigest()

    def _cut(self, size: int, digest: hashlib._Hash) -> None:
        self._stream.seek(size)
        self._stream.truncate()
        self._digest = digest


def arrived(file: WeightsFile, folder: Path) -> str:
    """SHA-256 of the finished file in `folder` if it is the pinned one, else "" (and a wrong one is deleted)."""
    path = folder / file.name
    if not path.is_file():
        return ""
    actual = file_sha256(path)
    if not file.sha256 or actual != file.sha256:
        path.unlink()
        return ""
    return actual


def file_sha256(path: Path, read: Callable[[int], None] | None = None) -> str:
    """SHA-256 of a file in hex; `read` hears how many bytes have been hashed."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
            if read:
                read(stream.tell())
    return digest.hexdigest()

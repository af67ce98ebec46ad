"""How far a run of ingestion is, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class IngestProgress:
    """file: the one being read. chunks_done: embedded by this run. eta_s: seconds left, None before it can be told.

    chunks_total_of_file: chunks of `file`, None while it is still being read.
    """

    file: str
    files_done: int
    files_total: int
    chunks_done: int
    chunks_total_of_file: int | None
    chunks_per_s: float
    eta_s: float | None


class Meter:
    """Counts what is done and tells the listener; the time left is judged by the bytes of files that cost work."""

    def __init__(self, files: Sequence[Path], listener: Callable[[IngestProgress], None] | None) -> None:
        self._listener, self._started = listener, time.monotonic()
        self._sizes = {path: _size(path) for path in files}
        self._passed, self._left = 0, sum(self._sizes.values())
        self._file, self._files_done, self._chunks = Path(), 0, 0
        self._chunks_of_file: int | None = None

    def begin(self, path: Path) -> None:
        """A file is being looked at."""
        self._file, self._chunks_of_file = path, None

    def read(self, chunks: int) -> None:
        """The file has been read to its end."""
        self._chunks_of_file = chunks

    def embedded(self, chunks: int) -> None:
        """Chunks of any file have their vectors."""
        self._chunks += chunks
        self._tell()

    def done(self, path: Path, worked: bool = True) -> None:
        """A file is finished; worked: whether it cost more than a hash."""
        size = self._sizes.get(path, 0)
        self._left -= size
        self._passed += size if worked else 0
        self._files_done += 1
        self._tell()

    def _tell(self) -> None:
        if self._listener is None:
            return
        spent = max(time.monotonic() - self._started, 1e-6)
        self._listener(
            IngestProgress(
                str(self._file),
                self._files_done,
                len(self._sizes),
                self._chunks,
                self._chunks_of_file,
                self._chunks / spent,
                spent * self._left / self._passed if self._passed else None,
            )
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0

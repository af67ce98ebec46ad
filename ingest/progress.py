"""How far a run of ingestion is, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_PLAIN = frozenset({".md", ".txt", ".csv"})  # a file of these is about as long as its text


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
        self._total_bytes, self._passed_bytes = sum(self._sizes.values()), 0
        self._partly: dict[Path, int] = {}
        self._file, self._files_done, self._chunks = Path(), 0, 0
        self._chunks_of_file: int | None = None

    def begin(self, path: Path) -> None:
        """A file is being looked at."""
        self._file, self._chunks_of_file = path, None

    def read(self, chunks: int) -> None:
        """The file has been read to its end."""
        self._chunks_of_file = chunks

    def embedded(self, texts: Iterable[tuple[Path, str]]) -> None:
        """Chunks have their vectors; with each the file it is of, where the file's size is that of its text."""
        for path, text in texts:
            self._chunks += 1
            if path.suffix.lower() in _PLAIN:
                taken = self._partly.get(path, 0) + len(text.encode())
                self._partly[path] = min(taken, self._sizes.get(path, 0))
        self._tell()

    def done(self, path: Path, worked: bool = True) -> None:
        """A file is finished; worked: whether it cost more than a hash."""
        size = self._sizes.get(path, 0)
        self._partly.pop(path, None)
        if worked:
            self._passed_bytes += size
        else:
            self._total_bytes -= size
        self._files_done += 1
        self._tell()

    def _tell(self) -> None:
        if self._listener is None:
            return
        spent = max(time.monotonic() - self._started, 1e-6)
        passed = self._passed_bytes + sum(self._partly.values())
        self._listener(
            IngestProgress(
                str(self._file),
                self._files_done,
                len(self._sizes),
                self._chunks,
                self._chunks_of_file,
                self._chunks / spent,
                spent * (self._total_bytes - passed) / passed if passed else None,
            )
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0

"""JSON Lines that survive being killed: rows are appended one by one, and a torn last line costs that row alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ingest.disk import disk_full
from models.files import write_atomic

Row = Mapping[str, Any]


class Journal:
    """One file of rows. Thread-safe; several processes may append to one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def rows(self) -> Iterator[dict[str, Any]]:
        """Whole rows in the order they came; nothing where there is no file."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return
        for line in data.split(b"\n"):
            row = _parse(line)
            if row is not None:
                yield row

    def append(self, row: Row) -> None:
        """Adds a row in one write; what a killed writer left of a line is closed off first. Raises DiskFull, OSError."""
        line = _line(row)
        with self._lock, disk_full(self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab", buffering=0) as file:
                file.write(line if self._ends_well() else b"\n" + line)

    def replace(self, rows: Iterable[Row]) -> None:
        """Puts these rows in place of all, in one step."""
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(self.path, b"".join(map(_line, rows)))

    def _ends_well(self) -> bool:
        with self.path.open("rb") as file:
            if file.seek(0, 2) == 0:
                return True
            file.seek(-1, 2)
            return file.read(1) == b"\n"


def _line(row: Row) -> bytes:
    return json.dumps(row, ensure_ascii=False, allow_nan=False).encode() + b"\n"


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:  # torn or damaged; UnicodeDecodeError is one too
        return None
    return row if isinstance(row, dict) else None

"""OLE containers (HWP 5, protected Office files) from strangers: names, and streams no larger than the file they are in."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from models.errors import DocumentError

OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# what olefile raises where the sectors, chains or directory entries of a file make no sense
READ_ERRORS = (OSError, struct.error, IndexError, TypeError, AttributeError, ValueError, RecursionError, OverflowError)


class SafeOle:
    """An OLE file; a context manager. Raises DocumentError only."""

    def __init__(self, path: Path) -> None:
        import olefile

        self.name = path.name
        self._file = path.open("rb")
        try:
            self._ole: Any = olefile.OleFileIO(self._file)
        except READ_ERRORS as error:
            self._file.close()
            raise DocumentError(self.name, "broken", "its OLE container cannot be read") from error

    def __enter__(self) -> SafeOle:
        return self

    def __exit__(self, *details: object) -> None:
        self._ole.close()
        self._file.close()

    def names(self) -> frozenset[str]:
        """Streams, with `/` between the levels."""
        try:
            return frozenset("/".join(parts) for parts in self._ole.listdir())
        except READ_ERRORS as error:
            raise DocumentError(self.name, "broken", "its OLE directory cannot be read") from error

    def read(self, name: str) -> bytes:
        """A stream's bytes."""
        try:
            with self._ole.openstream(name) as stream:
                return bytes(stream.read())
        except READ_ERRORS as error:
            raise DocumentError(self.name, "broken", f"the stream {name} is missing or damaged") from error


def stream_names(path: Path) -> frozenset[str]:
    """Streams of an OLE file, for recognising its format; empty where they cannot be listed."""
    try:
        with SafeOle(path) as ole:
            return ole.names()
    except DocumentError:
        return frozenset()

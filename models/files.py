"""Writing small files so that a reader, or a power cut, meets the old or the new one and nothing between; a full disk named."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import DiskFull


def write_atomic(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replaces `path` in one step; the file has `mode` from its first byte on. Raises DiskFull, OSError."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp: 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        if error.errno == errno.ENOSPC:
            raise DiskFull(path=str(path.parent), needed_mb=1) from error
        raise


@contextmanager
def disk_guard(folder: Path, needed_mb: int = 1) -> Iterator[None]:
    """Raises DiskFull for an OSError that says that there is no room, and the error itself for any other."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(path=str(folder), needed_mb=needed_mb) from error
        raise

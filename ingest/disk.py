"""Tells a full disk apart from every other trouble while writing."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import DiskFull, StoreError

_FULL = ("disk is full", "no space left", "quota exceeded", "os error 28", "not enough space")
_SPARE_MB = 200


@contextmanager
def disk_full(folder: Path) -> Iterator[None]:
    """Raises DiskFull in place of whatever SQLite, Chroma, tantivy or the system say when there is no room."""
    try:
        yield
    except (OSError, sqlite3.Error, RuntimeError, ValueError, StoreError) as error:
        if isinstance(error, DiskFull) or not is_disk_full(error):
            raise
        raise DiskFull(path=str(folder), needed_mb=max(1, _SPARE_MB - _free_mb(folder))) from error


def is_disk_full(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, says that there is no room left."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if not isinstance(error, StoreError) and any(sign in str(error).lower() for sign in _FULL):
            return True
        error = error.__cause__
    return False


def _free_mb(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free // 1_000_000
    except OSError:
        return 0

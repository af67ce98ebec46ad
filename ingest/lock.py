"""One writer a collection: a lock that the operating system gives back however the process ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import IO

from models.errors import StoreLocked

_PID_BYTES = 20


class WriterLock:
    """Context manager over `folder/writer.lock`. The file holds the owner's process id and stays; only the lock counts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file: IO[bytes] | None = None

    def acquire(self) -> None:
        """Takes the lock without waiting. Raises StoreLocked with the holder's process id."""
        file = (self.folder / "writer.lock").open("a+b")
        if not _try_lock(file):
            file.seek(0)
            text = file.read(_PID_BYTES).strip()
            file.close()
            raise StoreLocked(home=str(self.folder), pid=int(text) if text.isdigit() else 0)
        file.truncate(0)
        file.write(str(os.getpid()).encode().ljust(_PID_BYTES))
        file.flush()
        self._file = file

    def release(self) -> None:
        """Gives the lock back; without effect where it is not held."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> WriterLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: IO[bytes]) -> bool:
        file.seek(1 << 20)  # a byte behind the process id, so that others can still read that
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

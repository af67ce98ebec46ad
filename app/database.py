"""A small SQLite file of this home: a connection a call, so that many threads may use it, and our errors instead of sqlite3's.

The schema is a list of steps; `PRAGMA user_version` says how many a file has been through, so that an old file is brought up to
date when it is opened, and a file of a newer CourseMate is refused instead of damaged.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from models.errors import DiskFull, StoreError

BUSY_TIMEOUT_S = 10.0


class Database:
    """Readable by its owner alone. steps: SQL scripts, oldest first; append, never change one that was published."""

    def __init__(self, path: Path, steps: Sequence[str]) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        with self.connect() as db:
            db.execute("PRAGMA journal_mode = WAL")
            self._migrate(db, steps)

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """One transaction. Raises StoreError, DiskFull."""
        try:
            db = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_S)
            try:
                db.row_factory = sqlite3.Row
                db.execute("PRAGMA foreign_keys = ON")
                with db:
                    yield db
            finally:
                db.close()
        except sqlite3.OperationalError as error:
            if "full" in str(error):
                raise DiskFull(path=str(self.path), needed_mb=1) from error
            raise StoreError(detail=f"{self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            raise StoreError(detail=f"{self.path}: {error}; move the file away to start afresh") from error

    def _migrate(self, db: sqlite3.Connection, steps: Sequence[str]) -> None:
        db.execute("BEGIN IMMEDIATE")  # two processes may open the file at the same moment
        done = int(db.execute("PRAGMA user_version").fetchone()[0])
        if done > len(steps):
            detail = (
                f"{self.path} was written by a newer CourseMate (step {done}); update this one or move the file away"
            )
            raise StoreError(detail=detail)
        for step in steps[done:]:
            for statement in step.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {len(steps)}")

"""The one truth of a collection, in SQLite: documents, their versions, chunks and vectors.

A version is `staged` while its chunks arrive, `live` from one transaction on, `dead` after the next version took its place.
Only live versions are ever read; the others are swept. Chunk keys are never used twice, so a leftover in a derived index
can never point at another text. Vectors are kept here too (1.5 KB each): embedding is what costs, so a lost index is
rebuilt, and a changed document re-embedded, without it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from models.errors import StoreError
from models.types import Chunk, Locator

T = TypeVar("T")

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE versions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document_id TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'staged' CHECK (state IN ('staged', 'live', 'dead')),
        chunks INTEGER NOT NULL DEFAULT 0
    );
    CREATE UNIQUE INDEX one_live_version ON versions (document_id) WHERE state = 'live';
    CREATE INDEX leftover_versions ON versions (state) WHERE state != 'live';
    CREATE TABLE documents (
        id TEXT PRIMARY KEY,
        source TEXT NOT NULL UNIQUE,
        path BLOB NOT NULL UNIQUE,
        format TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        title TEXT NOT NULL,
        added_at TEXT NOT NULL,
        version INTEGER NOT NULL UNIQUE REFERENCES versions (id)
    );
    CREATE INDEX documents_by_content ON documents (sha256);
    CREATE TABLE chunks (
        key INTEGER PRIMARY KEY AUTOINCREMENT,
        version INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
        ordinal INTEGER NOT NULL,
        id TEXT NOT NULL,
        text TEXT NOT NULL,
        locator TEXT NOT NULL,
        UNIQUE (version, ordinal)
    );
    CREATE INDEX chunks_by_id ON chunks (id);
    CREATE TABLE vectors (
        key INTEGER PRIMARY KEY REFERENCES chunks (key) ON DELETE CASCADE,
        vector BLOB NOT NULL
    );
    """,
)
_MOST_VALUES = 10_000
_CHUNK_COLUMNS = "c.key, c.id, c.text, d.source, c.locator, c.ordinal, d.id, d.format"
_LIVE_CHUNKS = "chunks c JOIN documents d ON d.version = c.version"


@dataclass(frozen=True, slots=True)
class DocumentDraft:
    """A document about to come in. id, source and path are each unique in the collection; path "" means the source."""

    id: str
    source: str
    format: str
    path: str = ""
    sha256: str = ""
    size_bytes: int = 0
    title: str = ""


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A live document. source: the name people see. chunks: how many. added_at: ISO 8601, UTC."""

    id: str
    source: str
    path: Path
    format: str
    sha256: str
    size_bytes: int
    chunks: int
    added_at: str
    title: str


@dataclass(frozen=True, slots=True)
class Scope:
    """Which documents a search may find: ids and formats; an empty set means all."""

    documents: frozenset[str] = frozenset()
    formats: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.documents or self.formats)


class Catalog:
    """One connection to `file`, usable from any thread. Statements see whole transactions only."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(file, timeout=30.0, isolation_level=None, check_same_thread=False)
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._migrate()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise _as_store_error(file, error) from error
        except StoreError:
            self._connection.close()
            raise

    def _migrate(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            detail = f"{self.file} was written by a newer CourseMate (schema {version}); update this one"
            raise StoreError(detail=detail)
        for number in range(version, len(MIGRATIONS)):
            with self.transaction():
                (now,) = self._connection.execute("PRAGMA user_version").fetchone()
                if now == number:  # else another process has just done it
                    for statement in MIGRATIONS[number].split(";\n"):
                        self._connection.execute(statement)
                    self._connection.execute(f"PRAGMA user_version = {number + 1}")

    def close(self) -> None:
        """Closes the connection; the catalogue cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what is written inside; one writer at a time. A transaction inside another joins it."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:  # commits, or rolls back where something is raised
                yield

    def rows(self, sql: str, values: Sequence[object] | Mapping[str, object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one statement."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    # Settings of the collection

    def meta(self) -> dict[str, str]:
        """Everything the collection remembers about itself."""
        return dict(self.rows("SELECT name, value FROM meta"))

    def set_meta(self, **values: object) -> None:
        """Sets names of `meta`; a value None removes one."""
        with self._lock:
            for name, value in values.items():
                if value is None:
                    self._connection.execute("DELETE FROM meta WHERE name = ?", (name,))
                else:
                    self._connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, str(value)))

    def data_version(self) -> int:
        """Changes when another connection has written; says nothing of this one's own writes."""
        with self._lock:
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    # Writing

    def begin(self, document_id: str) -> int:
        """A new staged version of a document."""
        with self._lock:
            cursor = self._connection.execute("INSERT INTO versions (document_id) VALUES (?)", (document_id,))
            return int(cursor.lastrowid or 0)

    def stage(self, parts: Sequence[tuple[int, Chunk]], vectors: NDArray[np.float32]) -> list[int]:
        """Stores chunks of staged versions with their vectors, (len(parts), dimension); gives their keys, in order."""
        keys: list[int] = []
        with self.transaction():
            for (version, chunk), vector in zip(parts, vectors, strict=True):
                locator = json.dumps(chunk.locator.to_dict(), ensure_ascii=False)
                cursor = self._connection.execute(
                    "INSERT INTO chunks (version, ordinal, id, text, locator) VALUES (?, ?, ?, ?, ?)",
                    (version, chunk.ordinal, chunk.id, chunk.text, locator),
                )
                keys.append(int(cursor.lastrowid or 0))
                self._connection.execute("INSERT INTO vectors VALUES (?, ?)", (keys[-1], blob(vector)))
        return keys

    def publish(self, ready: Iterable[tuple[int, DocumentDraft]], added_at: str) -> None:
        """Makes staged versions live and what they replace dead: call inside a transaction."""
        with self._lock:
            execute = self._connection.execute
            for version, draft in ready:
                path = os.fsencode(draft.path or draft.source)
                execute(
                    "UPDATE versions SET state = 'dead' WHERE document_id = ? AND state = 'live'",
                    (draft.id,),
                )
                execute(
                    "UPDATE versions SET state = 'live', chunks = "
                    "(SELECT count(*) FROM chunks WHERE version = versions.id) WHERE id = ?",
                    (version,),
                )
                execute(
                    "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
                    "source = excluded.source, path = excluded.path, format = excluded.format, "
                    "sha256 = excluded.sha256, size_bytes = excluded.size_bytes, title = excluded.title, "
                    "added_at = excluded.added_at, version = excluded.version",
                    (
                        draft.id,
                        draft.source,
                        path,
                        draft.format,
                        draft.sha256,
                        draft.size_bytes,
                        draft.title,
                        added_at,
                        version,
                    ),
                )

    def move(self, document_id: str, source: str, path: str) -> None:
        """A document has another name and place now; its chunks stay."""
        with self._lock:
            self._connection.execute(
                "UPDATE documents SET source = ?, path = ? WHERE id = ?", (source, os.fsencode(path), document_id)
            )

    def remove(self, document_ids: Sequence[str]) -> int:
        """Takes documents out; their versions are dead. Call inside a transaction. Gives how many there were."""
        with self._lock:
            removed = 0
            for document_id in document_ids:
                removed += self._connection.execute("DELETE FROM documents WHERE id = ?", (document_id,)).rowcount
                self._connection.execute("UPDATE versions SET state = 'dead' WHERE document_id = ?", (document_id,))
        return removed

    def leftovers(self, state: str = "%") -> list[int]:
        """Versions that are not live; of one state, if given."""
        found = self.rows("SELECT id FROM versions WHERE state != 'live' AND state LIKE ?", (state,))
        return [version for (version,) in found]

    def sweep(self, versions: Sequence[int]) -> None:
        """Deletes versions with their chunks and vectors."""
        for version in versions:
            with self.transaction():
                self._connection.execute("DELETE FROM versions WHERE id = ?", (version,))

    # Reading

    def documents(self, where: str = "", values: Sequence[object] = ()) -> list[DocumentRecord]:
        """Live documents in the order of their source."""
        columns = "d.id, d.source, d.path, d.format, d.sha256, d.size_bytes, v.chunks, d.added_at, d.title"
        joined = "documents d JOIN versions v ON v.id = d.version"
        found = self.rows(f"SELECT {columns} FROM {joined} {where} ORDER BY d.source", values)  # noqa: S608
        return [DocumentRecord(id_, source, Path(os.fsdecode(path)), *rest) for id_, source, path, *rest in found]

    def chunks(self, where: str, values: Sequence[object]) -> dict[int, Chunk]:
        """Live chunks by key, in document order."""
        sql = f"SELECT {_CHUNK_COLUMNS} FROM {_LIVE_CHUNKS} WHERE {where} ORDER BY c.version, c.ordinal"  # noqa: S608
        return {row[0]: _chunk(row) for row in self.rows(sql, values)}

    def live_ids(self, keys: Sequence[int], scope: Scope | None = None) -> dict[int, str]:
        """Key -> chunk id of those keys that are live and in scope."""
        condition, values = scope_condition(scope)
        found: dict[int, str] = {}
        for part in in_parts(keys):
            sql = f"SELECT c.key, c.id FROM {_LIVE_CHUNKS} WHERE c.key IN ({marks(part)}){condition}"  # noqa: S608
            found.update(self.rows(sql, [*part, *values]))
        return found

    def live_count(self, scope: Scope | None = None) -> int:
        """How many chunks a search in this scope could find."""
        condition, values = scope_condition(scope)
        sql = (
            f"SELECT coalesce(sum(v.chunks), 0) FROM documents d JOIN versions v ON v.id = d.version WHERE 1{condition}"  # noqa: S608
        )
        return int(self.rows(sql, values)[0][0])

    def live_rows(self, after_key: int, limit: int) -> list[tuple[int, int, Chunk]]:
        """Key, version and chunk of the next live chunks with a key over `after_key`, in rising order."""
        sql = (
            f"SELECT c.version, {_CHUNK_COLUMNS} FROM {_LIVE_CHUNKS} WHERE c.key > ? "  # noqa: S608
            "ORDER BY c.key LIMIT ?"
        )
        return [(row[1], row[0], _chunk(row[1:])) for row in self.rows(sql, (after_key, limit))]

    def live_after(self, key: int) -> int:
        """How many live chunks have a key over `key`."""
        sql = f"SELECT count(*) FROM {_LIVE_CHUNKS} WHERE c.key > ?"  # noqa: S608
        return int(self.rows(sql, (key,))[0][0])

    def count_chunks(self, versions: Sequence[int]) -> int:
        """How many chunks versions have, live or not."""
        sql = f"SELECT count(*) FROM chunks WHERE version IN ({marks(versions)})"  # noqa: S608
        return int(self.rows(sql, versions)[0][0])

    def live_vectors(
        self, after_key: int = 0, scope: Scope | None = None, limit: int = -1
    ) -> tuple[list[int], NDArray[np.float32]]:
        """Keys over `after_key` in rising order and their vectors, (N, dimension), at most `limit` where that is not -1."""
        condition, values = scope_condition(scope)
        sql = (
            f"SELECT c.key, x.vector FROM {_LIVE_CHUNKS} JOIN vectors x ON x.key = c.key "  # noqa: S608
            f"WHERE c.key > ?{condition} ORDER BY c.key LIMIT ?"
        )
        found = self.rows(sql, [after_key, *values, limit])
        if not found:
            return [], np.empty((0, 0), np.float32)
        keys = [key for key, _ in found]
        matrix = np.frombuffer(b"".join(stored for _, stored in found), np.float32)
        return keys, matrix.reshape(len(keys), -1)


def _chunk(row: Sequence[Any]) -> Chunk:
    _, chunk_id, text, source, locator, ordinal, document_id, format_ = row
    return Chunk(chunk_id, text, source, Locator.from_dict(json.loads(locator)), ordinal, document_id, format_)


def marks(values: Sequence[object]) -> str:
    """Question marks for an SQL list."""
    return ",".join("?" * len(values))


def in_parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Stretches that SQLite takes as the values of one statement."""
    return (values[start : start + _MOST_VALUES] for start in range(0, len(values), _MOST_VALUES))


def scope_condition(scope: Scope | None) -> tuple[str, list[str]]:
    """SQL to add to a WHERE over `documents d`, and its values."""
    if not scope:
        return "", []
    parts, values = "", []
    if scope.documents:
        parts += f" AND d.id IN ({marks(tuple(scope.documents))})"
        values += sorted(scope.documents)
    if scope.formats:
        parts += f" AND d.format IN ({marks(tuple(scope.formats))})"
        values += sorted(scope.formats)
    return parts, values


def blob(vector: NDArray[np.float32]) -> bytes:
    """A vector as it is stored: 4 bytes a number, little endian."""
    return np.ascontiguousarray(vector, "<f4").tobytes()


def _as_store_error(file: Path, error: sqlite3.Error) -> StoreError:
    detail = f"{file} cannot be read as a collection ({error}); move it away and ingest again"
    return StoreError(detail=detail)

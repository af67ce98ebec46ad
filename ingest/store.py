"""ChunkStore: catalogue, vectors and words behind one door. Many readers, one writer, any of them may die at any line.

    with ChunkStore.open(folder, embedder) as store:
        store.search_dense(embedder.embed_question("드롭아웃이란?"), k=10)

Layout: folder/catalog.sqlite, folder/chroma/<n>/ (snapshots), folder/lexical/, folder/writer.lock. What is searched is what
the catalogue calls live: every hit of a derived index is joined with it. Dense search asks the newest Chroma snapshot and,
exactly, the vectors that came after it.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ingest.catalog import Catalog, DocumentDraft, DocumentRecord, Scope, in_parts, marks
from ingest.dense import DenseSearch
from ingest.disk import disk_full
from ingest.lexical import Entry, LexicalIndex
from ingest.lock import WriterLock
from ingest.morphemes import content_morphemes
from ingest.morphemes import fingerprint as words_fingerprint
from ingest.split import indexed_text
from ingest.upkeep import Upkeep
from models.embedders.base import Embedder
from models.errors import EmbedderChanged, StoreError
from models.types import Chunk

log = logging.getLogger(__name__)

__all__ = ["ChunkStore", "DocumentDraft", "DocumentRecord", "Scope"]

_ROWS = 2_000  # chunks staged at once where all are at hand
_TRIES = 3


class ChunkStore:
    """See the module. Use `open`; methods may be called from any thread, writing ones from one at a time."""

    def __init__(self, folder: Path, embedder: Embedder | None, collection: str, lock: WriterLock | None) -> None:
        self.folder, self.embedder, self.collection = folder, embedder, collection
        self._lock = lock
        self.catalog = Catalog(folder / "catalog.sqlite")
        self._lexical: LexicalIndex | None = None
        self._seen = -1
        self._dense = DenseSearch(self.catalog, folder / "chroma")

    @classmethod
    def open(
        cls, folder: Path, embedder: Embedder | None, collection: str = "course", write: bool = False
    ) -> ChunkStore:
        """The collection in `folder`, made if it is not there. Use as a context manager.

        write: takes the writer's lock and clears away what an interrupted writer left. embedder: None where nothing is
        embedded or searched by vectors (listing, removing). Raises StoreLocked, EmbedderChanged, DiskFull, StoreError.
        """
        with disk_full(folder), ExitStack() as undo:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                lock = undo.enter_context(WriterLock(folder)) if write else None
            except (PermissionError, NotADirectoryError, FileExistsError) as error:
                why = error.strerror
                detail = f"The folder {folder} cannot be used ({why}); mend its permissions, or choose another --home."
                raise StoreError(detail=detail) from error
            store = undo.enter_context(cls(folder, embedder, collection, lock))
            store._check_embedder()
            if write:
                store.settle()
            undo.pop_all()
        return store

    def close(self) -> None:
        """Gives files and the lock back; what was staged and not published is dropped at the next start."""
        if self._lexical:
            self._lexical.close()
            self._lexical = None
        self._dense.close()
        self.catalog.close()
        if self._lock:
            self._lock.release()

    def __enter__(self) -> ChunkStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _check_embedder(self) -> None:
        stored = self.catalog.meta().get("embedder")
        if stored and self.embedder and stored != self.embedder.fingerprint:
            raise EmbedderChanged(collection=self.collection, stored=stored, current=self.embedder.fingerprint)

    # Reading

    def documents(self) -> list[DocumentRecord]:
        """Live documents, by source."""
        return self.catalog.documents()

    def get(self, chunk_ids: Sequence[str]) -> list[Chunk]:
        """Chunks in the given order; ids that are not live are left out."""
        ids = list(dict.fromkeys(chunk_ids))
        rows = (self.catalog.chunks(f"c.id IN ({marks(part)})", part) for part in in_parts(ids))
        found = {chunk.id: chunk for part in rows for chunk in part.values()}
        return [found[chunk_id] for chunk_id in ids if chunk_id in found]

    def neighbours(self, chunk: Chunk, before: int = 1, after: int = 1) -> list[Chunk]:
        """The chunk among those that touch it in its document, in document order; empty if it is no longer live."""
        span = (chunk.document_id, chunk.ordinal - before, chunk.ordinal + after)
        return list(self.catalog.chunks("d.id = ? AND c.ordinal BETWEEN ? AND ?", span).values())

    def chunks_of(self, document_id: str) -> list[Chunk]:
        """All chunks of a document in order."""
        return list(self.catalog.chunks("d.id = ?", (document_id,)).values())

    def search_dense(self, vector: NDArray[np.float32], k: int, where: Scope | None = None) -> list[tuple[str, float]]:
        """Chunk ids with their cosine to a unit vector, best first, at most k. Raises EmbedderChanged, StoreError."""
        return self._steady(lambda: self._dense.search(vector, k, where))

    def search_lexical(self, query: str, k: int, where: Scope | None = None) -> list[tuple[str, float]]:
        """Chunk ids with their BM25 for the query's content morphemes, best first, at most k. Raises StoreError."""
        words = content_morphemes(query)
        return self._steady(lambda: self._search_words(words, k, where))

    def _search_words(self, words: Sequence[str], k: int, where: Scope | None) -> list[tuple[str, float]]:
        wanted = k
        while self._lexical is not None and k > 0:
            found = self._lexical.search(words, wanted, where)
            ids = self.catalog.live_ids([key for key, _ in found])
            hits = [(ids[key], score) for key, score in found if key in ids]
            if len(hits) >= k or len(found) < wanted:
                return hits[:k]
            wanted *= 4  # dead chunks took the places: look further down
        return []

    def _steady(self, search: Callable[[], list[tuple[str, float]]]) -> list[tuple[str, float]]:
        """Searches again where a version was published meanwhile, so that the old and the new are not both missed."""
        for _ in range(_TRIES):
            self._refresh()
            seen, hits = self._seen, search()
            if self.catalog.data_version() == seen:
                break
        return hits

    def document_frequencies(self, words: Sequence[str]) -> list[int]:
        """In how many chunks each content morpheme stands, in order; 0 for what the collection never says."""
        self._refresh()
        return self._lexical.frequencies(words) if self._lexical else [0] * len(words)

    def chunk_count(self) -> int:
        """Live chunks of the collection."""
        return self.catalog.live_count()

    def vectors(self, chunk_ids: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Stored unit vectors of live chunks, by chunk id."""
        found: dict[str, NDArray[np.float32]] = {}
        for part in in_parts(chunk_ids):
            rows = self.catalog.rows(
                "SELECT c.id, x.vector FROM chunks c JOIN documents d ON d.version = c.version "  # noqa: S608
                f"JOIN vectors x ON x.key = c.key WHERE c.id IN ({marks(part)})",
                part,
            )
            found.update((chunk_id, np.frombuffer(stored, "<f4")) for chunk_id, stored in rows)
        return found

    def _refresh(self) -> None:
        """Catches up with what was published since the last look, by this process or another."""
        version = self.catalog.data_version()
        if version == self._seen:
            return
        self._check_embedder()
        if self._lexical is None and (self.folder / "lexical" / "meta.json").exists():
            self._lexical = LexicalIndex(self.folder / "lexical")
        elif self._lexical is not None:
            self._lexical.reload()
        self._dense.refresh()
        self._seen = version

    # Writing

    def begin(self, document_id: str) -> int:
        """A staged version of a document: give its number to `stage` and `publish`."""
        return self.catalog.begin(document_id)

    def stage(self, parts: Sequence[tuple[int, Chunk]], vectors: NDArray[np.float32]) -> None:
        """Stores chunks of staged versions; vectors: (len(parts), dimension). Nobody sees them before `publish`."""
        words = [content_morphemes(indexed_text(chunk)) for _, chunk in parts]
        keys = self.catalog.stage(parts, vectors)
        self._words().add(
            Entry(key, version, chunk.document_id, chunk.format, entry_words)
            for key, (version, chunk), entry_words in zip(keys, parts, words, strict=True)
        )

    def publish(self, ready: Sequence[tuple[int, DocumentDraft]]) -> None:
        """Makes staged versions live, all in one transaction, in place of what they replace."""
        if not ready:
            return
        self._words().commit()
        with self.catalog.transaction():
            self.catalog.publish(ready, datetime.now(UTC).isoformat(timespec="seconds"))
            if self.embedder:
                self.catalog.set_meta(embedder=self.embedder.fingerprint)
        self._seen = -1

    def move(self, document_id: str, source: str, path: Path) -> None:
        """A document's file was renamed: its chunks stay, `source` is what people see from now on."""
        with self.catalog.transaction():
            self.catalog.move(document_id, source, str(path))
        self._seen = -1

    def add(self, documents: Sequence[tuple[DocumentDraft, Sequence[Chunk]]], vectors: NDArray[np.float32]) -> None:
        """Stores whole documents whose chunks are embedded already; vectors: (all chunks in order, dimension)."""
        with disk_full(self.folder):
            with self.catalog.transaction():
                versions = [self.begin(draft.id) for draft, _ in documents]
                parts = [
                    (version, chunk)
                    for version, (_, chunks) in zip(versions, documents, strict=True)
                    for chunk in chunks
                ]
                for start in range(0, len(parts), _ROWS):
                    self.stage(parts[start : start + _ROWS], vectors[start : start + _ROWS])
            self.publish([(version, draft) for version, (draft, _) in zip(versions, documents, strict=True)])
            self.settle()

    def remove(self, document_ids: Sequence[str]) -> int:
        """Takes documents out of the collection; gives how many were there. Files on disk are not touched."""
        with disk_full(self.folder):
            with self.catalog.transaction():
                removed = self.catalog.remove(document_ids)
            self.settle()
        return removed

    def settle(self) -> None:
        """Clears away versions that are not live and brings the derived indexes up to date where that is due."""
        self._upkeep().settle()
        self._seen = -1

    def checkpoint(self) -> None:
        """For the middle of long work: moves vectors into a snapshot where many have gathered."""
        self._upkeep().renew_snapshot()

    def reindex(self, embedder: Embedder, progress: Callable[[int, int], None] | None = None) -> int:
        """Embeds every chunk with `embedder` and rebuilds both indexes from the catalogue; gives the number of chunks.

        Open the store with embedder=None for this. progress: (chunks done, chunks in all). Interrupted, it goes on where
        it stopped; until it is done the collection is searched as before. Raises DiskFull, StoreError.
        """
        with disk_full(self.folder):
            chunks = self._upkeep().reindex(embedder, progress)
        self.embedder, self._seen = embedder, -1
        return chunks

    def check(self) -> list[str]:
        """What is wrong with the collection, one English sentence each; empty where it is sound."""
        self._refresh()
        problems = [
            f"the catalogue is damaged: {row[0]}" for row in self.catalog.rows("PRAGMA quick_check") if row[0] != "ok"
        ]
        live = self.catalog.live_count()
        vectors = len(
            self.catalog.rows(
                "SELECT 1 FROM chunks c JOIN documents d ON d.version = c.version JOIN vectors x ON x.key = c.key"
            )
        )
        words = self._lexical.count() if self._lexical else 0
        if vectors != live:
            problems.append(f"{live - vectors} of {live} chunks have no vector: run `coursemate reindex`")
        if words < live:
            problems.append(f"{live - words} of {live} chunks are not in the word index: run `coursemate reindex`")
        if live and self.catalog.meta().get("words") != words_fingerprint():
            problems.append("the word index was made with another vocabulary: run `coursemate reindex`")
        return problems

    def _upkeep(self) -> Upkeep:
        return Upkeep(self.catalog, self._words(), self.folder / "chroma")

    def _words(self) -> LexicalIndex:
        if self._lock is None:
            raise StoreError(detail=f"The collection in {self.folder} was opened for reading; open it with write=True.")
        if self._lexical is None:
            folder = self.folder / "lexical"
            try:
                self._lexical = LexicalIndex(folder)
            except StoreError as error:
                log.warning("%s It is built anew.", error)
                shutil.rmtree(folder)
                self._lexical = LexicalIndex(folder)
        return self._lexical

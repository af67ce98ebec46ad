"""What a writer does besides writing: clear leftovers away, keep the derived indexes in step, rebuild them.

Everything here can be interrupted at any line and is done again at the next start; searches go on meanwhile.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.catalog import Catalog
from ingest.lexical import Entry, LexicalIndex
from ingest.morphemes import content_morphemes
from ingest.morphemes import fingerprint as words_fingerprint
from ingest.reembedding import Reembedding
from ingest.split import indexed_text
from ingest.vectors import build_snapshot
from models.embedders.base import Embedder
from models.errors import StoreError
from models.types import Chunk

log = logging.getLogger(__name__)

TAIL_CHUNKS = 4_096  # vectors that may wait outside the snapshot: half a millisecond a search
_ROWS = 2_000  # rows of the catalogue read at once
_DEAD_VECTORS = 0.3  # share of dead vectors that makes a new snapshot worth its time
_DEAD_WORDS = 0.1  # share of dead chunks that makes BM25's statistics worth renewing
_CHEAP_CHUNKS = 5_000  # up to here, words of an interrupted run are worth removing from BM25's statistics at once
_EMBED_ROWS = 256


class Upkeep:
    """Over one collection whose writer's lock is held."""

    def __init__(self, catalog: Catalog, words: LexicalIndex, snapshots: Path) -> None:
        self._catalog, self._words, self._snapshots = catalog, words, snapshots

    def settle(self) -> None:
        """Sweeps versions that are not live, renews indexes where due, deletes replaced snapshots."""
        self._sweep()
        self._renew_words()
        self.renew_snapshot(self._live_in_snapshot() // 20)
        self._delete_old_snapshots()

    # Words

    def _sweep(self) -> None:
        versions = self._catalog.leftovers()
        committed = [version for version in versions if self._words.holds_version(version)]
        if committed:
            self._words.delete(committed)
            self._words.commit()
            dead = int(self._catalog.meta().get("words_dead", 0)) + self._catalog.count_chunks(committed)
            interrupted = bool(self._catalog.leftovers("staged")) and self._catalog.live_count() <= _CHEAP_CHUNKS
            self._catalog.set_meta(words_dead=dead, **({"words": None} if interrupted else {}))
        self._catalog.sweep(versions)

    def _renew_words(self) -> None:
        meta, live = self._catalog.meta(), self._catalog.live_count()
        stale = int(meta.get("words_dead", 0)) > _DEAD_WORDS * live
        fits = meta.get("words") == words_fingerprint() and self._words.count() == live
        if stale or (live and not fits):
            self.rebuild_words()
        elif not fits:
            self._catalog.set_meta(words=words_fingerprint())

    def rebuild_words(self) -> None:
        """Writes the whole word index anew, in one commit."""
        log.info("rebuilding the word index of %d chunks", self._catalog.live_count())
        self._words.clear()
        for rows in self._live_rows():
            self._words.add(
                Entry(key, version, chunk.document_id, chunk.format, content_morphemes(indexed_text(chunk)))
                for key, version, chunk in rows
            )
        self._words.commit()
        self._catalog.set_meta(words=words_fingerprint(), words_dead=0)

    def _live_rows(self) -> Iterator[list[tuple[int, int, Chunk]]]:
        last = 0
        while rows := self._catalog.live_rows(last, _ROWS):
            yield rows
            last = rows[-1][0]

    # Vectors

    def _live_in_snapshot(self) -> int:
        return self._catalog.live_count() - self._catalog.live_after(self._snapshot_key())

    def _snapshot_key(self) -> int:
        return int(self._catalog.meta().get("snapshot_key", 0))

    def renew_snapshot(self, tail: int = TAIL_CHUNKS) -> None:
        """Makes a new snapshot where more than `tail` (at most TAIL_CHUNKS) vectors wait outside, or too many are dead."""
        meta = self._catalog.meta()
        waiting, held = self._catalog.live_after(self._snapshot_key()), int(meta.get("snapshot_count", 0))
        dead = held - self._live_in_snapshot()
        lost = held > 0 and not (self._snapshots / meta["snapshot"]).is_dir()
        if lost or dead > _DEAD_VECTORS * held:
            self._make_snapshot(keep=False)
        elif waiting > min(tail, TAIL_CHUNKS):
            self._make_snapshot(keep=held > 0)

    def _make_snapshot(self, keep: bool) -> None:
        meta = self._catalog.meta()
        number = int(meta.get("snapshot", 0))
        base = self._snapshots / str(number) if keep else None
        if base and not base.is_dir():
            base = None
        start = self._snapshot_key() if base else 0
        try:
            count, last = self._build(number + 1, start, base)
        except StoreError:
            if base is None:
                raise
            log.warning("the vector index in %s is damaged; building it anew", base)
            base, start = None, 0
            count, last = self._build(number + 1, 0, None)
        held = int(meta.get("snapshot_count", 0)) if base else 0
        with self._catalog.transaction():
            self._catalog.set_meta(snapshot=number + 1, snapshot_key=last, snapshot_count=held + count)

    def _build(self, number: int, after: int, base: Path | None) -> tuple[int, int]:
        """Writes snapshot `number`; gives how many vectors were added and the last key."""
        count, last = 0, after

        def batches() -> Iterator[tuple[list[int], NDArray[np.float32]]]:
            nonlocal count, last
            while True:
                keys, matrix = self._catalog.live_vectors(last, limit=_ROWS)
                if not keys:
                    return
                yield keys, matrix
                count, last = count + len(keys), keys[-1]

        build_snapshot(self._snapshots / str(number), batches(), base)
        return count, last

    def _delete_old_snapshots(self) -> None:
        current = self._catalog.meta().get("snapshot", "")
        for folder in self._snapshots.glob("*"):
            if folder.name != current:
                shutil.rmtree(folder, ignore_errors=True)

    # Everything

    def reindex(self, embedder: Embedder, progress: Callable[[int, int], None] | None = None) -> int:
        """Gives every live chunk a vector of `embedder` and rebuilds both indexes; gives the number of chunks.

        Vectors that are of this embedder already are kept. progress: (chunks done, chunks in all). Interrupted, it goes on
        where it stopped; until it is done the collection is searched as before. Raises DiskFull, StoreError.
        """
        self._sweep()
        total = self._catalog.live_count()
        fresh = None
        if self._catalog.meta().get("embedder") != embedder.fingerprint:
            fresh = Reembedding(self._catalog, embedder.fingerprint)
            self._embed(fresh, embedder, lambda done: progress(done, total) if progress else None)
        self.rebuild_words()
        with self._catalog.transaction():
            if fresh:
                fresh.take()
            self._catalog.set_meta(embedder=embedder.fingerprint, snapshot_key=0, snapshot_count=0)
            self._make_snapshot(keep=False)
        self._delete_old_snapshots()
        if progress:
            progress(total, total)
        return total

    def _embed(self, fresh: Reembedding, embedder: Embedder, tell: Callable[[int], None]) -> None:
        while rows := fresh.waiting(_EMBED_ROWS):
            fresh.store([key for key, _ in rows], embedder.embed_passages([indexed_text(chunk) for _, chunk in rows]))
            tell(fresh.done())

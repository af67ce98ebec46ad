"""Dense search over a collection: the newest Chroma snapshot, and exactly what it lacks."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.catalog import Catalog, Scope
from ingest.vectors import VectorSnapshot
from models.errors import StoreError

EXACT_CHUNKS = 5_000  # a scope up to this size is compared vector by vector: 4 ms, and nothing is missed
_COUNTED_SCOPES = 100
_Vectors = tuple[list[int], NDArray[np.float32]]
_NOTHING: _Vectors = ([], np.empty((0, 0), np.float32))


class DenseSearch:
    """Searches snapshot and catalogue together; `refresh` picks up what was published since."""

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self._catalog, self._folder = catalog, folder
        self._lock = threading.RLock()
        self._snapshot: VectorSnapshot | None = None
        self._number = 0
        self._held = 0
        self._tail = _NOTHING
        self._counts: dict[Scope | None, int] = {}
        self._scoped: tuple[Scope, _Vectors] | None = None

    def refresh(self) -> None:
        """Looks up the newest snapshot and reads the vectors that came after it."""
        with self._lock:
            meta = self._catalog.meta()
            number = int(meta.get("snapshot", 0))
            if number != self._number:
                self.close()
                self._number = number
            self._held = int(meta.get("snapshot_count", 0))
            self._tail = self._catalog.live_vectors(int(meta.get("snapshot_key", 0)))
            self._counts, self._scoped = {}, None

    def close(self) -> None:
        """Gives the snapshot's files back."""
        with self._lock:
            if self._snapshot is not None:
                self._snapshot.close()
                self._snapshot = None

    def search(self, vector: NDArray[np.float32], k: int, scope: Scope | None = None) -> list[tuple[str, float]]:
        """Chunk ids and cosines, best first, at most k."""
        live = self._live_count(scope)
        if live == 0 or k <= 0:
            return []
        if scope and live <= EXACT_CHUNKS:
            return self._named(_nearest(self._scope_vectors(scope), vector, k), k, scope)
        held = self._held + len(self._tail[0])
        wanted = min(held, int(k * 1.5 * held / live) + 8)
        while True:
            found = _nearest(self._tail, vector, wanted) + self._in_snapshot(vector, wanted)
            found.sort(key=lambda hit: -hit[1])
            hits = self._named(found[:wanted], k, scope)
            if len(hits) >= min(k, live) or wanted >= held:
                return hits
            wanted = min(held, wanted * 4)

    def _live_count(self, scope: Scope | None) -> int:
        """Looking through 100,000 documents takes 10 ms: once a published version is enough."""
        with self._lock:
            if scope not in self._counts:
                self._counts = self._counts if len(self._counts) < _COUNTED_SCOPES else {}
                self._counts[scope] = self._catalog.live_count(scope)
            return self._counts[scope]

    def _named(self, found: list[tuple[int, float]], k: int, scope: Scope | None) -> list[tuple[str, float]]:
        ids = self._catalog.live_ids([key for key, _ in found], scope)
        return [(ids[key], cosine) for key, cosine in found if key in ids][:k]

    def _in_snapshot(self, vector: NDArray[np.float32], wanted: int) -> list[tuple[int, float]]:
        with self._lock:  # a snapshot is not closed while it is being searched
            try:
                return self._open_and_search(vector, wanted)
            except StoreError:
                before = self._number
                self.refresh()  # a writer in another process may just have replaced and deleted it
                if self._number == before:
                    raise
                return self._open_and_search(vector, wanted)

    def _open_and_search(self, vector: NDArray[np.float32], wanted: int) -> list[tuple[int, float]]:
        if not self._number or not self._held:
            return []
        if self._snapshot is None:
            self._snapshot = VectorSnapshot(self._folder / str(self._number))
        return self._snapshot.search(vector, min(wanted, self._held))

    def _scope_vectors(self, scope: Scope) -> _Vectors:
        with self._lock:
            if self._scoped is None or self._scoped[0] != scope:
                self._scoped = (scope, self._catalog.live_vectors(scope=scope))
            return self._scoped[1]


def _nearest(vectors: _Vectors, vector: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
    keys, matrix = vectors
    if not keys:
        return []
    cosines = matrix @ vector  # (N,)
    best = np.argpartition(-cosines, min(k, len(keys)) - 1)[:k]
    best = best[np.argsort(-cosines[best], kind="stable")]
    return [(keys[i], float(cosines[i])) for i in best]

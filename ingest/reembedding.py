"""New vectors for old chunks, gathered beside the ones in use until all are there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ingest.catalog import Catalog, blob
from models.types import Chunk


class Reembedding:
    """Vectors of the embedder `fingerprint`; those gathered earlier for another one are thrown away."""

    def __init__(self, catalog: Catalog, fingerprint: str) -> None:
        self._catalog = catalog
        with catalog.transaction():
            if catalog.meta().get("next_embedder") != fingerprint:
                catalog.rows("DROP TABLE IF EXISTS next_vectors")
                catalog.set_meta(next_embedder=fingerprint)
            catalog.rows(
                "CREATE TABLE IF NOT EXISTS next_vectors (key INTEGER PRIMARY KEY "
                "REFERENCES chunks (key) ON DELETE CASCADE, vector BLOB NOT NULL)"
            )

    def waiting(self, limit: int) -> list[tuple[int, Chunk]]:
        """Keys and chunks of the next live chunks without a new vector."""
        ((last,),) = self._catalog.rows("SELECT coalesce(max(key), 0) FROM next_vectors")
        return [(key, chunk) for key, _, chunk in self._catalog.live_rows(last, limit)]

    def store(self, keys: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Keeps new vectors, (len(keys), dimension)."""
        with self._catalog.transaction():
            for key, vector in zip(keys, vectors, strict=True):
                self._catalog.rows("INSERT INTO next_vectors VALUES (?, ?)", (key, blob(vector)))

    def done(self) -> int:
        """How many are there."""
        ((count,),) = self._catalog.rows("SELECT count(*) FROM next_vectors")
        return int(count)

    def take(self) -> None:
        """Puts the new vectors in place of the old: call inside a transaction."""
        self._catalog.rows("DROP TABLE vectors")
        self._catalog.rows("ALTER TABLE next_vectors RENAME TO vectors")
        self._catalog.set_meta(next_embedder=None)

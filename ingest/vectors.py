"""Nearest vectors through Chroma, embedded: snapshots that are written once, then only read.

Chroma's embedded store belongs to one process: a second one does not see its writes, and a process killed while it saves
leaves files that cannot be loaded. So nothing here is changed in place. A snapshot is a folder; a larger one is made from
a copy of it, saved whole, and only then named in the catalogue. What came after the newest snapshot is searched exactly
by the store, from the catalogue's own vectors.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import StoreError

_NAME = "chunks"
_BATCH = 5_000  # below Chroma's largest insert; each batch is saved to disk
_HNSW = {
    "space": "cosine",
    "max_neighbors": 32,  # with Chroma's 16, one vector in a hundred could not be found any more after small inserts
    "ef_construction": 100,
    "ef_search": 100,
    "sync_threshold": 2,  # everything is on disk when an insert returns, so a reader has nothing to catch up on
}


class VectorSnapshot:
    """One folder of vectors, read only. Opening costs a second for Chroma's import, then 0.3 s."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._client = _open_client(folder)
        with _chroma_errors(folder):
            self._collection = self._client.get_collection(_NAME, embedding_function=None)

    def search(self, vector: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
        """The k nearest keys with their cosine, best first."""
        with _chroma_errors(self.folder):
            found = self._collection.query(query_embeddings=[vector], n_results=k, include=["distances"])
        return [
            (int(key), 1.0 - distance) for key, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    def count(self) -> int:
        """How many vectors it holds, dead ones too."""
        with _chroma_errors(self.folder):
            return int(self._collection.count())

    def close(self) -> None:
        """Gives the files back."""
        self._client.close()


def build_snapshot(
    folder: Path, batches: Iterator[tuple[Sequence[int], NDArray[np.float32]]], base: Path | None = None
) -> None:
    """Writes a snapshot to `folder`, replacing what lies there: a copy of `base`, if given, and the batches of vectors.

    Each batch is (keys, unit vectors (N, dimension)); keys are new to `base`. Raises StoreError, OSError.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if base is None:
        folder.mkdir(parents=True)
    else:
        shutil.copytree(base, folder)
    client = _open_client(folder)
    try:
        with _chroma_errors(folder):
            collection = client.get_or_create_collection(_NAME, embedding_function=None, configuration={"hnsw": _HNSW})
            for keys, matrix in batches:
                for start in range(0, len(keys), _BATCH):
                    part = slice(start, start + _BATCH)
                    collection.add(ids=[str(key) for key in keys[part]], embeddings=matrix[part])
    finally:
        client.close()


def _open_client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    with _chroma_errors(folder):
        return chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))


class _chroma_errors:  # noqa: N801
    """Turns what Chroma raises into a StoreError that names the remedy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        from chromadb.errors import ChromaError

        if isinstance(error, (ChromaError, ValueError)):
            detail = f"The vector index in {self.folder} cannot be used ({error}). Run `coursemate reindex`."
            raise StoreError(detail=detail) from error

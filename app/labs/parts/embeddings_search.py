"""A semantic search over the course notes with the project's own parts: its loader, its cut, its embedder and both its indexes.

The notes are ingested into a store of the labs (HOME/labs/embeddings) as any document is. The first run embeds them; after that only
their hashes are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.course import course_files
from chains.fuse import fuse
from ingest.base import Limits
from ingest.morphemes import content_morphemes
from ingest.pipeline import ingest
from ingest.split import heading_path
from ingest.store import ChunkStore
from models.embedders.base import Embedder
from models.errors import MissingError
from models.types import Chunk

POOL, DENSE_WEIGHT = 50, 0.35  # as the project's retriever (chains/retrieve.py)
LONGEST = 110


@contextmanager
def opened(home: Path, embedder: Embedder) -> Iterator[ChunkStore]:
    """The labs' store, to write into. Raises StoreLocked where another run has it, DiskFull, StoreError."""
    with ChunkStore.open(home / "labs" / "embeddings", embedder, "labs-embeddings", write=True) as store:
        yield store


def notes() -> list[Path]:
    """Raises MissingError where they are not there."""
    files = course_files()
    if not files:
        raise MissingError(what="data/course", fix="get a complete copy of CourseMate")
    return files


def fill(store: ChunkStore, files: Sequence[Path]) -> Iterator[int]:
    """Brings the files into the store; yields how many are done. Raises what is wrong with one of them."""
    for done, report in enumerate(ingest(files, store, Limits()), start=1):
        if report.error:
            raise report.error
        yield done


@dataclass(frozen=True, slots=True)
class Hit:
    """rank: from 1. other: its rank by the other way, 0 where that way does not have it among POOL."""

    rank: int
    score: float
    other: int
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """words: of the query, as the word index reads them. dense, lexical, fused: best first; each hit knows its other rank."""

    words: tuple[str, ...]
    dense: tuple[Hit, ...]
    lexical: tuple[Hit, ...]
    fused: tuple[Hit, ...]


def search(store: ChunkStore, embedder: Embedder, query: str, many: int) -> Found:
    """The best `many` by meaning, by words, and by both as the project's answers use them."""
    dense = store.search_dense(embedder.embed_question(query), POOL)
    lexical = store.search_lexical(query, POOL)
    fused = [(one.chunk_id, one.score) for one in fuse(dense, lexical, DENSE_WEIGHT)]
    lists = {"dense": (dense, lexical), "lexical": (lexical, dense), "fused": (fused, dense)}
    hits = {name: tuple(_hits(store, ours[:many], other)) for name, (ours, other) in lists.items()}
    return Found(tuple(dict.fromkeys(content_morphemes(query))), **hits)


def _hits(store: ChunkStore, scored: Sequence[tuple[str, float]], other: Sequence[tuple[str, float]]) -> Iterator[Hit]:
    ranks = {chunk_id: rank for rank, (chunk_id, _) in enumerate(other, start=1)}
    chunks = {chunk.id: chunk for chunk in store.get([chunk_id for chunk_id, _ in scored])}
    for rank, (chunk_id, score) in enumerate(scored, start=1):
        chunk = chunks[chunk_id]
        yield Hit(rank, score, ranks.get(chunk_id, 0), _title(chunk), _short(chunk.text))


def _title(chunk: Chunk) -> str:
    return heading_path(chunk.locator.headings) or chunk.source


def _short(text: str) -> str:
    """The beginning in one line, without Markdown's marks."""
    line = " ".join(text.replace("#", " ").replace("*", "").split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"

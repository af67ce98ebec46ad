"""Finds chunks for a question: dense and lexical search over one store, fused. A LangChain BaseRetriever."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from numpy.typing import NDArray
from pydantic import ConfigDict, PrivateAttr

from chains.fuse import Fused, fuse
from chains.rerank import Reranker
from ingest.store import ChunkStore, Scope
from models.embedders.base import Embedder
from models.types import Hit


@dataclass(frozen=True, slots=True)
class SearchResult:
    """hits: best first. vector: of the question, unit length. timings_ms: embed, dense, lexical, total."""

    question: str
    hits: tuple[Hit, ...]
    vector: NDArray[np.float32]
    timings_ms: dict[str, float]


class CourseRetriever(BaseRetriever):
    """Hybrid search. k: hits returned; pool: hits taken from each side before fusing; dense_weight: of meaning against words."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    store: ChunkStore
    embedder: Embedder
    dense_weight: float = 0.35
    k: int = 5
    pool: int = 50
    scope: Scope | None = None
    reranker: Reranker | None = None
    _threads: ThreadPoolExecutor = PrivateAttr(default_factory=lambda: ThreadPoolExecutor(1, "coursemate-lexical"))

    def search(self, question: str, k: int | None = None, scope: Scope | None = None) -> SearchResult:
        """The k best chunks for a question, with the time each step took. An empty store gives no hits."""
        started = time.perf_counter()
        scope = scope or self.scope
        pending = self._threads.submit(self._lexical, question, scope)
        vector = self.embedder.embed_question(question)
        embedded = time.perf_counter()
        dense = self.store.search_dense(vector, self.pool, scope)
        searched = time.perf_counter()
        lexical, lexical_ms = pending.result()
        fused = fuse(dense, lexical, self.dense_weight)
        hits = self._hits(question, fused, k or self.k)
        timings = {
            "embed": (embedded - started) * 1e3,
            "dense": (searched - embedded) * 1e3,
            "lexical": lexical_ms,
            "total": (time.perf_counter() - started) * 1e3,
        }
        return SearchResult(question, hits, vector, timings)

    def _lexical(self, question: str, scope: Scope | None) -> tuple[Sequence[tuple[str, float]], float]:
        started = time.perf_counter()
        found = self.store.search_lexical(question, self.pool, scope)
        return found, (time.perf_counter() - started) * 1e3

    def _hits(self, question: str, fused: Sequence[Fused], k: int) -> tuple[Hit, ...]:
        wanted = fused[: max(k, self.reranker.depth) if self.reranker else k]
        chunks = {chunk.id: chunk for chunk in self.store.get([f.chunk_id for f in wanted])}
        hits = [Hit(chunks[f.chunk_id], f.score, f.dense, f.lexical) for f in wanted if f.chunk_id in chunks]
        if self.reranker:
            hits = self.reranker.rerank(question, hits)
        return tuple(hits[:k])

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, **kwargs: Any
    ) -> list[Document]:
        hits = self.search(query, **kwargs).hits
        documents = []
        for hit in hits:
            document = hit.chunk.to_document()
            document.metadata["score"] = hit.score
            documents.append(document)
        return documents

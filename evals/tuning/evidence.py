"""What a point of the space brings before the model: retrieval and packing alone, so that most of a search needs no model.

Each way to cut the documents is a store of its own under `folder`, kept for the next search. One pass over the questions
serves every number of chunks and every budget at once: the largest pool is scored, smaller ones are parts of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from chains.budget import QUESTION_TOKENS, Speed, local_budget
from chains.calibration import Calibration
from chains.evidence import FEATURES, Candidate, EvidenceScorer, SentenceVectors
from chains.pack import estimate_tokens, pack
from chains.prepare import Prepared, Preparer
from chains.retrieve import CourseRetriever
from evals.base import Case
from evals.relevance import packed_share
from evals.tuning.space import Measured, Point, Space
from ingest.base import Limits
from ingest.pipeline import ingest
from ingest.split import SplitOptions
from ingest.store import ChunkStore
from models.embedders.base import Embedder

_CANDIDATES = 50  # hits taken from each index
_SENTENCES = 100_000  # vectors kept for a search; 150 MB at most


@dataclass(frozen=True, slots=True)
class Found:
    """A question's sentences from the largest pool, scored."""

    case: Case
    candidates: tuple[Candidate, ...]
    scores: NDArray[np.float64]
    retrieve_ms: float

    def within(self, chunks: int) -> tuple[list[Candidate], NDArray[np.float64]]:
        """The sentences of the first so many chunks."""
        kept = [i for i, candidate in enumerate(self.candidates) if candidate.hit < chunks]
        return [self.candidates[i] for i in kept], self.scores[kept]


class EvidenceBench:
    """Measures points on cases with gold evidence. Use it as a context manager: stores stay open between points.

    told: what is being worked on, a share done in [0, 1], for people who wait. passages: packed at most.
    """

    def __init__(
        self,
        documents: Sequence[Path],
        folder: Path,
        embedder: Embedder,
        calibration: Calibration,
        told: Callable[[str, float], None] | None = None,
        speed: Speed = "normal",
    ) -> None:
        self._speed: Speed = speed
        self._documents, self.folder, self._embedder, self._calibration = documents, folder, embedder, calibration
        self._told = told or (lambda what, share: None)
        self._vectors = SentenceVectors(embedder, _SENTENCES)
        self._preparers: dict[tuple[int, int, float], Preparer] = {}
        self._stores: dict[tuple[int, int], ChunkStore] = {}
        self._found: dict[tuple[int, int, float], list[Found]] = {}
        self._open = ExitStack()

    def __enter__(self) -> EvidenceBench:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def measure(self, point: Point, cases: Sequence[Case], space: Space, rate: float | None) -> Measured:
        """rate: prompt tokens that the model reads in a second."""
        key = (point.chunk_tokens, point.chunk_overlap, point.dense_weight)
        if key not in self._found:
            pool = max(*space.evidence_chunks, point.evidence_chunks)
            self._found[key] = self._search(self.preparer(point), cases, pool, _label(point))
        shares, read = [], []
        for found in self._found[key]:
            candidates, scores = found.within(point.evidence_chunks)
            passages = pack(candidates, scores, local_budget(point.evidence_tokens, self._speed))
            shares.append(packed_share(found.case, passages))
            evidence = sum(estimate_tokens(p.text) + 14 for p in passages)
            read.append(evidence + QUESTION_TOKENS + estimate_tokens(found.case.question))
        retrieve_ms, tokens = median(found.retrieve_ms for found in self._found[key]), mean(read)
        first = None if rate is None else retrieve_ms + tokens / rate * 1e3
        return Measured(point, tuple(shares), tokens, retrieve_ms, first)

    def prepare(self, point: Point, case: Case) -> Prepared:
        """Exactly what the engine would put before the model."""
        budget = local_budget(point.evidence_tokens, self._speed)
        return self.preparer(point).prepare(case.question, (), budget, pool=point.evidence_chunks)

    def preparer(self, point: Point) -> Preparer:
        """Retrieval at this point, over documents cut its way."""
        key = (point.chunk_tokens, point.chunk_overlap, point.dense_weight)
        if key not in self._preparers:
            retriever = CourseRetriever(
                store=self._store(*key[:2]), embedder=self._embedder, dense_weight=key[2], pool=_CANDIDATES
            )
            self._preparers[key] = Preparer(retriever, self._calibration, vectors=self._vectors)
        return self._preparers[key]

    def _store(self, chunk_tokens: int, overlap: int) -> ChunkStore:
        if (chunk_tokens, overlap) not in self._stores:
            folder, options = self.folder / f"{chunk_tokens}-{overlap}", SplitOptions(chunk_tokens, overlap)
            with ChunkStore.open(folder, self._embedder, folder.name, write=True) as store:
                for done, report in enumerate(ingest(self._documents, store, Limits(), options=options), start=1):
                    if report.error:
                        raise report.error
                    self._told(f"{chunk_tokens}/{overlap}", done / len(self._documents))
            store = self._open.enter_context(ChunkStore.open(folder, self._embedder, folder.name))
            self._stores[chunk_tokens, overlap] = store
        return self._stores[chunk_tokens, overlap]

    def _search(self, preparer: Preparer, cases: Sequence[Case], pool: int, label: str) -> list[Found]:
        scorer = EvidenceScorer(self._vectors, preparer.idf, _coefficients(self._calibration.evidence))
        found = []
        for done, case in enumerate(cases, start=1):
            started = time.perf_counter()
            result = preparer.retriever.search(case.question, pool)
            candidates = scorer.candidates(case.question, result.vector, result.hits)
            scores = scorer.scores(candidates)
            found.append(Found(case, tuple(candidates), scores, (time.perf_counter() - started) * 1e3))
            self._told(label, done / len(cases))
        return found


def _coefficients(named: Mapping[str, float]) -> list[float]:
    return [named[name] for name in FEATURES]


def _label(point: Point) -> str:
    return f"{point.chunk_tokens}/{point.chunk_overlap}, {point.dense_weight:g}"

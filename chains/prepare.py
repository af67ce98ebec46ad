"""Everything that happens to a question before a model sees it: rewrite, retrieve, score sentences, pack.

The passages of a conversation's last question are used again where they hold the new question's evidence too: the engine
has already read them, and only the question is left to read.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from chains.calibration import Calibration
from chains.evidence import FEATURES, Candidate, EvidenceScorer, SentenceVectors, inverse_document_frequency
from chains.pack import Budget, pack
from chains.retrieve import CourseRetriever, SearchResult
from chains.rewrite import join_subject, needs_rewrite
from ingest.store import Scope
from models.types import Hit, Passage, Sources, Turn


@dataclass(frozen=True, slots=True)
class Prepared:
    """A question with all that is known before the model is asked. retrieve_ms: from the question to its passages.

    hits: what the search found, best first; passages: what was packed of it.
    """

    question: str
    standalone: str
    history: tuple[Turn, ...]
    passages: tuple[Passage, ...]
    retrieve_ms: float
    candidates: tuple[Candidate, ...] = ()
    hits: tuple[Hit, ...] = ()

    def variables(self) -> dict[str, object]:
        """Input of the answer chain."""
        return {"passages": self.passages, "history": self.history, "question": self.question}

    def sources(self) -> Sources:
        """The evidence as the event that opens an answer."""
        return Sources(self.passages, self.retrieve_ms, self.standalone)


class Preparer:
    """Turns questions into passages. Thread-safe. threads: how many conversations' passages are remembered."""

    def __init__(
        self,
        retriever: CourseRetriever,
        calibration: Calibration,
        threads: int = 256,
        vectors: SentenceVectors | None = None,
    ) -> None:
        self.retriever, self._calibration, self._capacity = retriever, calibration, threads
        self.vectors = vectors or SentenceVectors(retriever.embedder)
        self._scorer = EvidenceScorer(self.vectors, self.idf, [calibration.evidence[name] for name in FEATURES])
        self._last: OrderedDict[str, tuple[Scope | None, tuple[Passage, ...]]] = OrderedDict()
        self._lock = Lock()

    def with_evidence(self, coefficients: Mapping[str, float]) -> Preparer:
        """The same over the same store, with other coefficients of the evidence score."""
        changed = replace(self._calibration, evidence=coefficients)
        return Preparer(self.retriever, changed, self._capacity, self.vectors)

    def idf(self, words: Sequence[str]) -> list[float]:
        """Inverse document frequency over the collection's chunks."""
        total = self.retriever.store.chunk_count()
        return [inverse_document_frequency(f, total) for f in self.retriever.store.document_frequencies(words)]

    def prepare(
        self,
        question: str,
        history: Sequence[Turn],
        budget: Budget,
        *,
        scope: Scope | None = None,
        thread: str = "",
        pool: int = 10,
    ) -> Prepared:
        """Passages for a question, best evidence first, remembered under `thread`."""
        started = time.perf_counter()
        standalone = join_subject(question, history) if needs_rewrite(question, history) else question
        found = self.retriever.search(standalone, pool, scope)
        candidates, scores = self._score(standalone, found)
        passages = pack(candidates, scores, budget)
        passages = self._reusable(thread, scope, passages, candidates, scores) or passages
        self._remember(thread, scope, passages)
        spent_ms = (time.perf_counter() - started) * 1e3
        return Prepared(question, standalone, tuple(history), passages, spent_ms, tuple(candidates), found.hits)

    def _score(self, question: str, found: SearchResult) -> tuple[list[Candidate], NDArray[np.float64]]:
        candidates = self._scorer.candidates(question, found.vector, found.hits)
        return candidates, self._scorer.scores(candidates)

    def _reusable(
        self,
        thread: str,
        scope: Scope | None,
        passages: tuple[Passage, ...],
        candidates: Sequence[Candidate],
        scores: NDArray[np.float64],
    ) -> tuple[Passage, ...] | None:
        with self._lock:
            last_scope, last = self._last.get(thread, (None, ()))
        if not thread or not last or not passages or last_scope != scope:
            return None
        held = {text for p in last for text in p.sentences}
        if passages[0].sentences[passages[0].best] not in held:
            return None
        score_of = {c.unit.text: float(s) for c, s in zip(candidates, scores, strict=True)}
        wanted = [text for p in passages for text in p.sentences]
        mass = sum(score_of.get(text, 0.0) for text in wanted)
        return last if sum(score_of.get(text, 0.0) for text in wanted if text in held) >= 0.85 * mass else None

    def _remember(self, thread: str, scope: Scope | None, passages: tuple[Passage, ...]) -> None:
        if not thread:
            return
        with self._lock:
            self._last[thread] = (scope, passages)
            self._last.move_to_end(thread)
            while len(self._last) > self._capacity:
                self._last.popitem(last=False)

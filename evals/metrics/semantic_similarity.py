"""Closeness in meaning of answer and reference, by the embedder that searches the documents.

Cosines of unrelated sentences are 0.8 with multilingual-e5-small and 0.1 with others, so they are put on the scale of
chains/evidence.py and unrelated is 0, the same meaning word for word is 1 (BERTScore rescales with a baseline likewise).
"""

from __future__ import annotations

import numpy as np

from chains.evidence import E5_UNRELATED, SentenceVectors
from evals.base import Case, Group, Outcome
from evals.wording import compared
from models.embedders.base import Embedder


class SemanticSimilarity:
    """Rescaled cosine, in [0, 1]; 0 for a refusal."""

    name = "semantic_similarity"
    group: Group = "answer"
    higher_is_better = True

    def __init__(self, vectors: SentenceVectors | None = None) -> None:
        self._vectors = vectors

    def using(self, embedder: Embedder) -> SemanticSimilarity:
        """See evals.base.NeedsEmbedder. Vectors of references are kept from system to system."""
        return SemanticSimilarity(SentenceVectors(embedder))

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """None without an embedder, for an unanswerable question or a case without a reference."""
        texts = compared(case, outcome)
        if self._vectors is None or texts is None:
            return None
        if not texts[0]:
            return 0.0
        said, wanted = self._vectors.of(texts)
        (close,) = self._vectors.closeness(np.asarray([said @ wanted]))
        return float(np.clip((close - E5_UNRELATED) / (1 - E5_UNRELATED), 0.0, 1.0))


METRIC = SemanticSimilarity()

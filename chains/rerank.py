"""An optional cross-encoder that reads question and passage together. Off by default: it costs seconds on a laptop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from models.errors import MissingError
from models.types import Hit


@dataclass(slots=True)
class Reranker:
    """model: hub id or folder of a sentence-transformers CrossEncoder. depth: how many hits it reorders."""

    model: str
    depth: int = 20
    _encoder: Any = field(default=None, repr=False)

    def rerank(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        """The first `depth` hits by the cross-encoder's score (sigmoid, in [0, 1]), the rest behind them.

        Raises MissingError without the extra `hf`.
        """
        head, tail = list(hits[: self.depth]), list(hits[self.depth :])
        if not head:
            return tail
        scores = self._load().predict([(question, hit.chunk.text) for hit in head])
        ranked = sorted(zip(head, scores, strict=True), key=lambda pair: -float(pair[1]))
        return [replace(hit, score=float(score)) for hit, score in ranked] + tail

    def _load(self) -> Any:
        if self._encoder is None:
            try:
                from sentence_transformers import CrossEncoder
            except ImportError as error:
                raise MissingError(what="the reranker's package", fix="pip install 'coursemate[hf]'") from error
            import torch

            self._encoder = CrossEncoder(self.model, trust_remote_code=False, activation_fn=torch.nn.Sigmoid())
        return self._encoder

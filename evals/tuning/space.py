"""What can be set about retrieval and packing, and the bounded grid that is searched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

BUDGETS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 2.5)  # of the evidence tokens that a search starts from


@dataclass(frozen=True, slots=True, order=True)
class Point:
    """One choice of settings, by the names that app/settings.py has for them.

    chunk_tokens, chunk_overlap: of the splitter, in e5 tokens. dense_weight: meaning against words, in [0, 1].
    evidence_chunks: chunks whose sentences are weighed. evidence_tokens: packed before the model.
    """

    chunk_tokens: int
    chunk_overlap: int
    dense_weight: float
    evidence_chunks: int
    evidence_tokens: int


@dataclass(frozen=True, slots=True)
class Space:
    """Values that each setting may take; chunks: (chunk_tokens, chunk_overlap) together. known: points that did well elsewhere
    and are tried whole, since one setting at a time does not always lead to them."""

    chunks: Sequence[tuple[int, int]] = ((400, 0), (400, 60), (250, 0), (250, 40), (150, 0))
    dense_weights: Sequence[float] = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
    evidence_chunks: Sequence[int] = (6, 10, 14, 20)
    evidence_tokens: Sequence[int] = (80, 120, 160, 200, 240, 320, 400)
    known: Sequence[Point] = ()

    @classmethod
    def around(cls, point: Point, known: Sequence[Point] = ()) -> Space:
        """The usual grid, with budgets from half to two and a half times this point's, whoever reads them; `known` with its budget."""
        budgets = {round(point.evidence_tokens * share / 10) * 10 for share in BUDGETS}
        tried = tuple(replace(one, evidence_tokens=point.evidence_tokens) for one in known)
        return cls(evidence_tokens=tuple(sorted(budgets | {point.evidence_tokens})), known=tried)

    def neighbours(self, point: Point) -> Iterator[list[Point]]:
        """For each setting in turn, the points that differ from this one in it alone."""
        yield [replace(point, dense_weight=w) for w in self.dense_weights if w != point.dense_weight]
        yield [replace(point, evidence_chunks=k) for k in self.evidence_chunks if k != point.evidence_chunks]
        yield [replace(point, evidence_tokens=t) for t in self.evidence_tokens if t != point.evidence_tokens]
        here = (point.chunk_tokens, point.chunk_overlap)
        yield [replace(point, chunk_tokens=n, chunk_overlap=o) for n, o in self.chunks if (n, o) != here]


@dataclass(frozen=True, slots=True)
class Measured:
    """A point on a question set. shares: of each case's gold evidence that was packed, (cases,), in the set's order.

    read_tokens: that the model reads for a question, the cached beginning of the prompt left out (mean). first_token_ms: the
    estimate made of it; None where the reading rate is not known. retrieve_ms: median.
    """

    point: Point
    shares: tuple[float, ...]
    read_tokens: float
    retrieve_ms: float
    first_token_ms: float | None = field(default=None)

    @property
    def quality(self) -> float:
        """Mean share of the evidence in the prompt, in [0, 1]."""
        return sum(self.shares) / len(self.shares)

    @property
    def cost(self) -> float:
        """What is traded against quality: milliseconds to the first token, or tokens to read where no rate is known."""
        return self.read_tokens if self.first_token_ms is None else self.first_token_ms

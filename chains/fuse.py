"""Fuses dense and lexical hits by their scores, not by their ranks.

A convex combination of min-max normalised scores (Bruch, Gai, Ingber 2023, "An Analysis of Fusion Functions for Hybrid
Retrieval", TOIS) beats reciprocal rank fusion on every Korean set measured here; see benchmarks/retrieval.py. How much
the dense side counts depends on the question: `dense_weight`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Scored = Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Fused:
    """One fused hit. score: in [0, 1]; dense: cosine or None; lexical: BM25 or None."""

    chunk_id: str
    score: float
    dense: float | None
    lexical: float | None


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """How much the dense score counts, in [0, 1].

    base: for an ordinary Korean question. foreign: for a question with next to no Hangul, whose words Korean notes
    seldom hold. sparse: for a question whose words the lexical index mostly does not know (a paraphrase).
    """

    base: float = 0.5
    foreign: float = 0.7
    sparse: float = 0.7


def dense_weight(question: str, known_share: float, weights: FusionWeights) -> float:
    """Weight of the dense side for this question. known_share: share of its morphemes that the index holds, in [0, 1]."""
    letters = [c for c in question if c.isalpha()]
    hangul = sum("가" <= c <= "힣" for c in letters)
    if letters and hangul / len(letters) < 0.2:
        return weights.foreign
    if known_share < 0.5:
        return weights.sparse
    return weights.base


def fuse(dense: Scored, lexical: Scored, weight: float) -> list[Fused]:
    """Union of both lists, best first; ties keep the dense order. A hit that one side missed scores 0 on that side."""
    by_dense, by_lexical = dict(dense), dict(lexical)
    dense_unit, lexical_unit = _min_max(by_dense), _min_max(by_lexical)
    ids = list(dict.fromkeys([*by_dense, *by_lexical]))
    fused = [
        Fused(
            i,
            weight * dense_unit.get(i, 0.0) + (1.0 - weight) * lexical_unit.get(i, 0.0),
            by_dense.get(i),
            by_lexical.get(i),
        )
        for i in ids
    ]
    return sorted(fused, key=lambda hit: -hit.score)


def _min_max(scores: Mapping[str, float]) -> dict[str, float]:
    if not scores:
        return {}
    low, high = min(scores.values()), max(scores.values())
    if high <= low:
        return dict.fromkeys(scores, 1.0)
    return {i: (score - low) / (high - low) for i, score in scores.items()}

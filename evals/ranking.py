"""Ranks contenders by votes between two of them: Bradley-Terry strengths with bootstrap intervals.

The model (Bradley, Terry 1952): a wins against b with probability p_a / (p_a + p_b). Strengths are fitted by Hunter's MM
algorithm (2004), a tie counts half a win for each, and every contender has in addition half a win and half a loss against
an average stranger, so that one who has never lost is strong and not infinite. Votes are drawn again for the intervals.

    bradley_terry([("1.5b", "0.5b", 1.0), ("1.5b", "0.5b", 0.5)])     # best first
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PRIOR = 0.5  # wins, and as many losses, against a stranger of strength 1
RESAMPLES = 1_000
AVERAGE, SCALE = 1_000.0, 400.0  # Elo points: 400 more are odds of ten to one
_STEPS, _CLOSE = 2_000, 1e-7

Vote = tuple[str, str, float]
Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A contender's place. strength: Elo points, 1000 for the average of all; low, high: 95 % interval.

    wins, losses, ties: votes as they were given; n: of them all. Intervals that overlap widely rank nothing.
    """

    name: str
    strength: float
    low: float
    high: float
    wins: int
    losses: int
    ties: int
    n: int


def bradley_terry(votes: Sequence[Vote], seed: int = 0, resamples: int = RESAMPLES) -> list[Ranked]:
    """Contenders best first. votes: (a, b, 1 where a won, 0 where b won, 0.5 for a tie); [] gives [].

    Raises ValueError for another score or a vote of one contender against itself.
    """
    for a, b, score in votes:
        if score not in (0, 0.5, 1) or a == b:
            raise ValueError(f"the vote {(a, b, score)!r} is none: two names and 1, 0.5 or 0")
    if not votes:
        return []
    names = sorted({name for a, b, _ in votes for name in (a, b)})
    alike = Counter((a, b, score) if a < b else (b, a, 1 - score) for a, b, score in votes)
    kinds = sorted(alike)
    counts = np.array([alike[kind] for kind in kinds], dtype=np.float64)
    table = _won(kinds, names)
    points = elo_points(fit(np.tensordot(counts[None], table, axes=1)))[0]
    drawn = np.random.default_rng(seed).multinomial(len(votes), counts / len(votes), resamples).astype(np.float64)
    low, high = np.quantile(elo_points(fit(np.tensordot(drawn, table, axes=1))), [0.025, 0.975], axis=0)
    ranked = [_ranked(name, i, (points, low, high), votes) for i, name in enumerate(names)]
    return sorted(ranked, key=lambda one: (-one.strength, one.name))


def fit(won: Array, prior: float = PRIOR) -> Array:
    """Strengths p > 0 of many tables at once: won[r, i, j] wins of i over j, (R, K, K) -> (R, K).

    Without a prior a contender needs a win and a loss, else its strength has no maximum.
    """
    met = won + won.transpose(0, 2, 1)
    wins = won.sum(axis=2) + prior  # (R, K)
    strength = np.ones(wins.shape)
    for _ in range(_STEPS):
        pairs = strength[:, :, None] + strength[:, None, :]  # (R, K, K)
        following = wins / ((met / pairs).sum(axis=2) + 2 * prior / (strength + 1))
        if not prior:
            following /= np.exp(np.log(following).mean(axis=1, keepdims=True))
        change = np.abs(following / strength - 1).max()
        strength = following
        if change < _CLOSE:
            break
    return strength


def elo_points(strength: Array) -> Array:
    """Elo points around `AVERAGE`, (R, K) -> (R, K)."""
    log = np.log10(strength)
    points: Array = AVERAGE + SCALE * (log - log.mean(axis=1, keepdims=True))
    return points


def _won(kinds: Sequence[Vote], names: Sequence[str]) -> Array:
    """What a vote of each kind adds to the table of wins, (kinds, K, K)."""
    place = {name: i for i, name in enumerate(names)}
    table = np.zeros((len(kinds), len(names), len(names)))
    for row, (a, b, score) in zip(table, kinds, strict=True):
        row[place[a], place[b]], row[place[b], place[a]] = score, 1 - score
    return table


def _ranked(name: str, place: int, figures: tuple[Array, Array, Array], votes: Sequence[Vote]) -> Ranked:
    scores = [score if name == a else 1 - score for a, b, score in votes if name in (a, b)]
    strength, low, high = (float(figure[place]) for figure in figures)
    return Ranked(name, strength, low, high, scores.count(1), scores.count(0), scores.count(0.5), len(scores))

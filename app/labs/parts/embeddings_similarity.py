"""How alike two sentences are: by their vectors, by their words, and how well that follows what people say.

Vectors of a contrastively trained encoder lie in a narrow cone: E5 was trained with a temperature of 0.01, and its model card names
cosines from 0.7 to 1.0 as usual (Wang et al. 2024; Ethayarajh 2019 measures such cones).
Taking away the mean vector spreads them about 0 (Mu and Viswanath 2018) and changes little of their order.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
K1, B = 1.2, 0.75
CERTAINTY = 1.96  # standard errors to either side: 95%


def unit(rows: Matrix) -> Matrix:
    """Each row at length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def cosines(vectors: Matrix) -> Matrix:
    """(N, D) -> (N, N)."""
    rows = unit(vectors)
    return rows @ rows.T


def centred(vectors: Matrix, mean: Matrix) -> Matrix:
    """Without the mean of many sentences, at length 1 again. The mean of the compared sentences themselves would make the cosines of
    a few of them negative by arithmetic alone: of N vectors without their mean they sum to about -N / 2."""
    return unit(vectors - mean)


def pair_cosines(first: Matrix, second: Matrix) -> Matrix:
    """Row by row, (N,)."""
    found: Matrix = np.einsum("nd,nd->n", unit(first), unit(second))
    return found


def overlap(first: Sequence[str], second: Sequence[str]) -> float:
    """The share of words that both have of those that any has (Jaccard 1912)."""
    both, any_of = set(first) & set(second), set(first) | set(second)
    return len(both) / len(any_of) if any_of else 0.0


class Bm25:
    """BM25 over short texts in memory (Robertson and Zaragoza 2009), with the smoothed idf that Lucene and tantivy use."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        self._holding = Counter(word for text in texts for word in set(text))
        self._many = len(texts)
        self._mean = sum(map(len, texts)) / len(texts) or 1.0

    def idf(self, word: str) -> float:
        """ln(1 + (N - n + 0.5) / (n + 0.5)) of n texts that hold the word."""
        held = self._holding[word]
        return math.log(1 + (self._many - held + 0.5) / (held + 0.5))

    def score(self, query: Sequence[str], text: Sequence[str]) -> float:
        """Of a text for a query."""
        counts = Counter(text)
        length = K1 * (1 - B + B * len(text) / self._mean)
        found = (self.idf(word) * counts[word] * (K1 + 1) / (counts[word] + length) for word in set(query))
        return sum(found)

    def likeness(self, first: Sequence[str], second: Sequence[str]) -> float:
        """Both ways round, each as a share of what the text scores for itself; from 0 to about 1."""
        ways = ((first, second), (second, first))
        shares = [self.score(a, b) / whole for a, b in ways if (whole := self.score(a, a))]
        return sum(shares) / len(shares) if shares else 0.0


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well scores follow what people said of `pairs` pairs. low, high: ends of the 95% interval of Spearman's."""

    spearman: float
    pearson: float
    low: float
    high: float
    pairs: int


def agreement(scores: Matrix, people: Matrix) -> Agreement:
    """Both correlations. The interval is Fisher's (1915) with the standard error of Bonett and Wright (2000) for ranks; nan of
    fewer than four pairs and of scores that are all the same."""
    ranked, many = pearson(ranks(scores), ranks(people)), len(scores)
    low = high = math.nan
    if math.isfinite(ranked) and many > 3:
        wide = CERTAINTY * math.sqrt((1 + ranked**2 / 2) / (many - 3))
        middle = math.atanh(max(-0.999999, min(0.999999, ranked)))
        low, high = math.tanh(middle - wide), math.tanh(middle + wide)
    return Agreement(ranked, pearson(scores, people), low, high, many)


def pearson(first: Matrix, second: Matrix) -> float:
    """The correlation of values (Pearson 1895); nan where one side never changes."""
    a, b = first - first.mean(), second - second.mean()
    lengths = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / lengths if lengths > 0 else math.nan


def ranks(values: Matrix) -> Matrix:
    """From 1, ties at their mean rank; the correlation of ranks is Spearman's (1904)."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    means: Matrix = (last - (counts - 1) / 2)[place]
    return means

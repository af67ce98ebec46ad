"""Checks a finished sentence of an answer against the passages it was written from.

support is the best passage sentence's agreement with it: shared content morphemes (by weight) and closeness of meaning.
Numbers and names are checked apart: one that stands in no passage and not in the question makes the sentence
unsupported however close its wording is, since that is what small models make up.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chains.evidence import Idf, SentenceVectors, covered, weighted_words
from chains.numbers import claimed_numbers, names, numbers
from chains.units import cut
from ingest.morphemes import content_morphemes
from models.types import Passage

MARK = re.compile(r"\s*\[(\d{1,2})\]")
_COMMON_NAMES = frozenset(
    {"ai", "ok", "vs", "etc", "eg", "ie", "the", "of", "and", "is", "in", "to", "for", "or", "an"}
)


@dataclass(frozen=True, slots=True)
class Support:
    """How well one answer sentence is supported.

    score: best agreement, in [0, 1]. by_passage: passage number -> best agreement there. quotes: passage number -> the
    sentence that agrees best. unsupported: numbers and names of the sentence that are in no passage and not asked about.
    """

    score: float
    by_passage: dict[int, float]
    quotes: dict[int, str]
    unsupported: tuple[str, ...]


NO_SUPPORT = Support(0.0, {}, {}, ())


@dataclass(frozen=True, slots=True)
class SupportWeights:
    """words: share of lexical agreement in the score; floor and ceiling: cosine that counts as 0 and as 1."""

    words: float = 0.6
    floor: float = 0.82
    ceiling: float = 0.97


class Grounder:
    """Scores sentences against one set of passages; build it once an answer."""

    def __init__(
        self, passages: Sequence[Passage], vectors: SentenceVectors, idf: Idf, weights: SupportWeights | None = None
    ) -> None:
        self._vectors, self._idf, self._weights = vectors, idf, weights or SupportWeights()
        quotes = [(p.n, text) for p in passages for text in _quotable(p)]
        self._numbers_of = [n for n, _ in quotes]
        self._quotes = [text for _, text in quotes]
        self._words = [frozenset(content_morphemes(text)) for text in self._quotes]
        self._titles = {p.n: " ".join(p.chunk.locator.headings) for p in passages}
        self._headings = {n: frozenset(content_morphemes(title)) for n, title in self._titles.items()}
        self._matrix = vectors.of(self._quotes)  # (Q, D)
        everything = " ".join([*self._quotes, *(" ".join(p.chunk.locator.headings) for p in passages)])
        self._known_numbers = numbers(everything)
        self._known_names = frozenset(names(everything).values())
        self._everything = re.sub(r"[\s\-_.]", "", everything).lower()

    def check(self, sentence: str, question: str) -> Support:
        """Support of one sentence. Marks like [1] in it are ignored."""
        plain = MARK.sub("", sentence).strip()
        unsupported = self.unsupported(plain, question)
        if not self._quotes or not plain:
            return Support(0.0, {}, {}, unsupported)
        scores = self._agreement(plain)
        by_passage: dict[int, float] = {}
        quotes: dict[int, str] = {}
        for i in np.argsort(-scores, kind="stable"):
            n = self._numbers_of[i]
            if n not in by_passage:
                by_passage[n], quotes[n] = float(scores[i]), self._quotes[i]
        return Support(max(by_passage.values()), by_passage, quotes, unsupported)

    def best_quote(self, support: Support) -> str:
        """The sentence that supports best, behind its headings; "" where nothing does."""
        if not support.by_passage:
            return ""
        n = max(support.by_passage, key=lambda i: support.by_passage[i])
        return f"{self._titles[n]} {support.quotes[n]}"

    def coverage(self, question: str, text: str) -> float:
        """Share of the question's word weight that `text` holds, in [0, 1]."""
        return covered(weighted_words(question, self._idf), content_morphemes(text))

    def unsupported(self, sentence: str, question: str) -> tuple[str, ...]:
        """Numbers and names as written that stand neither in a passage nor in the question."""
        asked = numbers(question)
        wrong = [w for w, value in claimed_numbers(sentence).items() if value not in self._known_numbers | asked]
        folded = re.sub(r"[\s\-_.]", "", question).lower()
        for written, name in names(sentence).items():
            known = name in self._known_names or name in self._everything or name in folded
            if not known and name not in _COMMON_NAMES and not written.isdigit():
                wrong.append(written)
        return tuple(dict.fromkeys(wrong))

    def _agreement(self, sentence: str) -> NDArray[np.float64]:
        wanted = weighted_words(sentence, self._idf)
        lexical = np.asarray(
            [covered(wanted, words | self._headings[n]) for words, n in zip(self._words, self._numbers_of, strict=True)]
        )
        cosine = self._vectors.closeness(self._matrix @ self._vectors.of([sentence])[0])
        w = self._weights
        meaning = np.clip((cosine - w.floor) / (w.ceiling - w.floor), 0.0, 1.0)
        agreement: NDArray[np.float64] = w.words * lexical + (1.0 - w.words) * meaning
        return agreement


def _quotable(passage: Passage) -> list[str]:
    """Sentences of the passage, and of its chunk, that a claim may rest on: the packed ones first."""
    rest = [unit.text for unit in cut(passage.chunk.text) if unit.kind != "heading"]
    return list(dict.fromkeys([*passage.sentences, *rest]))

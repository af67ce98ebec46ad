"""Which made questions stay: none twice, none that gives its answer away, none that another set holds already."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from chains.matching import holds
from evals.base import Case
from ingest.morphemes import content_morphemes

Embed = Callable[[str], NDArray[np.float32]]

SAME_WORDS = 0.8  # Jaccard of content morphemes
NEAR_WORDS = 0.5  # and this much where the meaning is the same too
SAME_MEANING = 0.97  # cosine of e5; Korean questions about different things of one course reach 0.95


def leaks(case: Case) -> bool:
    """Whether a group of strings that an answer must hold stands in the question: no one has to know anything then."""
    return any(holds(case.question, group) for group in case.must_include)


@dataclass
class Screen:
    """Takes questions one by one. embed: of a question, unit length; None judges by words alone."""

    embed: Embed | None = None
    _held: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    _vectors: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def take(self, question: str) -> bool:
        """Remembers the question and says True, unless it is a near copy of one held."""
        words = frozenset(content_morphemes(question))
        if any(self._alike(question, words, *other) for other in self._held):
            return False
        self._held.append((question, words))
        return True

    def hold(self, questions: Iterable[str]) -> None:
        """Questions of other sets: a near copy of one of them will not be taken."""
        self._held += [(question, frozenset(content_morphemes(question))) for question in questions]

    def _alike(self, question: str, words: frozenset[str], other: str, others: frozenset[str]) -> bool:
        shared = len(words & others) / max(1, len(words | others))
        if shared >= SAME_WORDS or question == other:
            return True
        if shared < NEAR_WORDS or self.embed is None:
            return False
        return float(self._vector(question) @ self._vector(other)) >= SAME_MEANING

    def _vector(self, question: str) -> NDArray[np.float32]:
        if question not in self._vectors and self.embed:
            self._vectors[question] = self.embed(question)
        return self._vectors[question]

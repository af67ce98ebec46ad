"""Which of several answers to one question agrees most with the others (self-consistency over free text).

Two answers agree where their numbers are the same and they share words and meaning; a refusal agrees with refusals alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chains.answerable import is_refusal
from chains.evidence import SentenceVectors
from chains.ground import MARK, SupportWeights
from chains.numbers import claimed_numbers
from ingest.morphemes import content_morphemes

SAME = 0.5  # agreement from which two answers count as the same


def agreement(answers: Sequence[str], vectors: SentenceVectors) -> tuple[int, float]:
    """Index of the winner (the earliest of equals), and the share of all answers that say what it says, in (0, 1].

    Needs at least one answer.
    """
    table = similarities(answers, vectors)
    best = int(np.argmax(np.round(table.sum(axis=1), 6)))
    return best, float(np.mean(table[best] >= SAME))


def similarities(answers: Sequence[str], vectors: SentenceVectors) -> NDArray[np.float64]:
    """How far each answer says what each other says, (N, N), in [0, 1]; 1 on the diagonal."""
    plain = [MARK.sub("", answer).strip() for answer in answers]
    words = [frozenset(content_morphemes(answer)) for answer in plain]
    stated = [frozenset(claimed_numbers(answer).values()) for answer in plain]
    refused = [is_refusal(answer) for answer in plain]
    embedded = vectors.of(plain)
    near = _meaning(vectors.closeness(embedded @ embedded.T))
    table = np.eye(len(plain))
    for i in range(len(plain)):
        for j in range(i):
            if refused[i] or refused[j]:
                table[i, j] = table[j, i] = float(refused[i] and refused[j])
            elif stated[i] == stated[j]:
                table[i, j] = table[j, i] = (_shared(words[i], words[j]) + near[i, j]) / 2
    return table


def _meaning(cosines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosines on the scale of the check's: unrelated sentences 0, paraphrases 1."""
    scale = SupportWeights()
    near: NDArray[np.float32] = np.clip((cosines - scale.floor) / (scale.ceiling - scale.floor), 0.0, 1.0)
    return near


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice's coefficient of two sets of words."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0

"""What may stay in a dataset, and in which part of it: near copies out, nothing of an evaluation set in, documents whole.

    kept = Screen(held=evaluation_questions, words=content_words, embed=embedder.embed_questions).sift(questions)
    parts = split(examples, Shares(), seed=0)

A question is a near copy of another by its letters (character n-grams), its words, or its meaning. What counts as words and as
meaning is the caller's: `words` and `embed` are handed in.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from finetune.base import PARTS, Example, Part
from models.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Words = Callable[[str], frozenset[str]]
Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]

GRAM = 2
SAME_LETTERS = 0.6  # Jaccard of character bigrams, spaces and case apart
SAME_WORDS = 0.8  # Jaccard of content words
SAME_MEANING = 0.955  # cosine of multilingual-e5-small; other questions of one course stay below
NEAR_LETTERS = 0.15  # closeness of meaning counts only where some letters are shared too


@dataclass(frozen=True, slots=True)
class Shares:
    """validation, test: shares of the examples, taken as whole documents; the rest is trained on."""

    validation: float = 0.08
    test: float = 0.08


def grams(text: str) -> frozenset[str]:
    """Character bigrams without spaces, punctuation and case; a text shorter than that is its own only one."""
    letters = re.sub(r"[\W_]+", "", text.lower())
    return frozenset(letters[at : at + GRAM] for at in range(max(1, len(letters) - GRAM + 1)))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared by all, in [0, 1]; 0 where both are empty."""
    return len(one & other) / max(1, len(one | other))


class Screen:
    """Finds near copies of held questions. words: content words of a question; embed: unit vectors, (N, D), or None."""

    def __init__(self, held: Sequence[str], words: Words, embed: Embed | None = None) -> None:
        self._words, self._embed = words, embed
        self._held = [(question, grams(question), words(question)) for question in dict.fromkeys(held)]
        self._vectors = embed([question for question, _, _ in self._held]) if embed and self._held else None

    def near(self, questions: Sequence[str]) -> list[str]:
        """For each question the held one it is a near copy of, "" where it is none."""
        if not questions:
            return []
        cosines = None
        if self._embed is not None and self._vectors is not None:
            cosines = self._embed(questions) @ self._vectors.T  # (N, D) @ (D, H) -> (N, H)
        return [self._near(question, None if cosines is None else cosines[n]) for n, question in enumerate(questions)]

    def _near(self, question: str, cosines: NDArray[np.float32] | None) -> str:
        letters, words = grams(question), self._words(question)
        for at, (held, held_letters, held_words) in enumerate(self._held):
            shared = jaccard(letters, held_letters)
            if shared >= SAME_LETTERS or jaccard(words, held_words) >= SAME_WORDS:
                return held
            if cosines is not None and shared >= NEAR_LETTERS and cosines[at] >= SAME_MEANING:
                return held
        return ""


def copies(questions: Sequence[str], answers: Sequence[str]) -> set[int]:
    """Places of what says the same as something before it: questions near by their letters, with answers near by theirs.

    The same question over other passages with another answer (an unanswerable twin) is no copy.
    """
    found: set[int] = set()
    asked, said = [grams(question) for question in questions], [grams(answer) for answer in answers]
    by_gram: defaultdict[str, list[int]] = defaultdict(list)
    for at, letters in enumerate(asked):
        rivals = {other for gram in letters for other in by_gram[gram]}
        if any(jaccard(letters, asked[other]) >= 0.85 and jaccard(said[at], said[other]) >= 0.85 for other in rivals):
            found.add(at)
            continue
        for gram in letters:
            by_gram[gram].append(at)
    return found


def split(examples: Sequence[Example], shares: Shares, seed: int) -> dict[Part, list[Example]]:
    """Every document wholly in one part; an example without a document counts as one of its own.

    Documents of the test part share no sentence of evidence with the others because they share no document. Raises InputError
    where the documents are too few for the shares.
    """
    if not (0 <= shares.validation < 1 and 0 <= shares.test < 1 and shares.validation + shares.test <= 0.9):
        detail = (
            f"The shares {shares.validation} and {shares.test} leave too little to train on; give at most 0.9 in all"
        )
        raise InputError(detail=detail, text_key="dataset.bad_shares", validation=shares.validation, test=shares.test)
    by_document: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_document[example.document or f"\0{example.id}"].append(example)
    names = sorted(by_document)
    random.Random(seed).shuffle(names)  # noqa: S311 - a repeatable draw, no secret
    parts: dict[Part, list[Example]] = {part: [] for part in PARTS}
    wishes: tuple[tuple[Part, float], ...] = (("test", shares.test), ("validation", shares.validation))
    for part, share in wishes:
        wanted = share * len(examples)
        # the smallest documents that fill the share: a big one would take more than was asked for
        for name in list(names):
            if len(names) > 1 and len(parts[part]) + len(by_document[name]) / 2 <= wanted:
                parts[part] += by_document[name]
                names.remove(name)
    parts["train"] = [example for name in names for example in by_document[name]]
    random.Random(seed).shuffle(parts["train"])  # noqa: S311
    return parts

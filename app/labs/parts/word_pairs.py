"""From a text to what skip-gram learns on: sentences as content words, a vocabulary, and pairs of a word and one beside it.

Words are Kiwi's nouns, roots, verb and adjective stems (with 다) and foreign words in lower case; course terms of several words are
one ("경사 하강법" is 경사하강법). Particles and endings are left out: they stand beside everything.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.labs.parts.course_text import with_breaks

NOUNS, STEMS, FOREIGN = ("NNG", "NNP", "XR"), ("VV", "VA"), "SL"
LEAST_COUNT = 3


@dataclass(frozen=True, slots=True)
class Words:
    """words: by number, the most frequent first. counts: of each. sentences: of numbers, words outside of the vocabulary left out."""

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    sentences: tuple[NDArray[np.int64], ...]

    def number(self, word: str) -> int | None:
        """None where it is not in the vocabulary."""
        cleaned = word.strip().lower().replace(" ", "")
        return self.words.index(cleaned) if cleaned in self.words else None


@lru_cache(maxsize=2)
def sentences_of(text: str) -> tuple[tuple[str, ...], ...]:
    """Content words of each sentence, in order."""
    from ingest.analyser import kiwi
    from ingest.sentences import split_sentences

    analyse = kiwi()
    spans = [(line, span) for line in with_breaks(text).splitlines() for span in split_sentences(line)]
    found = (tuple(filter(None, map(_word, analyse.tokenize(line[start:end])))) for line, (start, end) in spans)
    return tuple(sentence for sentence in found if len(sentence) > 1)


def _word(token: Any) -> str:
    """A content word; "" for what is none."""
    form = str(token.form).replace(" ", "")
    if token.tag in NOUNS:
        return form.lower()
    if token.tag.startswith(STEMS):
        return f"{form}다"
    return form.lower() if token.tag == FOREIGN and len(form) > 1 else ""  # a single letter is a formula's


def words_of(sentences: Sequence[Sequence[str]], least: int = LEAST_COUNT) -> Words:
    """The vocabulary of all words that occur `least` times; equally frequent ones in the order of their letters."""
    counted = Counter(word for sentence in sentences for word in sentence)
    kept = sorted((word for word, count in counted.items() if count >= least), key=lambda w: (-counted[w], w))
    number = {word: at for at, word in enumerate(kept)}
    numbered = (np.array([number[w] for w in sentence if w in number], np.int64) for sentence in sentences)
    counts = np.array([counted[word] for word in kept], np.int64)
    return Words(tuple(kept), counts, tuple(sentence for sentence in numbered if len(sentence) > 1))


def pairs(
    sentences: Sequence[NDArray[np.int64]], window: int, kept: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.int64]:
    """(centre, context) pairs of one pass, (N, 2), shuffled. Frequent words are left out at times, by `kept` (V,), before the
    windows are laid; each window reaches 1 to `window` words far, drawn anew, so that near words count more."""
    found: list[NDArray[np.int64]] = [np.empty((0, 2), np.int64)]
    for sentence in sentences:
        left = sentence[rng.random(len(sentence)) < kept[sentence]]
        reach = rng.integers(1, window + 1, len(left))
        for gap in range(1, min(window, len(left) - 1) + 1):
            first, second = left[:-gap], left[gap:]
            ahead, back = reach[:-gap] >= gap, reach[gap:] >= gap
            found += [np.stack([first, second], 1)[ahead], np.stack([second, first], 1)[back]]  # (n, 2)
    made = np.concatenate(found)
    rng.shuffle(made)
    return made


def ppmi(words: Words, window: int) -> NDArray[np.float64]:
    """Positive pointwise mutual information of words within a window, (V, V): max(0, log P(a, b) / (P(a) P(b))).

    What skip-gram with negative sampling factorises, but for a constant (Levy and Goldberg 2014).
    """
    size = len(words.words)
    together = np.zeros((size, size))
    for sentence in words.sentences:
        for gap in range(1, min(window, len(sentence) - 1) + 1):
            np.add.at(together, (sentence[:-gap], sentence[gap:]), 1)
            np.add.at(together, (sentence[gap:], sentence[:-gap]), 1)
    alone = together.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log(together * together.sum() / np.outer(alone, alone))
    return np.where(np.isfinite(found), np.maximum(found, 0), 0.0)


def unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each row at length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(lengths > 0, lengths, 1)


def nearest(
    vectors: NDArray[np.float64], target: NDArray[np.float64], without: Sequence[int], many: int
) -> list[tuple[int, float]]:
    """The rows of unit vectors (V, D) nearest to target (D,) by cosine, with it."""
    cosines = vectors @ unit(target[None])[0]
    order = [int(at) for at in np.argsort(-cosines, kind="stable") if at not in set(without)]
    return [(at, float(cosines[at])) for at in order[:many]]


def principal(vectors: NDArray[np.float64], parts: int = 2) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """PCA by singular values: coordinates (N, parts), and the share of the variance of each part. Pearson 1901."""
    centred = vectors - vectors.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    shares = values**2 / (values**2).sum() if (values > 0).any() else np.zeros_like(values)
    wide = np.zeros((len(vectors), parts))
    wide[:, : min(parts, len(values))] = (left * values)[:, :parts]
    return wide, shares[:parts]

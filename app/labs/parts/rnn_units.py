"""What a review is read as: letters (jamo), syllables, Kiwi's morphemes, or pieces of a BPE that is learned on the training reviews.

cut = cutter("morpheme", ())                 texts -> a list of units each
vocabulary = Vocabulary.of(cut(texts))
vocabulary.numbers(units)                    0 is padding, 1 stands for every unit that is not in the vocabulary
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from app.labs.parts.bpe import Trainer, count_words, encode, ranks, shown, units, words_of
from app.labs.parts.course_text import with_breaks

Unit = Literal["jamo", "syllable", "morpheme", "bpe"]
UNITS: tuple[str, ...] = get_args(Unit)
PADDING, UNKNOWN, FIRST = 0, 1, 2
MOST, LEAST_COUNT = 5000, 2  # units in a vocabulary; how often one stands in the training reviews
LONGEST = 160  # units that are read of a review: the last ones, where the verdict usually stands
MERGES = 2000
SPACE = "␣"

Cutter = Callable[[Sequence[str]], list[list[str]]]


def cutter(unit: str, learnt: Sequence[str]) -> Cutter:
    """Cuts texts into units. learnt: the training reviews, on which a BPE finds its pieces."""
    if unit == "jamo":
        return lambda texts: [list(unicodedata.normalize("NFD", text)) for text in texts]
    if unit == "syllable":
        return lambda texts: [list(unicodedata.normalize("NFC", text)) for text in texts]
    return morphemes if unit == "morpheme" else _bpe(learnt)


def morphemes(texts: Sequence[str]) -> list[list[str]]:
    """Kiwi's, in lower case; Latin words stay whole."""
    from ingest.analyser import kiwi

    analyser = kiwi()
    return [[token.form.lower() for token in analyser.tokenize(with_breaks(text))] for text in texts]


def _bpe(learnt: Sequence[str]) -> Cutter:
    """Pieces of Sennrich et al. (2016), from syllables. Each word is cut once."""
    rank = ranks(list(Trainer(count_words("\n".join(learnt), "character")).merges(MERGES)))
    known: dict[str, list[str]] = {}

    def pieces(word: str) -> list[str]:
        if word not in known:
            known[word] = encode(units(word, "character"), rank)
        return known[word]

    return lambda texts: [[piece for word in words_of(text) for piece in pieces(word)] for text in texts]


def readable(unit: str, kind: str) -> str:
    """A unit as it can be read."""
    said = shown(unit, "jamo") if kind == "jamo" else unit
    return "".join(SPACE if letter.isspace() else letter for letter in said)


@dataclass(frozen=True)
class Vocabulary:
    """known: the units by number, from FIRST on."""

    known: tuple[str, ...]

    @classmethod
    def of(cls, cut: Iterable[Sequence[str]]) -> Vocabulary:
        """The most frequent units of the training reviews; equally frequent ones in the order they are met."""
        counted = Counter(unit for text in cut for unit in text).most_common(MOST - FIRST)
        return cls(tuple(unit for unit, count in counted if count >= LEAST_COUNT))

    def __len__(self) -> int:
        return len(self.known) + FIRST

    @cached_property
    def _number(self) -> dict[str, int]:
        return {unit: number for number, unit in enumerate(self.known, start=FIRST)}

    def numbers(self, text: Sequence[str]) -> list[int]:
        """Of the last LONGEST units, one at least: a review without any is one unknown unit."""
        return [self._number.get(unit, UNKNOWN) for unit in text[-LONGEST:]] or [UNKNOWN]

    def unknown(self, cut: Iterable[Sequence[str]]) -> float:
        """Which share of all units the network does not know."""
        found = [unit in self._number for text in cut for unit in text]
        return 1 - sum(found) / len(found) if found else 0.0

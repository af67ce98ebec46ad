"""What the makers of questions share: a question with its proof, and the texts it is judged against."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from chains.matching import squeeze
from ingest.morphemes import content_morphemes
from models.types import Chunk

Frequencies = Callable[[Sequence[str]], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Made:
    """A question with what proves its answer. kind: its tag. subject: what it asks about, for swapping. answers:
    groups of strings that a right answer holds one of each of. chunk: where `evidence` stands, word for word; None for a
    question without an answer."""

    kind: str
    question: str
    subject: str = ""
    evidence: str = ""
    answers: tuple[tuple[str, ...], ...] = ()
    reference: str = ""
    chunk: Chunk | None = None
    tags: tuple[str, ...] = ()


class Corpus:
    """All the collection holds. chunks: every one; frequencies: of the word index, counted here where it is None."""

    def __init__(self, chunks: Iterable[Chunk], frequencies: Frequencies | None = None) -> None:
        self.chunks = list(chunks)
        self._frequencies = frequencies

    @cached_property
    def _squeezed(self) -> list[str]:
        return [squeeze(f"{' '.join(chunk.locator.headings)} {chunk.text}") for chunk in self.chunks]

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(word for chunk in self.chunks for word in set(content_morphemes(chunk.text)))

    def frequency(self, words: Sequence[str]) -> list[int]:
        """In how many chunks each content morpheme stands."""
        if self._frequencies is not None:
            return list(self._frequencies(words))
        return [self._counts[word] for word in words]

    def holding(self, *strings: str) -> int:
        """How many chunks hold all of these strings, white space and case ignored; a Latin name only as a whole word."""
        patterns = [_whole(squeeze(string)) for string in strings]
        return sum(all(pattern.search(text) for pattern in patterns) for text in self._squeezed)


def _whole(squeezed: str) -> re.Pattern[str]:
    before = r"(?<![a-z0-9])" if re.match(r"[a-z0-9]", squeezed) else ""
    after = r"(?![a-z0-9])" if re.search(r"[a-z0-9]$", squeezed) else ""
    return re.compile(before + re.escape(squeezed) + after)

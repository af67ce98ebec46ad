"""All that a collection says, ready to prove things with: what can be asked of each chunk, and which sentence says what.

A wrong answer must be wrong by the whole collection: `confirms` finds any sentence that could make it right.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from chains.injection import is_instruction
from chains.making.base import Corpus, Frequencies, Made
from chains.making.extract import Rarest, questions_of
from chains.making.statements import QUANTITY
from chains.study.definitions import Definition, definition_of, words_of
from chains.study.english import english_questions
from chains.study.language import language_of
from chains.study.names import fold, synonyms
from chains.study.screen import is_awkward
from models.types import Chunk

ENOUGH_DEFINITIONS = 80  # of the collection, to draw wrong answers from
CONFIRMING = 0.5  # share of a statement's words in one sentence; from there on the sentence may say the same
REFERENCES = re.compile(r"참고 ?문헌|references|bibliography", re.I)
_ENDS = re.compile(r"(?<=다\.)\s|(?<=[.!?])\s+(?=[A-Z가-힣])|\n+")


@dataclass(frozen=True, slots=True)
class Saying:
    """A sentence with the heading it stands under. folded: both, for finding names."""

    text: str
    folded: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit as it is written. chunk: id of where it stands."""

    number: str
    unit: str
    text: str
    chunk: str


def _unknown(words: Sequence[str]) -> Sequence[int]:
    return [0] * len(words)


@dataclass
class Bank:
    """A collection. chunks: all of them. frequencies: of its word index, to name what is rare; may be replaced. dropped: what was left out in reading, by reason.

    Chunks are read once, and only as many as somebody needs; thread-safe.
    """

    chunks: Sequence[Chunk]
    frequencies: Frequencies = _unknown
    dropped: Counter[str] = field(default_factory=Counter)
    _made: dict[str, list[Made]] = field(default_factory=dict)
    _defined: dict[str, list[Definition]] = field(default_factory=dict)
    _rejected: dict[str, Counter[str]] = field(default_factory=dict)
    _named: dict[frozenset[str], list[Saying]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @cached_property
    def _rarest(self) -> Rarest:
        return Rarest(Corpus(self.chunks, lambda words: self.frequencies(words)))

    def read(self, chunk: Chunk) -> list[Made]:
        """What can be asked of a chunk: its proof stands there word for word, and it orders nobody to do anything."""
        with self._lock:
            if chunk.id not in self._made:
                self._made[chunk.id] = [made for made in self._questions(chunk) if self._sound(made, chunk)]
            return self._made[chunk.id]

    def _questions(self, chunk: Chunk) -> Iterable[Made]:
        """Those of the chunk's language; references and other languages give none."""
        if chunk.locator.headings and REFERENCES.search(chunk.locator.headings[-1]):
            return ()
        language = language_of(chunk.text)
        if language == "en":
            return english_questions(chunk, self._rarest)
        return questions_of(chunk, self._rarest) if language == "ko" else ()

    def _sound(self, made: Made, chunk: Chunk) -> bool:
        reason = ""
        if made.evidence not in chunk.text:
            reason = "not_found"
        elif is_instruction(made.evidence):
            reason = "order"
        elif is_awkward(made):
            reason = "awkward"
        if reason:
            self._rejected.setdefault(chunk.id, Counter())[reason] += 1
        return not reason

    def rejected(self, chunk: Chunk) -> Counter[str]:
        """How many of a chunk's questions were left out when it was read, by reason."""
        return self._rejected.get(chunk.id, Counter())

    def definitions(self, chunk: Chunk) -> list[Definition]:
        """Those of a chunk, in reading order."""
        with self._lock:
            if chunk.id not in self._defined:
                found = (definition_of(made) for made in self.read(chunk))
                self._defined[chunk.id] = [one for one in found if one]
            return self._defined[chunk.id]

    def pool(self, first: Iterable[Chunk]) -> list[Definition]:
        """Definitions to take wrong answers from: of `first`, and of other chunks until there are enough."""
        chosen = list(first)
        found = [one for chunk in chosen for one in self.definitions(chunk)]
        known = {chunk.id for chunk in chosen}
        for chunk in self.chunks:
            if len(found) >= ENOUGH_DEFINITIONS:
                break
            found += self.definitions(chunk) if chunk.id not in known else []
        return found

    @cached_property
    def sayings(self) -> list[Saying]:
        """Every sentence, item and row of the collection."""
        found = []
        for chunk in self.chunks:
            heading = fold(chunk.locator.headings[-1]) if chunk.locator.headings else ""
            for text in _ENDS.split(chunk.text):
                if text.strip():
                    found.append(Saying(text, f"{heading} {fold(text)}"))
        return found

    @cached_property
    def _everything(self) -> str:
        return "\n".join(fold(chunk.text) for chunk in self.chunks)

    def stands(self, text: str) -> bool:
        """Whether the collection says this, spaces, case and marks ignored."""
        return fold(text) in self._everything

    def saying(self, names: frozenset[str], apart_from: str = "") -> list[Saying]:
        """Sentences that hold one of the folded names, but for those that stand in a text."""
        return [one for one in self._naming(names) if one.text.strip() not in apart_from]

    def _naming(self, names: frozenset[str]) -> list[Saying]:
        if names not in self._named:
            known = [name for name in names if len(name) > 1]
            pattern = re.compile("|".join(_whole(name) for name in known) or r"(?!)")
            places = sorted({place for name in known for place in self._places(name)})
            self._named[names] = [self.sayings[at] for at in places if pattern.search(self.sayings[at].folded)]
        return self._named[names]

    def _places(self, name: str) -> Iterator[int]:
        """Indexes of the sentences that hold a name. One long string is searched: in thousands of pages that is what counts."""
        text, starts = self._joined
        found = text.find(name)
        while found >= 0:
            at = bisect_right(starts, found) - 1
            yield at
            found = text.find(name, starts[at + 1] if at + 1 < len(starts) else len(text))

    @cached_property
    def _joined(self) -> tuple[str, list[int]]:
        """All sentences folded, a line each, and where each begins."""
        lines = [f"{one.folded}\n" for one in self.sayings]
        return "".join(lines), [0, *accumulate(map(len, lines[:-1]))]

    def confirms(self, names: Iterable[str], statement: str, apart_from: str = "") -> bool:
        """Whether some sentence about one of the names holds so many words of the statement that it may say the same."""
        wanted = [synonyms(word) for word in words_of(statement)]
        least = max(1.0, CONFIRMING * len(wanted))
        return any(
            sum(any(form in one.folded for form in word) for word in wanted) >= least
            for one in self.saying(frozenset(names), apart_from)
        )

    @cached_property
    def quantities(self) -> dict[str, list[Quantity]]:
        """Numbers with a unit, by unit."""
        found: defaultdict[str, list[Quantity]] = defaultdict(list)
        for chunk in self.chunks:
            for match in QUANTITY.finditer(chunk.text):
                text = re.sub(r"^(?:약|대략|총) ", "", match.group()).strip()
                found[match["unit"]].append(Quantity(match["number"].strip(), match["unit"], text, chunk.id))
        return found


def _whole(name: str) -> str:
    """A pattern for the name: Latin letters and digits only as whole words and numbers."""
    before = r"(?<![a-z0-9.])" if re.match(r"[a-z0-9]", name) else ""
    after = r"(?![a-z0-9]|\.\d)" if re.search(r"[a-z0-9]$", name) else ""
    return before + re.escape(name) + after

"""Every question that documents give, and the draw from them: what question sets and study aids both start from.

found = [made for chunk in chunks for made in questions_of(chunk, Rarest(corpus))]
for made in in_turn(unambiguous(found).kept, random.Random(0)): ...
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chains.making.base import Corpus, Made
from chains.making.grammar import Sentence
from chains.making.statements import Source, from_sentence
from chains.making.structures import from_section, sections
from chains.matching import squeeze
from ingest.morphemes import content_morphemes
from ingest.sentences import split_sentences
from models.types import Chunk

_MARKED = re.compile(r"\s*(?:[-*+•◦▪·>]|\d{1,2}[.)])\s")
_VAGUE_WORDS = re.compile(
    r"^(?:\d[\d.,만억천조]*[가-힣%]?|수?[십백천만]\S?|[가-힣]|수[십백천만]\S*|[a-z]|때|경우|정도|하나|여러|모두|\W+|.*[\\=<>{}].*)$"
)
_WORD_CHARACTERS = 20
_SENTENCE_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class Unambiguous:
    """kept: in the order they were found. dropped: how many were not."""

    kept: list[Made]
    dropped: int


def questions_of(chunk: Chunk, rarest: Rarest) -> Iterator[Made]:
    """The questions of one chunk, in reading order."""
    for section in sections(chunk):
        yield from from_section(section, rarest)
        if section.block.kind != "text":
            continue
        for start, end in split_sentences(section.block.text):
            text = section.block.text[start:end]
            if not _MARKED.match(text) and len(text) < _SENTENCE_CHARACTERS:
                yield from from_sentence(Source(Sentence(text), chunk), rarest)


def unambiguous(found: Sequence[Made]) -> Unambiguous:
    """Without questions that two places answer: a reader could not tell which one is meant."""
    places: defaultdict[str, set[str]] = defaultdict(set)
    for made in found:
        places[squeeze(made.question)].add(made.evidence)
    kept = {squeeze(made.question): made for made in reversed(found) if len(places[squeeze(made.question)]) == 1}
    dropped = sum(len(evidence) for evidence in places.values() if len(evidence) > 1)
    return Unambiguous(list(reversed(kept.values())), dropped)


def in_turn(found: Sequence[Made], rng: random.Random) -> Iterator[Made]:
    """One question a document and kind after the other, so that no chapter and no form fills the set."""
    shelves: defaultdict[str, defaultdict[str, list[Made]]] = defaultdict(lambda: defaultdict(list))
    for made in found:
        kind = "table" if "table" in made.tags else made.kind
        shelves[made.chunk.source if made.chunk else ""][kind].append(made)
    queues = []
    for kinds in shelves.values():
        piles = list(kinds.values())
        rng.shuffle(piles)
        for pile in piles:
            rng.shuffle(pile)
        queues.append(_round(piles))
    rng.shuffle(queues)
    while queues:
        for queue in list(queues):
            if one := next(queue, None):
                yield one
            else:
                queues.remove(queue)


def _round(piles: Sequence[list[Made]]) -> Iterator[Made]:
    while any(piles):
        for pile in piles:
            if pile:
                yield pile.pop()


class Rarest:
    """Picks the words of an answer that tell it from others: the rarest in the collection that the question lacks."""

    def __init__(self, corpus: Corpus) -> None:
        self._corpus = corpus

    def __call__(self, words: Sequence[str], count: int, question: str) -> list[str]:
        asked, flat = set(content_morphemes(question)), squeeze(question)
        ranked: dict[str, int] = {}
        for word in words:
            morphemes = content_morphemes(word)
            if not morphemes or len(word) > _WORD_CHARACTERS or _VAGUE_WORDS.match(word) or len(word) < 2:
                continue
            if asked.isdisjoint(morphemes) and squeeze(word) not in flat:
                ranked.setdefault(word, min(self._corpus.frequency(morphemes)))
        chosen = sorted(ranked, key=lambda word: ranked[word])[:count]
        return [word for word in words if word in chosen][:count]

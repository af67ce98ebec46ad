"""Makes a question set from documents, without a model: definitions, numbers, reasons, comparisons, lists, tables, headings.

    corpus = Corpus(every chunk of the collection, store.document_frequencies)
    made = make([chunks of one document, …], corpus, MakeOptions(count=50, seed=0), embed=embedder.embed_question)

The same documents and the same seed give the same questions. Each answerable one carries the sentence that proves it; what
the others ask about stands in no chunk of `corpus`.
"""

from __future__ import annotations

import random
import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from evals.base import Case
from evals.making.base import Corpus, Made
from evals.making.grammar import Sentence
from evals.making.screen import Screen, leaks
from evals.making.statements import Source, from_sentence
from evals.making.structures import from_section, sections
from evals.making.unanswerable import unanswerable
from evals.matching import squeeze
from ingest.morphemes import content_morphemes
from ingest.sentences import split_sentences
from models.types import Chunk

MOST = 1_000
_MARKED = re.compile(r"\s*(?:[-*+•◦▪·>]|\d{1,2}[.)])\s")
_VAGUE_WORDS = re.compile(
    r"^(?:\d[\d.,만억천조]*[가-힣%]?|수?[십백천만]\S?|[가-힣]|수[십백천만]\S*|[a-z]|때|경우|정도|하나|여러|모두|\W+|.*[\\=<>{}].*)$"
)
_WORD_CHARACTERS = 20
_SENTENCE_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class MakeOptions:
    """count: questions in all, 1 to MOST. unanswerable: share of those that no document answers. seed: which ones."""

    count: int = 50
    unanswerable: float = 0.2
    seed: int = 0


@dataclass(frozen=True, slots=True)
class MadeSet:
    """cases: answerable ones first, by document. dropped: how many questions were left out, by reason."""

    cases: tuple[Case, ...]
    dropped: dict[str, int] = field(default_factory=dict)


Listener = Callable[[int, int], None]


def make(
    documents: Sequence[Sequence[Chunk]],
    corpus: Corpus,
    options: MakeOptions,
    screen: Screen,
    progress: Listener = lambda done, total: None,
    cancel: threading.Event | None = None,
) -> MadeSet:
    """See the module. screen: holds the questions of other sets. progress: documents read, in all. Cancelled, the set
    holds what the documents read so far give."""
    rng = random.Random(options.seed)  # noqa: S311 - a repeatable draw, no secret
    rarest, found = _Rarest(corpus), []
    for number, chunks in enumerate(documents):
        progress(number, len(documents))
        if cancel and cancel.is_set():
            break
        found += [made for chunk in chunks for made in _from_chunk(chunk, rarest)]
    progress(len(documents), len(documents))
    dropped: Counter[str] = Counter()
    unambiguous = _unambiguous(found, dropped)
    wanted = round(options.count * (1 - options.unanswerable))
    kept = _taken(_in_turn(unambiguous, rng), wanted, screen, dropped)
    order = {id(made): at for at, made in enumerate(unambiguous)}
    kept.sort(key=lambda made: order[id(made)])
    refused = _taken(unanswerable(unambiguous, corpus, rng), options.count - wanted, screen, dropped)
    return MadeSet(tuple(made.case() for made in (*kept, *refused)), dict(dropped))


def _from_chunk(chunk: Chunk, rarest: _Rarest) -> Iterator[Made]:
    for section in sections(chunk):
        yield from from_section(section, rarest)
        if section.block.kind != "text":
            continue
        for start, end in split_sentences(section.block.text):
            text = section.block.text[start:end]
            if not _MARKED.match(text) and len(text) < _SENTENCE_CHARACTERS:
                yield from from_sentence(Source(Sentence(text), chunk), rarest)


def _unambiguous(found: Sequence[Made], dropped: Counter[str]) -> list[Made]:
    """Without questions that two places answer: a reader could not tell which one is meant."""
    places: defaultdict[str, set[str]] = defaultdict(set)
    for made in found:
        places[squeeze(made.question)].add(made.evidence)
    kept = {squeeze(made.question): made for made in reversed(found) if len(places[squeeze(made.question)]) == 1}
    dropped["ambiguous"] += sum(len(evidence) for evidence in places.values() if len(evidence) > 1)
    return list(reversed(kept.values()))


def _in_turn(found: Sequence[Made], rng: random.Random) -> Iterator[Made]:
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


def _taken(candidates: Iterator[Made], count: int, screen: Screen, dropped: Counter[str]) -> list[Made]:
    taken: list[Made] = []
    proofs: set[str] = set()
    while len(taken) < count:
        made = next(candidates, None)
        if made is None:
            break
        if made.evidence and made.evidence in proofs:
            dropped["same_evidence"] += 1
        elif leaks(made.case()):
            dropped["leaked"] += 1
        elif not screen.take(made.question):
            dropped["near_copy"] += 1
        else:
            proofs.add(made.evidence)
            taken.append(made)
    return taken


class _Rarest:
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

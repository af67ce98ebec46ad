"""Makes a question set from documents, without a model: definitions, numbers, reasons, comparisons, lists, tables, headings.

    corpus = Corpus(every chunk of the collection, store.document_frequencies)
    made = make([chunks of one document, …], corpus, MakeOptions(count=50, seed=0), embed=embedder.embed_question)

The same documents and the same seed give the same questions. Each answerable one carries the sentence that proves it; what
the others ask about stands in no chunk of `corpus`.
"""

from __future__ import annotations

import hashlib
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from chains.making.base import Corpus, Made
from chains.making.extract import Rarest, in_turn, questions_of, unambiguous
from evals.base import Case
from evals.making.screen import Screen, leaks
from evals.making.unanswerable import unanswerable
from models.types import Chunk

MOST = 1_000


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
    rarest, found = Rarest(corpus), []
    for number, chunks in enumerate(documents):
        progress(number, len(documents))
        if cancel and cancel.is_set():
            break
        found += [made for chunk in chunks for made in questions_of(chunk, rarest)]
    progress(len(documents), len(documents))
    clear = unambiguous(found)
    dropped = Counter(ambiguous=clear.dropped)
    wanted = round(options.count * (1 - options.unanswerable))
    kept = _taken(in_turn(clear.kept, rng), wanted, screen, dropped)
    order = {id(made): at for at, made in enumerate(clear.kept)}
    kept.sort(key=lambda made: order[id(made)])
    refused = _taken(unanswerable(clear.kept, corpus, rng), options.count - wanted, screen, dropped)
    return MadeSet(tuple(case_of(made) for made in (*kept, *refused)), dict(dropped))


def case_of(made: Made) -> Case:
    """The case; its id is a hash of document and question, so that the same question keeps its id."""
    source = made.chunk.source if made.chunk else ""
    name = hashlib.sha256(f"{source}\0{made.question}".encode()).hexdigest()[:10]
    return Case(
        id=f"q-{name}",
        question=made.question,
        answerable=made.chunk is not None,
        documents=(source,) if source else (),
        must_include=made.answers,
        reference=made.reference,
        evidence=made.evidence,
        tags=(made.kind, *made.tags),
    )


def _taken(candidates: Iterator[Made], count: int, screen: Screen, dropped: Counter[str]) -> list[Made]:
    taken: list[Made] = []
    proofs: set[str] = set()
    while len(taken) < count:
        made = next(candidates, None)
        if made is None:
            break
        if made.evidence and made.evidence in proofs:
            dropped["same_evidence"] += 1
        elif leaks(case_of(made)):
            dropped["leaked"] += 1
        elif not screen.take(made.question):
            dropped["near_copy"] += 1
        else:
            proofs.add(made.evidence)
            taken.append(made)
    return taken

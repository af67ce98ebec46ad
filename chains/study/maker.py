"""Makes study aids from a collection: without a model at once, each item with the sentence that proves it.

    bank = Bank(every chunk of the collection, store.document_frequencies)
    study = make(bank, [chunks of a document, …], Order("quiz", count=10))
    study.items[0].source.quote, study.dropped

The same documents, order and seed give the same set. wording.py lets a model reword it, every sentence checked.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from chains.making.base import Made
from chains.making.extract import in_turn, unambiguous
from chains.study.bank import Bank
from chains.study.base import FORMS, Form, Kind, Study
from chains.study.cards import cards, entries, terms_of
from chains.study.guide import weeks
from chains.study.quiz import Quizzer
from chains.study.watch import Listener, Watch
from models.errors import InputError
from models.types import Chunk

MOST = 300
SPARE = 4  # candidates to read for each item: some cannot be proved, some repeat
LEAST_READ, READ_AN_ITEM = 240, 3  # chunks of a collection that are read at most: 240, or three for each item


@dataclass(frozen=True, slots=True)
class Order:
    """What to make. count: items, 1 to MOST; of a guide its weeks, 0 for one a document. forms: of a quiz."""

    kind: Kind
    count: int = 10
    seed: int = 0
    forms: tuple[Form, ...] = FORMS


def make(
    bank: Bank,
    documents: Sequence[Sequence[Chunk]],
    order: Order,
    progress: Listener = lambda done, total: None,
    cancel: threading.Event | None = None,
) -> Study:
    """At most `order.count` items; fewer where the documents give no more, which `Study.wanted` and `dropped` tell.

    progress: chunks read, of those there are. Cancelled, it makes do with what has been read. Raises InputError for a count
    that cannot be and for documents that give nothing.
    """
    _check(order)
    bank.dropped.clear()
    rng = random.Random(order.seed)  # noqa: S311 - a repeatable draw, no secret
    names = tuple(chunks[0].source for chunks in documents if chunks)
    filled = [chunks for chunks in documents if chunks]
    watch = Watch(progress, cancel)
    study = _made(bank, filled, order, rng, watch)
    if not study.count:
        raise _nothing(names)
    dropped = {reason: count for reason, count in bank.dropped.items() if count}
    return Study(
        order.kind, names, max(order.count, study.count if order.kind == "guide" else 0), study.items, study.cards,
        study.entries, study.weeks, dropped, bool(cancel and cancel.is_set()),
    )  # fmt: skip


def _made(bank: Bank, documents: Sequence[Sequence[Chunk]], order: Order, rng: random.Random, watch: Watch) -> Study:
    blank = Study(order.kind, (), order.count)
    if order.kind == "guide":
        return Study(order.kind, (), order.count, weeks=tuple(weeks(documents, order.count, bank, watch)))
    clear = unambiguous(list(_reading(bank, documents, order, rng, watch)))
    bank.dropped["ambiguous"] += clear.dropped
    if order.kind == "glossary":
        terms = terms_of(in_turn([made for made in clear.kept if made.kind == "definition"], rng))
        return Study(order.kind, (), order.count, entries=tuple(entries(terms, order.count, bank)))
    drawn = in_turn(clear.kept, rng)
    if order.kind == "flashcards":
        return Study(order.kind, (), order.count, cards=tuple(cards(drawn, order.count, bank)))
    if not clear.kept:
        return blank
    read_chunks = {made.chunk.id: made.chunk for made in clear.kept if made.chunk}
    quizzer = Quizzer(bank, bank.pool(read_chunks.values()), rng)
    return Study(order.kind, (), order.count, tuple(quizzer.items(drawn, order.count, order.forms)))


def _reading(
    bank: Bank, documents: Sequence[Sequence[Chunk]], order: Order, rng: random.Random, watch: Watch
) -> Iterator[Made]:
    """What chunks of all documents in turn give, until there is enough to draw from; in the documents' order."""
    drawn = [rng.sample(list(chunks), len(chunks)) for chunks in documents]
    turns = [chunk for turn in zip_longest(*drawn) for chunk in turn if chunk is not None]
    found: dict[str, list[Made]] = {}
    count = 0
    most = min(len(turns), max(LEAST_READ, READ_AN_ITEM * order.count))
    for number, chunk in enumerate(turns[:most]):
        watch.progress(number, most)
        if watch.stopped or count >= SPARE * order.count:
            break
        found[chunk.id] = bank.read(chunk)
        bank.dropped.update(bank.rejected(chunk))
        count += len(found[chunk.id] if order.kind != "glossary" else bank.definitions(chunk))
    else:
        bank.dropped["unread"] = len(turns) - most
    watch.progress(most, most)
    for chunks in documents:
        for chunk in chunks:
            yield from found.get(chunk.id, ())


def _check(order: Order) -> None:
    least = 0 if order.kind == "guide" else 1
    if not least <= order.count <= MOST:
        detail = f"{order.count} items cannot be made; give a number from {max(1, least)} to {MOST}"
        raise InputError(detail=detail, text_key="study.bad_count", n=order.count, most=MOST)


def _nothing(names: Sequence[str]) -> InputError:
    shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "") or "-"
    detail = f"{shown} gives no study aid of this kind: there is no definition, number, reason or table in Korean or English; choose other documents"
    return InputError(detail=detail, text_key="study.nothing", name=shown)

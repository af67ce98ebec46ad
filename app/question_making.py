"""Question sets from this home's documents: what the command line and the page both do.

material = gather(wiring.store(), embedder, limits, ["06-*.md"])
cases = make_set(material, Order(count=50, seed=0), …)
"""

from __future__ import annotations

import fnmatch
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from evals.base import Case
from ingest.base import Limits
from models.errors import InputError
from models.types import Chunk

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from evals.making.maker import MadeSet
    from evals.making.paraphrase import Form

Stage = Literal["reading", "making", "wording"]
Listener = Callable[[Stage, int, int], None]
MOST = 1_000


@dataclass(frozen=True, slots=True)
class Order:
    """What to make. unanswerable: share, 0 to 0.9. forms: other words to ask a backend for, for `reworded` of the cases at most."""

    count: int = 50
    unanswerable: float = 0.2
    seed: int = 0
    forms: tuple[Form, ...] = ()
    reworded: int = MOST


@dataclass(frozen=True, slots=True)
class Material:
    """documents: chunks of each chosen one. everything: all of the collection and the documents. frequencies: of the word
    index, None where documents from outside of the collection count too."""

    documents: tuple[tuple[Chunk, ...], ...]
    everything: tuple[Chunk, ...]
    frequencies: Callable[[Sequence[str]], Sequence[int]] | None


def gather(store: Any, embedder: Any, limits: Limits, wanted: Sequence[str] = ()) -> Material:
    """The chosen documents: names in the collection, paths or patterns of either; all for none.

    Raises InputError for what names nothing, and for an empty collection; DocumentError for a file that cannot be read.
    """
    records = store.documents()
    by_name = {record.source: record for record in records}
    chosen, outside = _choose(by_name, wanted)
    if not chosen and not outside:
        raise _wrong("making.no_documents", "There are no documents; add some with `coursemate ingest PATH`")
    kept = {record.source: tuple(store.chunks_of(record.id)) for record in records}
    loaded = {path.name: _load(path, embedder, limits) for path in outside}
    documents = tuple(kept[name] for name in chosen) + tuple(loaded.values())
    everything = tuple(chunk for chunks in (kept | loaded).values() for chunk in chunks)
    return Material(documents, everything, None if loaded else store.document_frequencies)


def _choose(by_name: dict[str, Any], wanted: Sequence[str]) -> tuple[list[str], list[Path]]:
    from ingest.files import expand
    from ingest.loading import suffixes

    if not wanted:
        return list(by_name), []
    paths = {str(Path(record.path).resolve()): name for name, record in by_name.items()}
    names: dict[str, None] = {}
    outside: dict[Path, None] = {}
    for word in wanted:
        matching = [word] if word in by_name else fnmatch.filter(by_name, word)
        files = [] if matching else [path for path in expand([Path(word)], suffixes()) if path.is_file()]
        if not matching and not files:
            detail = f"There is no document and no file {word!r}; see `coursemate docs list`"
            raise _wrong("making.no_such_document", detail, name=word)
        names.update(dict.fromkeys(matching))
        for path in files:
            known = paths.get(str(path.resolve()))
            names.update({known: None} if known else {})
            outside.update({} if known else {path: None})
    return list(names), list(outside)


def _load(path: Path, embedder: Any, limits: Limits) -> tuple[Chunk, ...]:
    from ingest.loading import load_pages
    from ingest.split import split_pages, token_counter

    kind, pages = load_pages(path, limits)
    pieces = split_pages(pages, token_counter(embedder))
    return tuple(
        Chunk(f"{path.name}-{number}", piece.text, path.name, piece.locator, number, path.name, kind)
        for number, piece in enumerate(pieces)
    )


def make_set(
    material: Material,
    order: Order,
    embed: Callable[[str], Any] | None,
    model: BaseChatModel | None = None,
    others: Sequence[Case] = (),
    progress: Listener = lambda stage, done, total: None,
    cancel: threading.Event | None = None,
) -> MadeSet:
    """Made questions, and reworded ones where a model is given. others: cases of sets that must not be copied.

    Raises InputError where the documents give no question; BackendError.
    """
    from chains.making.base import Corpus
    from evals.making.maker import MadeSet, MakeOptions, make
    from evals.making.paraphrase import reword
    from evals.making.screen import Screen

    screen = Screen(embed)
    screen.hold(case.question for case in others)
    corpus = Corpus(material.everything, material.frequencies)
    options = MakeOptions(order.count, order.unanswerable, order.seed)
    made = make(
        material.documents, corpus, options, screen, lambda done, total: progress("reading", done, total), cancel
    )
    if not made.cases:
        raise _wrong(
            "making.nothing", "These documents give no question; choose others, with sentences, lists or tables"
        )
    if model is None or not order.forms:
        return made
    told: Callable[[int, int], None] = lambda done, total: progress("wording", done, total)  # noqa: E731
    worded = reword(made.cases[: order.reworded], model, order.forms, told, cancel)
    dropped = Counter(made.dropped) + Counter(worded.dropped)
    return MadeSet((*made.cases, *worded.cases), dict(dropped))


def check_count(count: int) -> int:
    """The count, if so many questions can be made. Raises InputError."""
    if not 1 <= count <= MOST:
        raise _wrong(
            "making.bad_count", f"{count} questions cannot be made; give a number from 1 to {MOST}", n=count, most=MOST
        )
    return count


def _wrong(key: str, detail: str, **params: Any) -> InputError:
    return InputError(detail=detail, text_key=key, **params)

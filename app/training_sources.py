"""What training examples are made of: documents with a retriever over them, so that the passages are those the assistant would meet.

The home's collection is one source. Other files, and licensed texts, are ingested into a collection of their own below
HOME/finetune/sources, named by a hash of what is in it: the second dataset from the same texts embeds nothing.
"""

from __future__ import annotations

import hashlib
import random
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from models.errors import InputError
from models.types import Chunk

if TYPE_CHECKING:
    from app.wiring import Wiring
    from chains.making.base import Corpus
    from chains.prepare import Preparer
    from ingest.store import ChunkStore

Stage = Literal["reading", "embedding", "making", "wording", "counting"]
Listener = Callable[[Stage, int, int], None]

_SENTENCES_KEPT = 60_000  # vectors of sentences, 2 KB each: every sentence of a source is scored many times
_MOST_CHARACTERS = 12_000  # of one licensed text: a book is cut to its beginning


@dataclass(frozen=True, slots=True)
class Source:
    """origin: of examples made of it. documents: the chunks of each chosen one. licences: by document name."""

    origin: str
    documents: tuple[tuple[Chunk, ...], ...]
    corpus: Corpus
    preparer: Preparer
    licences: dict[str, str] = field(default_factory=dict)


@contextmanager
def of_documents(wiring: Wiring, wanted: Sequence[str], told: Listener) -> Iterator[list[Source]]:
    """The chosen documents of the collection, and files outside of it; all documents for none.

    Raises InputError for what names nothing, DocumentError for a file that cannot be read.
    """
    from app.question_making import gather
    from chains.making.base import Corpus

    with ExitStack() as stack:
        store, retriever = wiring.store(), wiring.retriever()
        material = gather(store, wiring.embedder(), wiring.limits(), wanted)
        kept = {record.source for record in store.documents()}
        inside = tuple(chunks for chunks in material.documents if chunks and chunks[0].source in kept)
        sources = []
        if inside:
            everything = [chunk for record in store.documents() for chunk in store.chunks_of(record.id)]
            corpus = Corpus(everything, store.document_frequencies)
            sources.append(Source("structure", inside, corpus, _preparer(wiring, retriever)))
        outside = [Path(word) for word in wanted if Path(word).exists() and Path(word).name not in kept]
        if outside:
            found = stack.enter_context(_collection(wiring, outside, told))
            sources.append(_source(wiring, found, "structure", {}))
        yield sources


@contextmanager
def of_licensed(wiring: Wiring, files: Sequence[Path], most: int, seed: int, told: Listener) -> Iterator[list[Source]]:
    """A source a file, of at most `most` texts in all, drawn by `seed`. Raises InputError, as finetune.data.licensed does."""
    from finetune.data.licensed import read_licensed

    with ExitStack() as stack:
        sources = []
        for path in files:
            texts = [text for text in read_licensed(path) if _hangul(text.text) > 0.2]
            random.Random(seed).shuffle(texts)  # noqa: S311 - a repeatable draw, no secret
            texts = texts[: max(1, most // len(files))]
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="coursemate-texts-")))
            licences = {}
            for text in texts:
                name = re.sub(r"[^\w가-힣.-]+", "-", text.id)[-80:].strip("-.") + ".md"
                (folder / name).write_text(f"# {text.title}\n\n{text.text[:_MOST_CHARACTERS]}\n", encoding="utf-8")
                licences[name] = text.licence
            found = stack.enter_context(_collection(wiring, sorted(folder.iterdir()), told))
            name = path.name.removesuffix(".gz").removesuffix(".jsonl")
            sources.append(_source(wiring, found, f"licensed:{name}", licences))
        yield sources


def _hangul(text: str) -> float:
    return len(re.findall("[가-힣]", text)) / max(1, len(text))


@contextmanager
def _collection(wiring: Wiring, paths: Sequence[Path], told: Listener) -> Iterator[ChunkStore]:
    """These files in a collection of their own, ingested unless it is there whole."""
    from ingest.files import expand
    from ingest.loading import suffixes
    from ingest.pipeline import ingest

    files = [path for path in expand(list(paths), suffixes()) if path.is_file()]
    digest = hashlib.sha256(wiring.embedder().fingerprint.encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    folder = wiring.home / "finetune" / "sources" / digest.hexdigest()[:16]
    if not (folder / "catalog.sqlite").exists():
        draft = folder.with_name(f".{folder.name}")
        shutil.rmtree(draft, ignore_errors=True)
        draft.parent.mkdir(parents=True, exist_ok=True)
        with wiring_store(wiring, draft, write=True) as store:
            for done, _ in enumerate(ingest(files, store, wiring.limits()), start=1):
                told("embedding", done, len(files))
        draft.rename(folder)
    with wiring_store(wiring, folder, write=False) as store:
        if not store.documents():
            names = ", ".join(path.name for path in paths[:3])
            detail = f"Nothing could be read of {names}; choose other files"
            raise InputError(detail=detail, text_key="dataset.nothing_read", names=names)
        yield store


def wiring_store(wiring: Wiring, folder: Path, write: bool) -> ChunkStore:
    """A collection outside of the home's own."""
    from ingest.store import ChunkStore

    return ChunkStore.open(folder, wiring.embedder(), folder.name.strip("."), write=write)


def _source(wiring: Wiring, store: ChunkStore, origin: str, licences: dict[str, str]) -> Source:
    from chains.making.base import Corpus
    from chains.retrieve import CourseRetriever

    documents = tuple(tuple(store.chunks_of(record.id)) for record in store.documents())
    corpus = Corpus([chunk for chunks in documents for chunk in chunks], store.document_frequencies)
    usual = wiring.retriever()
    retriever = CourseRetriever(
        store=store, embedder=wiring.embedder(), dense_weight=usual.dense_weight, pool=usual.pool
    )
    return Source(origin, documents, corpus, _preparer(wiring, retriever), licences)


def _preparer(wiring: Wiring, retriever: object) -> Preparer:
    from chains.calibration import load
    from chains.evidence import SentenceVectors
    from chains.prepare import Preparer

    vectors = SentenceVectors(wiring.embedder(), _SENTENCES_KEPT)
    return Preparer(retriever, load(), vectors=vectors)  # type: ignore[arg-type]

"""Files into a store: load, cut, embed, publish. `ingest(paths, store, limits)` gives a FileReport a file, as each is done.

Chunks of many files are embedded together; while one window of them is embedded, the one before is analysed and stored in
a second thread. A file is reported when it is searchable. Killed at any line, the store is as it was last published, and
the next run goes on with what is missing.

A file's path tells the document, its SHA-256 the version. Same path and bytes: `unchanged`, nothing is embedded. New
bytes: `updated`; chunks whose text is the same keep their vectors. Bytes of a document whose file is gone: the file was
renamed, the document takes the new name. Bytes of a document whose file is still there: a copy, `unchanged` with
`same_as`; it is not stored again, so that no answer cites one sentence twice.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ingest.base import Limits, Page
from ingest.disk import disk_full
from ingest.files import Fingerprint, expand, has_changed, read_fingerprint, visible_name
from ingest.identity import Identity
from ingest.loading import load_pages, suffixes
from ingest.progress import IngestProgress, Meter
from ingest.split import SplitOptions, indexed_text, split_pages, token_counter
from ingest.store import ChunkStore, DocumentDraft, Scope
from models.embedders.base import Embedder
from models.errors import CourseMateError, DocumentError, MissingError
from models.types import Chunk, chunk_id

__all__ = ["FileReport", "IngestProgress", "ingest"]

WINDOW_CHUNKS = 256  # embedded and stored together: three seconds of work, a megabyte of text
_BATCH_CHUNKS = 32  # embedded between two looks at progress


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file. chunks: of the document as it is searched now. error: set where the status is `failed`.

    renamed_from: the old path of a renamed file. same_as: the source of the document whose copy this file is.
    """

    path: Path
    status: Literal["added", "updated", "unchanged", "failed"]
    chunks: int = 0
    error: CourseMateError | None = None
    seconds: float = 0.0
    renamed_from: str | None = None
    same_as: str | None = None


@dataclass(slots=True)
class _Job:
    """A file on its way in. known: vectors of the older version, by digest of what was embedded."""

    path: Path
    content: Fingerprint
    draft: DocumentDraft
    started: float
    known: dict[bytes, NDArray[np.float32]]
    status: Literal["added", "updated"]
    version: int = 0
    chunks: int = 0

    def titled(self, pages: Iterable[Page]) -> Iterator[Page]:
        """The pages as they are; the first heading becomes the document's title."""
        for number, page in enumerate(pages):
            if number == 0 and page.locator.headings:
                self.draft = replace(self.draft, title=page.locator.headings[0])
            yield page


def ingest(
    paths: Sequence[Path],
    store: ChunkStore,
    limits: Limits,
    progress: Callable[[IngestProgress], None] | None = None,
    options: SplitOptions | None = None,
) -> Iterator[FileReport]:
    """Brings files, folders and globs into a store that was opened for writing; a report a file, in no fixed order.

    A file that cannot be read is a report with its DocumentError; its older version stays. Raises DiskFull, StoreError,
    MissingError without an embedder; what was reported until then is kept. Closing the iterator or Ctrl-C stops cleanly.
    """
    if store.embedder is None:
        raise MissingError(what="An embedder", fix="open the collection with one to add documents")
    files = expand(paths, suffixes())
    with disk_full(store.folder), ThreadPoolExecutor(1, "coursemate-store") as worker:
        meter = Meter(files, progress)
        yield from _Run(store, store.embedder, limits, options or SplitOptions(), meter, worker).over(files)
        store.settle()


@dataclass(slots=True)
class _Run:
    store: ChunkStore
    embedder: Embedder
    limits: Limits
    options: SplitOptions
    meter: Meter
    worker: ThreadPoolExecutor
    window: list[tuple[_Job, Chunk]] = field(default_factory=list)
    read: list[_Job] = field(default_factory=list)  # to their end, with chunks in the window
    coming: dict[str, _Job] = field(default_factory=dict)  # by content; not published yet
    storing: Future[list[_Job]] | None = None

    def over(self, files: Sequence[Path]) -> Iterator[FileReport]:
        """A report a file."""
        for path in files:
            self.meter.begin(path)
            started = time.monotonic()
            try:
                job = self._look(path, started)
                if isinstance(job, FileReport):
                    self.meter.done(path, worked=False)
                    yield job
                else:
                    yield from self._read(job)
            except DocumentError as error:
                self._drop(path)
                self.meter.done(path)
                yield FileReport(path, "failed", error=error, seconds=time.monotonic() - started)
        yield from self._flush()
        yield from self._stored()

    def _look(self, path: Path, started: float) -> FileReport | _Job:
        """What the file's path and bytes say: nothing to do, or a job."""
        identity = Identity(self.store.catalog)
        content, here = read_fingerprint(path), identity.at(path)
        reserved = [job.draft for job in self.coming.values()]
        sources = {draft.source for draft in reserved}
        if here and here.sha256 == content.sha256:
            return FileReport(path, "unchanged", here.chunks, seconds=time.monotonic() - started)
        if here is None:
            twins = identity.with_content(content.sha256)
            if gone := next((twin for twin in twins if not twin.path.exists()), None):
                self.store.move(gone.id, identity.free_source(path, sources, owner=gone.id), path)
                return FileReport(path, "unchanged", gone.chunks, renamed_from=str(gone.path))
            if twins:
                return FileReport(path, "unchanged", twins[0].chunks, same_as=twins[0].source)
            if first := self.coming.get(content.sha256):
                return FileReport(path, "unchanged", first.chunks, same_as=first.draft.source)
        source = here.source if here else identity.free_source(path, sources)
        document_id = here.id if here else identity.free_id(source, {draft.id for draft in reserved})
        title = visible_name(path).removesuffix(path.suffix)
        draft = DocumentDraft(document_id, source, "", str(path), content.sha256, content.size_bytes, title)
        known = self._known_vectors(document_id) if here else {}
        return _Job(path, content, draft, started, known, "updated" if here else "added")

    def _known_vectors(self, document_id: str) -> dict[bytes, NDArray[np.float32]]:
        catalog = self.store.catalog
        keys, vectors = catalog.live_vectors(scope=Scope(documents=frozenset({document_id})))
        chunks = catalog.chunks("d.id = ?", (document_id,))
        return {_digest(indexed_text(chunks[key])): vector for key, vector in zip(keys, vectors, strict=True)}

    def _read(self, job: _Job) -> Iterator[FileReport]:
        """Loads and cuts a file; full windows go on to be embedded."""
        format_, pages = load_pages(job.path, self.limits)
        job.draft = replace(job.draft, format=format_)
        job.version = self.store.begin(job.draft.id)
        self.coming[job.draft.sha256] = job
        for piece in split_pages(job.titled(pages), token_counter(self.embedder), self.options):
            name = chunk_id(job.draft.id, job.chunks, piece.text)
            chunk = Chunk(name, piece.text, job.draft.source, piece.locator, job.chunks, job.draft.id, format_)
            job.chunks += 1
            self.window.append((job, chunk))
            if len(self.window) >= WINDOW_CHUNKS:
                yield from self._flush()
        if job.chunks == 0:
            raise DocumentError(job.path.name, "empty")
        if has_changed(job.path, job.content):
            raise DocumentError(job.path.name, "unreadable", "it was written to while it was read; add it again")
        self.read.append(job)
        self.meter.read(job.chunks)
        if not any(owner is job for owner, _ in self.window):
            yield from self._flush()

    def _drop(self, path: Path) -> None:
        """Forgets a file that failed on the way; what is staged of it is swept."""
        self.window = [(job, chunk) for job, chunk in self.window if job.path != path]
        self.coming = {content: job for content, job in self.coming.items() if job.path != path}

    # Windows

    def _flush(self) -> Iterator[FileReport]:
        """Embeds the window and hands it to the second thread; reports what that has published meanwhile."""
        window, finished = self.window, self.read
        self.window, self.read = [], []
        if not window and not finished:
            return
        vectors = self._embed(window)
        yield from self._stored()
        self.storing = self.worker.submit(self._store, window, vectors, finished)

    def _embed(self, window: Sequence[tuple[_Job, Chunk]]) -> NDArray[np.float32]:
        """Vectors of the window's chunks, (len(window), dimension); like lengths together, known texts not at all."""
        vectors = np.empty((len(window), self.embedder.dimension), np.float32)
        texts = [indexed_text(chunk) for _, chunk in window]
        new = []
        for row, (job, _) in enumerate(window):
            known = job.known.get(_digest(texts[row])) if job.known else None
            if known is None:
                new.append(row)
            else:
                vectors[row] = known
        new.sort(key=lambda row: len(texts[row]))
        for start in range(0, len(new), _BATCH_CHUNKS):
            rows = new[start : start + _BATCH_CHUNKS]
            vectors[rows] = self.embedder.embed_passages([texts[row] for row in rows])
            self.meter.embedded((window[row][0].path, texts[row]) for row in rows)
        return vectors

    def _store(
        self, window: Sequence[tuple[_Job, Chunk]], vectors: NDArray[np.float32], finished: Sequence[_Job]
    ) -> list[_Job]:
        self.store.stage([(job.version, chunk) for job, chunk in window], vectors)
        self.store.publish([(job.version, job.draft) for job in finished])
        self.store.checkpoint()
        return list(finished)

    def _stored(self) -> Iterator[FileReport]:
        """Waits for the second thread."""
        jobs = self.storing.result() if self.storing else []
        self.storing = None
        for job in jobs:
            del self.coming[job.draft.sha256]
            self.meter.done(job.path)
            yield FileReport(job.path, job.status, job.chunks, seconds=time.monotonic() - job.started)


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()

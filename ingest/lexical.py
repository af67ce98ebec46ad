"""BM25 over content morphemes, in tantivy: on disk, incremental, safe for readers beside a writer.

tantivy commits whole batches atomically and never changes a file that a reader has open. Words come from
`ingest/morphemes.py`, joined by spaces; the index keeps frequencies, no positions and no text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ingest.catalog import Scope
from models.errors import StoreError

_WRITER_BYTES = 64_000_000
_SEPARATOR = " "
_QUERY_WORDS = 256  # of a page pasted as a question the first ones are enough


@dataclass(frozen=True, slots=True)
class Entry:
    """A chunk's words, and what searches are filtered by."""

    key: int
    version: int
    document: str
    format: str
    words: Sequence[str]


class LexicalIndex:
    """The index in `folder`, made there if need be. `reload` shows what another process has committed."""

    def __init__(self, folder: Path) -> None:
        import tantivy

        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._schema = _schema()
        try:
            self._index = tantivy.Index(self._schema, path=str(folder))
            self._index.config_reader("manual")
        except ValueError as error:
            detail = f"The word index in {folder} cannot be used ({error}). Run `coursemate reindex`."
            raise StoreError(detail=detail) from error
        self._index.reload()
        self._searcher = self._index.searcher()
        self._writer: Any = None

    def reload(self) -> None:
        """Makes the newest commit the one that is searched."""
        self._index.reload()
        self._searcher = self._index.searcher()

    # Searching

    def search(self, words: Sequence[str], k: int, scope: Scope | None = None) -> list[tuple[int, float]]:
        """Keys of the k best chunks that hold any of the words, with their BM25, best first; dead chunks included."""
        from tantivy import Occur, Query

        if not words:
            return []
        terms = [
            (Occur.Should, Query.term_query(self._schema, "words", word, "freq"))
            for word in islice(dict.fromkeys(words), _QUERY_WORDS)
        ]
        query = Query.boolean_query(terms)
        filters = self._filters(scope)
        if filters:
            query = Query.boolean_query([(Occur.Must, query), *((Occur.Must, f) for f in filters)])
        searcher = self._searcher
        hits = searcher.search(query, k, count=False).hits
        keys: Sequence[Any] = searcher.fast_field_values("key", [address for _, address in hits])
        return [(int(key), float(score)) for key, (score, _) in zip(keys, hits, strict=True)]

    def _filters(self, scope: Scope | None) -> list[Any]:
        from tantivy import Query

        if not scope:
            return []
        wanted = [("document", scope.documents), ("format", scope.formats)]
        sets = [Query.term_set_query(self._schema, name, sorted(values)) for name, values in wanted if values]
        return [Query.const_score_query(query, 0.0) for query in sets]

    def frequencies(self, words: Sequence[str]) -> list[int]:
        """In how many chunks each word stands, in order."""
        return [int(self._searcher.doc_freq("words", word)) for word in words]

    def holds_version(self, version: int) -> bool:
        """Whether a chunk of this version was ever committed (and not merged away)."""
        return bool(self._searcher.doc_freq("version", version))

    def count(self) -> int:
        """How many chunks it holds, dead ones too."""
        return int(self._searcher.num_docs)

    # Writing

    def add(self, entries: Iterable[Entry]) -> None:
        """Adds chunks; others see them after `commit`."""
        from tantivy import Document

        writer = self._open_writer()
        for entry in entries:
            document = Document()
            document.add_unsigned("key", entry.key)
            document.add_unsigned("version", entry.version)
            document.add_text("document", entry.document)
            document.add_text("format", entry.format)
            document.add_text("words", _SEPARATOR.join(entry.words))
            writer.add_document(document)

    def delete(self, versions: Sequence[int]) -> None:
        """Takes versions out, after `commit`."""
        from tantivy import Query

        writer = self._open_writer()
        for version in versions:
            writer.delete_documents_by_query(Query.term_query(self._schema, "version", version))

    def clear(self) -> None:
        """Takes everything out, after `commit`."""
        self._open_writer().delete_all_documents()

    def commit(self) -> None:
        """Makes what was added and deleted durable and visible, at once."""
        if self._writer is not None:
            self._writer.commit()
            self.reload()

    def close(self) -> None:
        """Ends the writer; what was not committed is dropped."""
        if self._writer is not None:
            self._writer.rollback()
            self._writer.wait_merging_threads()
            self._writer = None

    def _open_writer(self) -> Any:
        if self._writer is None:
            self._writer = self._index.writer(_WRITER_BYTES, 1)
        return self._writer


def _schema() -> Any:
    from tantivy import SchemaBuilder

    builder = SchemaBuilder()
    builder.add_unsigned_field("key", fast=True)
    builder.add_unsigned_field("version", indexed=True)
    builder.add_text_field("document", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("format", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("words", tokenizer_name="whitespace", index_option="freq")
    return builder.build()

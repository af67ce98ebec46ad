"""The labs' store: filled once, asked by meaning and by words, and each hit knows its rank by the other way."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.labs.parts.embeddings_search import fill, notes, opened, search
from models.embedders.fake import EMBEDDER
from models.errors import DocumentError


def test_notes_are_searched_both_ways(home: Path) -> None:
    embedder = EMBEDDER.build("", home)
    files = [path for path in notes() if path.name[:2] in {"06", "13"}]
    with opened(home, embedder) as store:
        assert list(fill(store, files)) == [1, 2]
        found = search(store, embedder, "HNSW efSearch", 5)
    assert "efsearch" in found.words
    assert "HNSW" in found.lexical[0].title and found.lexical[0].score > 0
    assert [hit.rank for hit in found.dense] == [1, 2, 3, 4, 5]
    named = {hit.text: hit.rank for hit in found.dense}
    assert all(hit.other == named.get(hit.text, hit.other) for hit in found.lexical)
    assert 0 < found.fused[0].score <= 1 and "#" not in found.fused[0].text
    with opened(home, embedder) as store:
        assert list(fill(store, files)) == [1, 2], "the second time only hashes are looked at"
        assert search(store, embedder, "🙂", 5).lexical == ()


def test_what_cannot_be_read_is_told(home: Path) -> None:
    broken = home / "empty.md"
    broken.write_bytes(b"")
    with opened(home, EMBEDDER.build("", home)) as store, pytest.raises(DocumentError):
        list(fill(store, [broken]))

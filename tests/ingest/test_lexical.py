"""The word index: BM25, scopes, commits, deletions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.catalog import Scope
from ingest.lexical import Entry, LexicalIndex
from models.errors import StoreError


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LexicalIndex]:
    index = LexicalIndex(tmp_path / "lexical")
    index.add(
        [
            Entry(1, 1, "a", "md", ["드롭아웃", "뉴런", "뉴런"]),
            Entry(2, 2, "b", "pdf", ["드롭아웃", "합성곱"]),
            Entry(3, 2, "b", "pdf", ["torch.nn.linear", "c++", "1e-3"]),
        ]
    )
    index.commit()
    yield index
    index.close()


def test_rare_words_weigh_more(index: LexicalIndex) -> None:
    assert [key for key, _ in index.search(["드롭아웃", "뉴런"], 5)] == [1, 2]
    assert index.search([], 5) == []
    assert index.search(["없는말"], 5) == []
    assert len(index.search(["드롭아웃"], 1)) == 1


def test_words_with_signs_are_found_whole(index: LexicalIndex) -> None:
    for word in ("torch.nn.linear", "c++", "1e-3"):
        assert [key for key, _ in index.search([word], 5)] == [3]


def test_a_scope_does_not_change_the_score(index: LexicalIndex) -> None:
    scores = dict(index.search(["드롭아웃"], 5))
    assert index.search(["드롭아웃"], 5, Scope(documents=frozenset({"b"}))) == [(2, scores[2])]
    assert index.search(["드롭아웃"], 5, Scope(formats=frozenset({"md"}))) == [(1, scores[1])]
    assert index.search(["드롭아웃"], 5, Scope(frozenset({"a"}), frozenset({"pdf"}))) == []


def test_nothing_is_seen_before_the_commit(index: LexicalIndex) -> None:
    index.add([Entry(4, 3, "c", "md", ["뉴런"])])
    assert index.frequencies(["뉴런"]) == [1]
    index.commit()
    assert index.frequencies(["뉴런"]) == [2]


def test_what_is_not_committed_is_dropped(index: LexicalIndex) -> None:
    index.add([Entry(4, 3, "c", "md", ["뉴런"])])
    index.close()
    again = LexicalIndex(index.folder)
    assert again.count() == 3


def test_a_version_is_taken_out_whole(index: LexicalIndex) -> None:
    assert index.holds_version(2)
    index.delete([2])
    index.commit()
    assert index.count() == 1
    assert [key for key, _ in index.search(["드롭아웃", "합성곱"], 5)] == [1]


def test_a_reader_sees_a_commit_after_reload(index: LexicalIndex) -> None:
    reader = LexicalIndex(index.folder)
    index.clear()
    index.add([Entry(9, 9, "z", "md", ["새말"])])
    index.commit()
    assert reader.count() == 3
    reader.reload()
    assert (reader.count(), reader.frequencies(["새말", "뉴런"])) == (1, [1, 0])


def test_a_damaged_index_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "meta.json").write_text("{")
    with pytest.raises(StoreError, match="reindex"):
        LexicalIndex(tmp_path)

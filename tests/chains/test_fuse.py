"""Fusing by scores: values worked out by hand."""

import pytest

from chains.fuse import fuse


def test_convex_combination_by_hand() -> None:
    dense = [("a", 0.9), ("b", 0.8), ("c", 0.7)]
    lexical = [("c", 12.0), ("d", 6.0), ("a", 2.0)]
    scores = {hit.chunk_id: hit.score for hit in fuse(dense, lexical, 0.5)}
    assert scores == pytest.approx({"a": 0.5, "b": 0.25, "c": 0.5, "d": 0.2})


def test_best_first_and_ties_keep_the_dense_order() -> None:
    hits = fuse([("a", 0.9), ("b", 0.8), ("c", 0.7)], [("c", 12.0), ("d", 6.0), ("a", 2.0)], 0.5)
    assert [hit.chunk_id for hit in hits] == ["a", "c", "b", "d"]
    assert hits[2].lexical is None
    assert hits[3].dense is None


def test_one_side_empty() -> None:
    assert [h.chunk_id for h in fuse([], [("x", 3.0), ("y", 1.0)], 0.7)] == ["x", "y"]
    assert fuse([], [], 0.5) == []


def test_equal_scores_count_as_full() -> None:
    assert {h.chunk_id: h.score for h in fuse([("a", 0.8), ("b", 0.8)], [], 1.0)} == {"a": 1.0, "b": 1.0}

"""Correlations equal scipy's, and the ways to compare sentences do what their formulas say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.labs.parts.embeddings_similarity import (
    Bm25,
    agreement,
    centred,
    cosines,
    overlap,
    pair_cosines,
    ranks,
)

DRAW = np.random.default_rng(3)


@pytest.mark.parametrize("digits", [6, 1], ids=["distinct", "tied"])
def test_correlations_equal_the_librarys(digits: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    people = DRAW.uniform(0, 5, 80).round(digits)
    scores = (people + DRAW.normal(0, 1, 80)).round(digits)
    found = agreement(scores, people)
    assert found.spearman == pytest.approx(stats.spearmanr(scores, people).statistic)
    assert found.pearson == pytest.approx(stats.pearsonr(scores, people).statistic)
    assert ranks(people) == pytest.approx(stats.rankdata(people))
    assert found.low < found.spearman < found.high and found.pairs == 80


def test_an_interval_narrows_with_the_pairs_and_is_unknown_of_nothing() -> None:
    people = np.arange(200.0)
    scores = people + DRAW.normal(0, 60, 200)
    wide, narrow = agreement(scores[::10], people[::10]), agreement(scores, people)
    assert narrow.high - narrow.low < wide.high - wide.low
    assert math.isnan(agreement(np.ones(9), np.arange(9.0)).spearman)
    assert math.isnan(agreement(np.arange(3.0), np.arange(3.0)).low)


def test_the_mean_of_many_spreads_a_narrow_cone() -> None:
    vectors = DRAW.normal(0, 1, (50, 8)) + 5
    assert cosines(vectors).mean() > 0.9
    spread = cosines(centred(vectors, vectors.mean(axis=0)))
    assert abs(spread.mean()) < 0.05
    assert np.diag(spread) == pytest.approx(np.ones(50))
    assert pair_cosines(vectors, vectors[::-1])[0] == pytest.approx(cosines(vectors)[0, -1])


def test_shared_words() -> None:
    assert overlap(["가", "나"], ["나", "다"]) == pytest.approx(1 / 3)
    assert overlap([], []) == 0


def test_bm25_prefers_rare_words_and_short_texts() -> None:
    texts = [["고양이", "잔다"], ["강아지", "잔다"], ["새", "난다", "하늘", "높이", "멀리"]]
    bm25 = Bm25(texts)
    assert bm25.idf("고양이") > bm25.idf("잔다") > 0
    assert bm25.score(["고양이"], texts[0]) > bm25.score(["잔다"], texts[0]) > 0 == bm25.score(["없다"], texts[0])
    assert bm25.score(["새"], ["새"]) > bm25.score(["새"], texts[2])
    assert bm25.likeness(texts[0], texts[0]) == pytest.approx(1)
    assert bm25.likeness(texts[0], texts[1]) == pytest.approx(bm25.likeness(texts[1], texts[0]))
    assert bm25.likeness([], []) == 0

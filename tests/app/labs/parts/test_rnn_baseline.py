"""The bag of words: its features by hand, what it learns, and what it can not."""

from __future__ import annotations

import numpy as np
import pytest

from app.labs.parts.rnn_baseline import L2, features, learn


def test_features_by_hand() -> None:
    rows, keys = features([[2, 3, 2, 3], [3], [4, 4]], vocabulary=10)
    assert list(zip(rows.tolist(), keys.tolist(), strict=True)) == [
        (0, 20),  # 2
        (0, 23),  # 2 3, once
        (0, 30),  # 3
        (0, 32),  # 3 2
        (1, 30),
        (2, 40),
        (2, 44),
    ]


def test_it_learns_a_word_and_a_pair_and_no_more() -> None:
    words = [[2, 5], [3, 5], [2, 6], [3, 6]] * 10
    assert (learn(words, np.array([1, 0, 1, 0] * 10), 10).scores(words[:4]) > 0).tolist() == [True, False, True, False]
    pairs = [[2, 8], [3, 8], [7, 2], [7, 3]] * 10  # each word stands as often in both kinds
    assert (learn(pairs, np.array([1, 0, 0, 1] * 10), 10).scores(pairs[:4]) > 0).tolist() == [True, False, False, True]
    order = [[4, 2, 4, 3, 4], [4, 3, 4, 2, 4]] * 10  # the same words and pairs
    assert np.abs(learn(order, np.array([1, 0] * 10), 10).scores(order[:2])).max() < 1e-9


def test_it_agrees_with_scikit_learn() -> None:
    """Logistic regression on Naive Bayes' ratios out of the library's parts gives the same classes."""
    linear, bayes = pytest.importorskip("sklearn.linear_model"), pytest.importorskip("sklearn.naive_bayes")
    draw = np.random.default_rng(0)
    kinds = draw.integers(0, 2, 400)
    numbers = [draw.integers(2, 40, 8).tolist() + [2 + int(kind)] * int(draw.random() < 0.7) for kind in kinds]
    bag = learn(numbers, kinds, 50)
    rows, keys = features(numbers, 50)
    known = np.searchsorted(bag.keys, keys).clip(max=len(bag.keys) - 1)
    there = bag.keys[known] == keys
    table = np.zeros((len(numbers), len(bag.keys)))
    table[rows[there], known[there]] = 1
    log_shares = bayes.MultinomialNB(alpha=1.0).fit(table, kinds).feature_log_prob_
    weighted = table * (log_shares[1] - log_shares[0])
    fitted = linear.LogisticRegression(C=1 / (L2 * len(kinds)), max_iter=1000).fit(weighted, kinds)
    assert (fitted.predict(weighted) == (bag.scores(numbers) > 0)).mean() > 0.97


@pytest.mark.parametrize("kinds", [[0, 0], [1, 0]], ids=["one-kind", "nothing-twice"])
def test_hardly_anything_to_learn_from(kinds: list[int]) -> None:
    bag = learn([[2, 3], [4]], np.array(kinds), 10)
    assert np.isfinite(bag.scores([[2], [9, 9]])).all()

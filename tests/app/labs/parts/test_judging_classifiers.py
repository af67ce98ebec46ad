"""The classifiers equal scikit-learn's, and rows are told apart, thinned and kept sparse as they should be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

from app.labs.base import Desk
from app.labs.data.loading import load
from app.labs.parts.judging_classifiers import LEAST_VARIANCE, PENALTY, Logistic, NaiveBayes
from app.labs.parts.judging_rows import Held, Task, pieces, rarer, task


def made(home: Path, data: str, share: float = 0.0) -> Task:
    return task(load(Desk(home), data, train=400 if data == "nsmc" else 0, test=200), share, seed=0)


def dense(held: Any) -> np.ndarray:
    if not isinstance(held, Held):
        return np.asarray(held.values)
    values = np.zeros(held.shape)
    values[held.rows, held.columns] = 1
    return values


@pytest.mark.parametrize("data", ["breast-cancer", "nsmc"])
def test_logistic_regression_equals_the_librarys(home: Path, data: str) -> None:
    from sklearn.linear_model import LogisticRegression

    found, ours = made(home, data), Logistic()
    assert list(ours.fit(found.train))[-1] == 1
    theirs = LogisticRegression(C=1 / PENALTY, tol=1e-6, max_iter=5000)
    theirs.fit(dense(found.train.inputs), found.train.truth)
    wanted = theirs.predict_proba(dense(found.test.inputs))[:, 1]
    assert ours.scores(found.test.inputs) == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize("data", ["breast-cancer", "nsmc"])
def test_naive_bayes_equals_the_librarys(home: Path, data: str) -> None:
    from sklearn.naive_bayes import BernoulliNB, GaussianNB

    found, ours = made(home, data), NaiveBayes()
    list(ours.fit(found.train))
    theirs = BernoulliNB() if data == "nsmc" else GaussianNB(var_smoothing=LEAST_VARIANCE)
    theirs.fit(dense(found.train.inputs), found.train.truth)
    wanted = theirs.predict_proba(dense(found.test.inputs))[:, 1]
    assert ours.scores(found.test.inputs) == pytest.approx(wanted, abs=1e-6)


def test_a_sparse_matrix_multiplies_as_the_full_one() -> None:
    held = Held(np.array([0, 0, 2]), np.array([1, 3, 0]), (3, 4))
    full = dense(held)
    assert held.dot(np.arange(4.0)) == pytest.approx(full @ np.arange(4.0))
    assert held.back(np.array([1.0, 2, 3])) == pytest.approx(full.T @ np.array([1.0, 2, 3]))


def test_positives_are_made_rare_and_negatives_all_kept() -> None:
    truth = np.arange(100) % 2 == 0
    left = rarer(truth, 0.02, np.random.default_rng(0))
    assert truth[left].sum() == 2 and (~truth[left]).sum() == 50
    assert list(rarer(truth, 0.0, np.random.default_rng(0))) == list(range(100))


def test_malignant_is_what_is_looked_for(home: Path) -> None:
    found = made(home, "breast-cancer")
    assert found.kind == "malignant"
    assert 0.3 < found.train.truth.mean() < 0.45 and len(found.test.truth) == 284
    assert "σ" in found.test.shown[0]


def test_pieces_of_a_text() -> None:
    assert pieces("정말 좋다 A") == {"정말", "좋다", "a"}

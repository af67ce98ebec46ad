"""Every metric equals scikit-learn's, ties and lopsided kinds among them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sklearn")

from app.labs.parts.judging_metrics import (
    Counts,
    area_under_roc,
    average_precision,
    best_threshold,
    brier,
    calibrate,
    cheapest,
    count,
    pairs_in_order,
    sweep,
)


def drawn(share: float, tied: bool) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(7)
    truth = draw.random(400) < share
    scores = np.clip(0.25 * truth + draw.normal(0.4, 0.2, 400), 0, 1)
    return truth, scores.round(1) if tied else scores


CASES = [drawn(0.5, False), drawn(0.05, False), drawn(0.5, True), drawn(0.05, True)]
IDS = ["even", "rare", "even-tied", "rare-tied"]


@pytest.mark.parametrize(("truth", "scores"), CASES, ids=IDS)
@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.5, 0.71, 1.01])
def test_counts_and_what_follows_from_them(truth: np.ndarray, scores: np.ndarray, threshold: float) -> None:
    from sklearn import metrics

    said = scores >= threshold
    here = count(truth, scores, threshold)
    (tp, fn), (fp, tn) = metrics.confusion_matrix(truth, said, labels=[True, False]).tolist()
    assert here == Counts(tp, fp, fn, tn)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truth, said, average="binary", zero_division=np.nan
    )
    theirs = (metrics.accuracy_score(truth, said), precision, recall, f1)
    assert (here.accuracy, here.precision, here.recall, here.f1) == pytest.approx(theirs, nan_ok=True)
    assert here.specificity == pytest.approx(metrics.recall_score(truth, said, pos_label=False))


@pytest.mark.parametrize(("truth", "scores"), CASES, ids=IDS)
def test_curves_and_the_areas_under_them(truth: np.ndarray, scores: np.ndarray) -> None:
    from sklearn import metrics

    swept = sweep(truth, scores)
    fpr, tpr, thresholds = metrics.roc_curve(truth, scores, drop_intermediate=False)
    assert swept.fpr == pytest.approx(fpr) and swept.tpr == pytest.approx(tpr)
    assert swept.thresholds[1:] == pytest.approx(thresholds[1:])
    precision, recall, _ = metrics.precision_recall_curve(truth, scores)
    assert swept.precision[::-1] == pytest.approx(precision) and swept.tpr[::-1] == pytest.approx(recall)
    auc = metrics.roc_auc_score(truth, scores)
    assert area_under_roc(swept) == pytest.approx(auc)
    assert pairs_in_order(truth, scores) == pytest.approx(auc)
    assert average_precision(swept) == pytest.approx(metrics.average_precision_score(truth, scores))


@pytest.mark.parametrize(("truth", "scores"), CASES, ids=IDS)
def test_calibration(truth: np.ndarray, scores: np.ndarray) -> None:
    from sklearn.calibration import calibration_curve
    from sklearn.metrics import brier_score_loss

    found = calibrate(truth, scores, bins=10)
    true, said = calibration_curve(truth, scores, n_bins=10)
    assert found.true == pytest.approx(true) and found.said == pytest.approx(said)
    assert found.rows.sum() == len(truth)
    assert brier(truth, scores) == pytest.approx(brier_score_loss(truth, scores))


def test_the_cheapest_threshold_is_the_best_of_all() -> None:
    truth, scores = CASES[0]
    best, least = cheapest(sweep(truth, scores), cost=7)
    tried = [count(truth, scores, at) for at in (*np.unique(scores), 2.0)]
    assert least == min(here.fp + 7 * here.fn for here in tried)
    there = count(truth, scores, best)
    assert there.fp + 7 * there.fn == least
    assert best_threshold(1) == 0.5 and best_threshold(9) == pytest.approx(0.1)


def test_one_kind_alone_has_no_rates() -> None:
    swept = sweep(np.zeros(3, bool), np.array([0.1, 0.5, 0.9]))
    assert np.isnan(swept.tpr).all() and np.isnan(pairs_in_order(np.zeros(3, bool), np.arange(3.0)))
    assert count(np.zeros(3, bool), np.zeros(3), 0.5) == Counts(0, 0, 0, 3)

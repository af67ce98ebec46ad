"""Gradient descent does what the lab says of it: bound, verdict, best point and gradients."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.labs.base import Desk, Score, Shown, read_values, to_row
from app.labs.parts.descent import Task, descend
from app.labs.regression import LAB

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=80)
LINEAR = Task("linear", X, 3 * X + 2 + DRAW.normal(0, 0.5, 80))
LOGISTIC = Task("logistic", X, (X + DRAW.normal(0, 1, 80) > 0).astype(float))


@pytest.mark.parametrize("task", [LINEAR, LOGISTIC], ids=["linear", "logistic"])
def test_the_gradient_is_the_slope_of_the_loss_and_zero_at_the_best_point(task: Task) -> None:
    step = 1e-5
    dw, db = task.gradient(0.7, -0.3)
    assert dw == pytest.approx(float(task.loss(0.7 + step, -0.3) - task.loss(0.7 - step, -0.3)) / (2 * step), abs=1e-6)
    assert db == pytest.approx(float(task.loss(0.7, -0.3 + step) - task.loss(0.7, -0.3 - step)) / (2 * step), abs=1e-6)
    assert task.gradient(*task.best()) == pytest.approx((0, 0), abs=1e-9)


def test_the_best_line_is_that_of_least_squares() -> None:
    assert LINEAR.best() == pytest.approx(tuple(np.polyfit(LINEAR.x, LINEAR.y, 1)))


def test_the_best_curve_is_that_of_scikit_learn() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    model = linear_model.LogisticRegression(C=np.inf, tol=1e-10).fit(LOGISTIC.x[:, None], LOGISTIC.y)
    assert LOGISTIC.best() == pytest.approx((model.coef_[0, 0], model.intercept_[0]), rel=1e-3)


def test_just_under_the_bound_it_converges_and_just_over_it_diverges() -> None:
    assert descend(LINEAR, 0.99 * LINEAR.bound(), 2000, (0, 0)).verdict() == "converges"
    assert descend(LINEAR, 1.01 * LINEAR.bound(), 2000, (0, 0)).verdict() == "diverges"
    assert descend(LOGISTIC, 0.99 * LOGISTIC.bound(), 2000, (0, 0)).verdict() == "converges"
    assert descend(LINEAR, 1e-4, 20, (0, 0)).verdict() == "crawls"
    assert descend(LINEAR, 1e30, 50, (0, 0)).verdict() == "diverges"
    assert descend(LINEAR, LINEAR.bound(), 30, (0, 0)).verdict() in {"oscillates", "crawls", "diverges"}


def test_a_grid_of_losses_is_the_loss_at_each_point() -> None:
    w, b = np.meshgrid([0.0, 1.0], [2.0, 3.0, 4.0])
    assert LINEAR.loss(w, b).shape == (3, 2)
    assert LINEAR.loss(w, b)[2, 1] == pytest.approx(float(LINEAR.loss(1.0, 4.0)))


def shown(home: Path, **values: Any) -> tuple[dict[str, Any], dict[str, float]]:
    events = list(LAB.compute(Desk(home), **read_values(LAB, values)))
    for event in events:
        json.dumps(to_row(event), allow_nan=False)
    found = {event.block.name: event.block for event in events if isinstance(event, Shown)}
    return found, {event.name: event.value for event in events if isinstance(event, Score)}


def test_the_three_tries_come_out_as_told(home: Path) -> None:
    pytest.importorskip("sklearn")
    verdicts = [shown(home, **one.values)[0]["verdict"].key for one in LAB.tries]
    assert verdicts == ["verdict_diverges", "verdict_crawls", "verdict_converges"]
    _, raw = shown(home, **LAB.tries[1].values)
    _, logistic = shown(home, **LAB.tries[2].values)
    assert raw["gap"] < 0.05, "most of the way down is done, along the steep direction"
    assert logistic["bound"] == pytest.approx(8)


@pytest.mark.parametrize("model", ["linear", "logistic"])
@pytest.mark.parametrize("scaling", ["standard", "raw"])
@pytest.mark.parametrize("rate", [1e-5, 100.0])
def test_both_ends_of_the_rate_are_shown(home: Path, model: str, scaling: str, rate: float) -> None:
    found, _ = shown(home, model=model, scaling=scaling, rate=rate, steps=300)
    assert {"autograd", "loss", "surface", "verdict", "theory"} <= set(found)


def test_one_step_is_written_out_with_the_gradients_of_the_first_row(home: Path) -> None:
    found, _ = shown(home, steps=1)
    rows = {row[0]: row for row in found["autograd"].rows}
    assert rows["L"][4] == "1"
    e, x = float(rows["e"][2]), float(rows["x"][2])
    assert float(rows["w"][4]) == pytest.approx(2 * e * x, rel=0.01)
    assert float(rows["b"][4]) == pytest.approx(2 * e, rel=0.01)

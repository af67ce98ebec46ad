"""The lines of scores.json: paired, with intervals, the newest kept."""

from __future__ import annotations

import math

import pytest

from app.adapter_scores import Mean, Perplexity, compared_row, merged, sampled
from evals.base import Case


def test_a_line_is_over_what_both_have() -> None:
    before, after = [(0.0,), (1.0,), None, (0.0,)], [(1.0,), (1.0,), (1.0,), (1.0,)]
    row = compared_row(Mean("char_f1"), "set", before, after)
    assert row is not None
    assert (row["n"], row["base"], row["tuned"]) == (3, pytest.approx(1 / 3), 1.0)
    assert row["gain"] == pytest.approx(2 / 3)
    assert compared_row(Mean("char_f1"), "set", [None], [(1.0,)]) is None


def test_perplexity_is_of_all_tokens_together() -> None:
    row = compared_row(Perplexity(), "test", [(2.0, 1.0), (0.0, 3.0)], [(1.0, 1.0), (0.0, 3.0)])
    assert row is not None
    assert (row["base"], row["tuned"]) == (pytest.approx(math.exp(0.5)), pytest.approx(math.exp(0.25)))
    assert not row["higher_is_better"]


def test_new_figures_take_the_place_of_old_ones() -> None:
    old = {
        "metrics": [{"metric": "correct", "set": "a", "base": 1}, {"metric": "correct", "set": "b", "base": 2}],
        "x": 1,
    }
    scores = merged(old, [{"metric": "correct", "set": "a", "base": 3}], {"forgetting": {"base_loss": 2.0}})
    assert [row["base"] for row in scores["metrics"]] == [3, 2]
    assert (scores["x"], scores["forgetting"]) == (1, {"base_loss": 2.0})


def test_a_sample_keeps_the_order() -> None:
    cases = [Case(str(n), "?") for n in range(10)]
    some = sampled(cases, 4, 0)
    assert some == sampled(cases, 4, 0)
    assert [int(case.id) for case in some] == sorted(int(case.id) for case in some)
    assert sampled(cases, 0, 0) == cases

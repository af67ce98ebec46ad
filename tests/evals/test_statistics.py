"""Intervals against cases with a known answer: constants, exact bounds, and how often a 95 % interval holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from evals.base import Case, Group, Outcome
from evals.statistics import compare, difference, estimate, measure, quantile, summarise, value_of
from models.types import Answer, Sentence, Usage


class Length:
    """Words of the answer over ten, so that a test can write values down."""

    name = "length"
    group: Group = "answer"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        return len(outcome.answer.text.split()) / 10 if outcome.answer else None


class Tokens:
    """Unbounded, as all costs are."""

    name = "tokens"
    group: Group = "cost"
    higher_is_better = False

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        return outcome.answer.usage.prompt_tokens if outcome.answer else None


class Ratio:
    """A ratio of sums, which is no mean over cases."""

    name = "ratio"
    group: Group = "refusal"
    higher_is_better = True

    def parts(self, case: Case, outcome: Outcome) -> tuple[float, ...] | None:
        return None

    def combine(self, sums: NDArray[np.float64]) -> float | None:
        return float(sums[0] / sums[1]) if sums[1] else None


LENGTH, TOKENS, RATIO = Length(), Tokens(), Ratio()


def rows(*values: float) -> list[tuple[float, ...] | None]:
    return [(value,) for value in values]


def said(words: int, tokens: int = 0) -> Outcome:
    return Outcome(Answer("?", (Sentence("말 " * words, 1.0),), usage=Usage(tokens)))


def test_a_figure_is_the_mean_of_the_cases_it_applies_to() -> None:
    found = estimate(LENGTH, [(0.2,), None, (0.4,), (0.9,)])
    assert (found.value, found.n) == (pytest.approx(0.5), 3)
    assert found.low is not None and found.high is not None
    assert 0.2 <= found.low < 0.5 < found.high <= 0.9


def test_nothing_measured_is_no_figure() -> None:
    assert estimate(LENGTH, [None, None]) == estimate(LENGTH, [])
    assert estimate(LENGTH, []).value is None
    assert difference(LENGTH, [(1.0,), None], [None, (1.0,)]) is None


def test_the_same_seed_gives_the_same_interval_and_another_does_not() -> None:
    sample = rows(*np.random.default_rng(1).random(50))
    assert estimate(LENGTH, sample, seed=3) == estimate(LENGTH, sample, seed=3)
    assert estimate(LENGTH, sample, seed=3) != estimate(LENGTH, sample, seed=4)


def test_all_right_is_not_certainly_right() -> None:
    """Clopper-Pearson for 20 of 20: (0.025)^(1/20) = 0.8316."""
    found = estimate(LENGTH, rows(*[1.0] * 20))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.8316, abs=1e-4)
    none = estimate(LENGTH, rows(*[0.0] * 20))
    assert (none.low, none.high) == (0.0, pytest.approx(0.1684, abs=1e-4))


def test_one_case_says_little() -> None:
    assert (estimate(LENGTH, rows(1.0)).low, estimate(LENGTH, rows(1.0)).high) == (pytest.approx(0.025), 1.0)
    one = estimate(LENGTH, rows(0.4))
    assert (one.value, one.low, one.high, one.n) == (0.4, None, None, 1)


def test_equal_costs_have_no_interval_unless_there_are_enough_of_them() -> None:
    assert estimate(TOKENS, rows(7, 7, 7)).low is None
    steady = estimate(TOKENS, rows(*[7] * 6))
    assert (steady.low, steady.high) == (7, 7)


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    """300 samples of 60 values of mean 0.3; at 95 % some 285 intervals hold it, with standard deviation 3.8."""
    source = np.random.default_rng(7)
    held = 0
    for _ in range(300):
        found = estimate(LENGTH, rows(*source.beta(0.6, 1.4, 60)), resamples=500)
        assert found.low is not None and found.high is not None
        held += found.low <= 0.3 <= found.high
    assert 270 <= held <= 297


def test_the_interval_has_the_width_theory_gives() -> None:
    """For n = 400 values the percentile interval is close to mean ± 1.96 s / sqrt(n)."""
    sample = np.random.default_rng(2).normal(0.5, 0.1, 400)
    found = estimate(LENGTH, rows(*sample))
    half = 1.96 * sample.std() / 20
    assert found.low == pytest.approx(sample.mean() - half, abs=0.1 * half)
    assert found.high == pytest.approx(sample.mean() + half, abs=0.1 * half)


def test_pairing_shows_what_two_separate_intervals_hide() -> None:
    """Hard and easy cases differ by far more than the systems do; each case gets better by about 0.05."""
    source = np.random.default_rng(5)
    before = source.random(40)
    after = before + source.normal(0.05, 0.02, 40)
    found = difference(LENGTH, rows(*before), rows(*after))
    assert found is not None and found.shown
    assert found.value == pytest.approx(0.05, abs=0.01)
    alone, other = estimate(LENGTH, rows(*before)), estimate(LENGTH, rows(*after))
    assert alone.high is not None and other.low is not None
    assert other.low < alone.high


def test_noise_shows_no_difference() -> None:
    source = np.random.default_rng(6)
    found = difference(LENGTH, rows(*source.random(40)), rows(*source.random(40)))
    assert found is not None and not found.shown
    assert found.low is not None and found.high is not None
    assert found.low < 0 < found.high


@pytest.mark.parametrize(("n", "shown"), [(5, False), (6, True)])
def test_every_case_turned_from_wrong_to_right(n: int, shown: bool) -> None:
    """Shown once 2 * 0.025^(1/n) > 1, that is from six cases on."""
    found = difference(LENGTH, rows(*[0.0] * n), rows(*[1.0] * n))
    assert found is not None
    assert (found.value, found.high, found.shown) == (1.0, 1.0, shown)
    assert found.low == pytest.approx(2 * 0.025 ** (1 / n) - 1)


def test_the_same_answers_show_no_difference_but_leave_room_for_one() -> None:
    found = difference(LENGTH, rows(0.2, 0.9, 1.0), rows(0.2, 0.9, 1.0))
    assert found is not None
    assert (found.value, found.shown) == (0.0, False)
    assert (found.low, found.high) == (pytest.approx(-0.7076, abs=1e-4), pytest.approx(0.7076, abs=1e-4))


def test_a_figure_of_the_whole_set_is_made_of_summed_parts() -> None:
    """(1 + 3) / (2 + 4) = 0.667, not the mean of 0.5 and 0.75."""
    found = estimate(RATIO, [(1.0, 2.0), None, (3.0, 4.0)])
    assert (found.value, found.n) == (pytest.approx(4 / 6), 2)
    assert found.low == pytest.approx(0.5) and found.high == pytest.approx(0.75)


def test_a_figure_that_most_draws_leave_undefined_has_no_interval() -> None:
    found = estimate(RATIO, [(1.0, 1.0), *[(0.0, 0.0)] * 9])
    assert (found.value, found.low, found.high) == (1.0, None, None)


def test_a_set_figure_is_compared_on_the_same_draws() -> None:
    counts = np.random.default_rng(8).integers(1, 9, 30)
    a = [(float(c), 10.0) for c in counts]
    found = difference(RATIO, a, [(one + 1.0, ten) for one, ten in a])
    assert found is not None
    assert (found.value, found.low, found.high) == (pytest.approx(0.1), pytest.approx(0.1), pytest.approx(0.1))


def test_blocks_give_what_one_draw_would(monkeypatch: pytest.MonkeyPatch) -> None:
    """A set too large to hold all draws at once is drawn in parts; the interval is as wide."""
    sample = rows(*np.random.default_rng(9).random(200))
    whole = estimate(LENGTH, sample)
    monkeypatch.setattr("evals.statistics._DRAWS", 20_000)
    parts = estimate(LENGTH, sample)
    assert parts.value == whole.value
    assert parts.low == pytest.approx(whole.low, abs=0.01)
    assert parts.high == pytest.approx(whole.high, abs=0.01)


def test_outcomes_are_measured_and_paired_by_case() -> None:
    cases = [Case("a", "?"), Case("b", "?"), Case("c", "?"), Case("gone", "?")]
    before = {"a": said(2), "b": said(5), "c": said(8)}
    after = {"a": said(4), "b": said(6), "gone": said(9)}
    assert summarise(LENGTH, [(case, before[case.id]) for case in cases[:3]]).value == pytest.approx(0.5)
    found = compare(LENGTH, before, after, cases)
    assert found is not None
    assert (found.value, found.n) == (pytest.approx(0.15), 2)
    assert compare(LENGTH, before, {}, cases) is None


def test_a_case_has_a_value_of_its_own() -> None:
    row = measure(TOKENS, Case("a", "?"), said(1, 30))
    assert (row, value_of(TOKENS, [row])) == ((30,), 30.0)
    assert value_of(RATIO, [(1.0, 4.0)]) == 0.25
    assert measure(LENGTH, Case("a", "?"), Outcome()) is None


def test_a_quantile_has_an_interval_too() -> None:
    found = quantile([float(i) for i in range(1, 101)], 0.5)
    assert found.value == 50.5
    assert found.low is not None and found.high is not None
    assert 38 <= found.low < 50.5 < found.high <= 63
    assert quantile([], 0.5).value is None
    assert quantile([3.0], 0.95) == quantile([3.0, 3.0], 0.95).__class__(3.0, None, None, 1)


def test_a_quantile_of_many_values_needs_no_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(3).random(400).tolist()
    drawn = quantile(values, 0.5)
    monkeypatch.setattr("evals.statistics._DRAWS", 10)
    formula = quantile(values, 0.5)
    assert formula.value == drawn.value
    assert formula.low == pytest.approx(drawn.low, abs=0.02)
    assert formula.high == pytest.approx(drawn.high, abs=0.02)

"""Bradley-Terry against cases that can be solved by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from evals.ranking import bradley_terry, elo_points, fit


def test_two_contenders_by_hand() -> None:
    """3 wins to 1: strengths 3 to 1, 400 log10 3 = 190.8 Elo points between them, around 1000."""
    found = fit(np.array([[[0, 3], [1, 0]]], dtype=float), prior=0)
    assert found[0, 0] / found[0, 1] == pytest.approx(3, rel=1e-5)
    assert elo_points(found)[0] == pytest.approx([1000 + 200 * math.log10(3), 1000 - 200 * math.log10(3)], abs=0.01)


def test_votes_are_counted() -> None:
    first, second = bradley_terry([("a", "b", 1.0)] * 3 + [("b", "a", 1.0), ("a", "b", 0.5)])
    assert (first.name, first.wins, first.losses, first.ties, first.n) == ("a", 3, 1, 1, 5)
    assert (second.name, second.wins, second.losses, second.ties, second.n) == ("b", 1, 3, 1, 5)
    assert first.low < first.strength < first.high
    assert first.low < 1000, "five votes decide nothing"


def test_three_contenders_in_proportion() -> None:
    """Wins in the proportion of strengths 4 : 2 : 1 are their own fit: a-b 2:1, b-c 2:1, a-c 4:1."""
    won = np.array([[[0, 2, 4], [1, 0, 2], [1, 1, 0]]], dtype=float)
    found = fit(won, prior=0)[0]
    assert found / found[2] == pytest.approx([4, 2, 1], rel=1e-4)


def test_the_prior_by_hand() -> None:
    """One vote, won. With the stranger p solves (w + 1/2) = p / (p + q) + p / (p + 1), q = 1 / p by symmetry:
    3/2 = p²/(p² + 1) + p/(p + 1)."""
    found = fit(np.array([[[0, 1], [0, 0]]], dtype=float))[0]
    assert found[0] * found[1] == pytest.approx(1)
    p = found[0]
    assert p * p / (p * p + 1) + p / (p + 1) == pytest.approx(1.5)


def test_a_tie_is_half_a_win_for_each() -> None:
    ties = bradley_terry([("a", "b", 0.5)] * 4)
    assert [one.strength for one in ties] == pytest.approx([1000, 1000])
    assert [(one.name, one.ties, one.n) for one in ties] == [("a", 4, 4), ("b", 4, 4)]
    assert (ties[0].low, ties[0].high) == (pytest.approx(1000), pytest.approx(1000))


def test_an_unbeaten_contender_is_strong_and_not_infinite() -> None:
    few, many = (bradley_terry([("new", "old", 1.0)] * n)[0] for n in (1, 50))
    assert few.name == "new"
    assert 1000 < few.strength < many.strength < 2000
    assert all(math.isfinite(value) for one in (few, many) for value in (one.low, one.high))


def test_more_votes_make_it_surer() -> None:
    votes = [("a", "b", 1.0)] * 6 + [("a", "b", 0.0)] * 3 + [("b", "c", 1.0)] * 5 + [("c", "a", 1.0)] * 2
    little, much = bradley_terry(votes), bradley_terry(votes * 10)
    assert [one.name for one in little] == ["a", "b", "c"]
    for one, other in zip(little, much, strict=True):
        assert one.low < one.strength < one.high
        assert other.high - other.low < 0.5 * (one.high - one.low)


def test_the_side_on_which_a_contender_stood_does_not_matter() -> None:
    votes = [("a", "b", 1.0), ("b", "c", 0.5), ("a", "c", 0.0)]
    turned = [(b, a, 1 - score) for a, b, score in votes]
    assert bradley_terry(votes) == bradley_terry(turned)


def test_groups_that_never_met_are_ranked_all_the_same() -> None:
    found = bradley_terry([("a", "b", 1.0)] * 5 + [("x", "y", 1.0)] * 5)
    assert {one.name for one in found[:2]} == {"a", "x"}
    assert found[0].strength == pytest.approx(found[1].strength, abs=0.01)


def test_no_votes_rank_nobody() -> None:
    assert bradley_terry([]) == []


@pytest.mark.parametrize("vote", [("a", "a", 1.0), ("a", "b", 0.7)])
def test_a_vote_that_is_none_is_refused(vote: tuple[str, str, float]) -> None:
    with pytest.raises(ValueError, match="is none"):
        bradley_terry([vote])

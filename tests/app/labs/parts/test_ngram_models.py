"""n-gram models: probabilities that add up to 1, worked examples, and Shannon's figures."""

from __future__ import annotations

import math

import pytest

from app.labs.parts.ngram_models import (
    METHODS,
    UNKNOWN,
    Level,
    Method,
    NGram,
    Smoothing,
    bits,
    conditional_entropy,
    count,
    discount,
    known,
    sample,
    vocabulary_of,
)

TEXT = list("나는 학교에 간다. 나는 집에 간다. 너는 학교에 온다. 나는 온다.")


def model(method: Method, order: int = 3) -> NGram:
    vocabulary = vocabulary_of(TEXT)
    return NGram(count(known(TEXT, vocabulary), order), vocabulary, Smoothing(method))


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("method", [method for method in METHODS if method != "none"])
def test_probabilities_add_up_in_every_context(method: Method, order: int) -> None:
    found = model(method, order)
    for context in [("나", "는"), ("는", " "), ("없", "던"), (UNKNOWN,), ()]:
        shares = found.distribution(context)
        assert shares.sum() == pytest.approx(1)
        assert [found.probability(context, token) for token in found.vocabulary] == pytest.approx(shares.tolist())


def test_counting_alone_is_the_share_of_what_followed() -> None:
    found = model("none", 2)
    assert found.probability(("나",), "는") == 1
    assert found.probability(("없",), "는") == 0
    assert bits(found, known(list("너나"), found.vocabulary)) == math.inf


def test_adding_one_as_in_the_notes() -> None:
    levels: list[Level] = [{(): {"나는": 10}}, {("나는",): {"학교": 3, "집": 7}}]
    found = NGram(levels, [str(at) for at in range(997)] + ["학교", "집", "나는"], Smoothing("add_k", k=1))
    assert found.probability(("나는",), "학교") == pytest.approx(4 / 1010)


def test_kneser_ney_asks_in_how_many_contexts_a_token_was_seen() -> None:
    """Francisco is frequent, but only ever behind San; a rarer word seen behind many others is likelier in a new context."""
    text = ["San", "Francisco"] * 6 + [part for first in "abcde" for part in (first, "glasses")]
    vocabulary = sorted(set(text))
    levels = count(text, 2)
    kneser_ney, linear = (NGram(levels, vocabulary, Smoothing(m)) for m in ("kneser_ney", "interpolation"))
    assert linear.probability(("new",), "Francisco") > linear.probability(("new",), "glasses")
    assert kneser_ney.probability(("new",), "Francisco") < kneser_ney.probability(("new",), "glasses")


def test_discount_from_what_was_seen_once_and_twice() -> None:
    assert discount({("a",): {"x": 1, "y": 1, "z": 2}}) == pytest.approx(2 / (2 + 2 * 1))
    assert discount({("a",): {"x": 5}}) == 0.75


def test_entropy_of_coins() -> None:
    assert conditional_entropy({(): {"앞": 5, "뒤": 5}}) == pytest.approx(1)
    assert conditional_entropy({(): {"앞": 9, "뒤": 1}}) == pytest.approx(0.469, abs=5e-4)
    assert conditional_entropy({("앞",): {"뒤": 5}, ("뒤",): {"앞": 5}}) == 0


def test_uniform_probabilities_have_the_perplexity_of_their_number() -> None:
    found = NGram(count(list("가나다라"), 1), list("가나다라"), Smoothing("interpolation"))
    assert 2 ** bits(found, list("가라나다")) == pytest.approx(4)


def test_samples_are_drawn_by_their_seed() -> None:
    found = model("kneser_ney")
    assert sample(found, list("나는"), 20, seed=1) == sample(found, list("나는"), 20, seed=1)
    assert len(sample(found, list("나는"), 20, seed=2)) == 20
    assert sample(model("none"), ["없", "던"], 5, seed=1) == []

"""Citations, invented numbers, refusals and costs against values worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from evals.base import Case, Outcome
from evals.metrics import (
    citation_precision,
    citation_recall,
    completion_tokens,
    cost_usd,
    false_refusal,
    first_token_ms,
    invented_numbers,
    prompt_tokens,
    refusal_f1,
    refusal_precision,
    refusal_recall,
    refused_unanswerable,
    supported_sentences,
    tokens_per_s,
    total_ms,
)
from evals.statistics import summarise
from models.types import Answer, Sentence, Usage

Build = Callable[..., Outcome]
CASE = Case("d", "드롭아웃 비율은 보통 얼마예요?", must_include=(("0.5",),))
REFUSED = Outcome(Answer("?", (Sentence("없습니다.", 0.0),), refused=True))
ANSWERED = Outcome(Answer("?", (Sentence("있습니다.", 1.0),)))


def test_one_citation_of_two_holds_and_a_third_sentence_has_none(cited: Build) -> None:
    """Precision 1 of 2 cited sentences, recall 1 of 3 sentences."""
    outcome = cited(
        ("비율은 보통 0.5입니다.", "드롭아웃 비율은 보통 0.5로 둔다."),
        ("처음에는 0.3도 씁니다.", "드롭아웃 비율은 보통 0.5로 둔다."),
        ("그래서 널리 쓰입니다.", ""),
    )
    assert citation_precision.METRIC.evaluate(CASE, outcome) == 0.5
    assert citation_recall.METRIC.evaluate(CASE, outcome) == pytest.approx(1 / 3)


def test_a_number_with_separators_is_the_same_number(cited: Build) -> None:
    outcome = cited(("매개변수는 175,000,000,000개입니다.", "GPT-3의 매개변수는 1,750억 개이다."))
    assert citation_precision.METRIC.evaluate(Case("g", "GPT-3는요?"), outcome) == 1.0
    assert invented_numbers.METRIC.evaluate(Case("g", "GPT-3는요?"), outcome) == 0.0


def test_words_decide_where_nothing_is_countable(cited: Build) -> None:
    """과적합 막 → both in the quote; of 고양이 잠 자 none is."""
    case = Case("w", "왜요?")
    assert citation_precision.METRIC.evaluate(case, cited(("과적합을 막습니다.", "과적합을 막으려고 쓴다."))) == 1.0
    assert citation_precision.METRIC.evaluate(case, cited(("고양이가 잠을 잡니다.", "과적합을 막으려고 쓴다."))) == 0.0


def test_no_citation_is_no_precision_but_no_recall_either(cited: Build) -> None:
    outcome = cited(("비율은 0.5입니다.", ""), passage="비율은 0.5다.")
    assert citation_precision.METRIC.evaluate(CASE, outcome) is None
    assert citation_recall.METRIC.evaluate(CASE, outcome) == 0.0


@pytest.mark.parametrize(
    ("text", "invented"),
    [
        ("비율은 0.5입니다.", 0.0),
        ("비율은 0.7입니다.", 1.0),
        ("2024년에도 0.5입니다.", 1.0),
        ("세 가지를 씁니다. [3]", 0.0),  # a mark is no number, a counter in words none that is claimed
    ],
)
def test_a_number_that_no_passage_holds_is_invented(cited: Build, text: str, invented: float) -> None:
    assert invented_numbers.METRIC.evaluate(CASE, cited((text, ""), passage="비율은 보통 0.5로 둔다.")) == invented


def test_a_number_of_the_question_may_be_repeated(cited: Build) -> None:
    case = Case("q", "비율 0.9는 너무 큰가요?")
    assert invented_numbers.METRIC.evaluate(case, cited(("네, 0.9는 큽니다.", ""), passage="보통 0.5다.")) == 0.0


def test_supported_sentences_are_those_the_reader_sees_unmarked() -> None:
    answer = Answer("?", (Sentence("하나.", 0.9), Sentence("둘.", 0.1, supported=False)))
    assert supported_sentences.METRIC.evaluate(CASE, Outcome(answer)) == 0.5


@pytest.mark.parametrize("module", [citation_precision, citation_recall, supported_sentences, invented_numbers])
def test_a_refusal_claims_nothing(module: object, cited: Build) -> None:
    metric = module.METRIC  # type: ignore[attr-defined]
    assert metric.evaluate(CASE, cited(("없습니다.", "비율은 0.5다."), refused=True)) is None
    assert metric.evaluate(CASE, Outcome()) is None


def test_refusals_as_a_classifier() -> None:
    """3 refused rightly, 1 wrongly, 2 missed: precision 3/4, recall 3/5, F1 2*3/(2*3+1+2) = 2/3."""
    yes, no = Case("y", "?"), Case("n", "?", answerable=False)
    pairs = [(no, REFUSED)] * 3 + [(yes, REFUSED)] + [(no, ANSWERED)] * 2 + [(yes, ANSWERED)] * 4
    assert summarise(refusal_precision.METRIC, pairs).value == pytest.approx(3 / 4)
    assert summarise(refusal_recall.METRIC, pairs).value == pytest.approx(3 / 5)
    found = summarise(refusal_f1.METRIC, pairs)
    assert (found.value, found.n) == (pytest.approx(2 / 3), 10)
    assert found.low is not None and found.high is not None
    assert 0 <= found.low < 2 / 3 < found.high <= 1
    assert summarise(refused_unanswerable.METRIC, pairs).value == pytest.approx(3 / 5)
    assert summarise(false_refusal.METRIC, pairs).value == pytest.approx(1 / 5)


def test_refusals_that_nothing_defines_are_none() -> None:
    pairs = [(Case("y", "?"), ANSWERED)] * 3
    for module in (refusal_precision, refusal_recall, refusal_f1):
        assert summarise(module.METRIC, pairs).value is None
        assert summarise(module.METRIC, [(Case("y", "?"), Outcome())]).n == 0


def test_costs_in_their_units() -> None:
    """41 tokens, the last 40 of them in 2 s: 20 tokens a second."""
    times = {"first_token": 500.0, "total": 2_500.0}
    outcome = Outcome(Answer("?", (), usage=Usage(800, 41, 0.002), timings_ms=times))
    values = {
        module.METRIC.name: module.METRIC.evaluate(CASE, outcome)
        for module in (prompt_tokens, completion_tokens, cost_usd, first_token_ms, total_ms, tokens_per_s)
    }
    assert values == {
        "prompt_tokens": 800,
        "completion_tokens": 41,
        "cost_usd": 0.002,
        "first_token_ms": 500.0,
        "total_ms": 2_500.0,
        "tokens_per_s": 20.0,
    }


def test_costs_that_nobody_reported_are_none() -> None:
    for outcome in (Outcome(), Outcome(Answer("?", ()))):
        for module in (prompt_tokens, completion_tokens, cost_usd, first_token_ms, total_ms, tokens_per_s):
            assert module.METRIC.evaluate(CASE, outcome) is None

"""Answer metrics against values worked out by hand, KorQuAD's published definition and sacrebleu."""

from __future__ import annotations

import string
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evals.base import Case, Outcome
from evals.metrics import char_f1, chrf, correct, exact_match, rouge_l, semantic_similarity, strings_present
from evals.metrics.rouge_l import longest_common_subsequence
from evals.statistics import estimate, measure
from evals.wording import korquad_normalised, morphemes

Build = Callable[..., Outcome]


def case(reference: str, *must_include: tuple[str, ...]) -> Case:
    return Case("a", "?", reference=reference, must_include=must_include)


def published_f1(prediction: str, truth: str) -> float:
    """KorQuAD 1.0's definition, step by step: symbols to spaces, lower case, no ASCII punctuation, bags of characters."""

    def characters(text: str) -> list[str]:
        for symbol in "'\"《》<>〈〉()‘’":
            text = text.replace(symbol, " ")
        kept = "".join(c for c in text.lower() if c not in set(string.punctuation))
        return [c for token in kept.split() for c in token]

    one, two = characters(prediction), characters(truth)
    same = sum((Counter(one) & Counter(two)).values())
    if same == 0:
        return 0.0
    precision, recall = same / len(one), same / len(two)
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize(
    ("said_text", "reference", "f1", "exact"),
    [
        ("1989년 2월 15일", "1989년 2월 15일", 1.0, 1.0),
        ("서울 특별시", "서울특별시", 1.0, 0.0),  # F1 drops the space, exact match keeps it
        ("《노트르담 드 파리》", "노트르담 드 파리", 1.0, 1.0),
        ("드롭아웃은", "드롭아웃", 2 * (4 / 5) * 1 / (4 / 5 + 1), 0.0),  # a particle: precision 4/5, recall 1
        ("GPT-3", "gpt3", 1.0, 1.0),
        ("1,000개", "1000개", 1.0, 1.0),
        ("하하", "하", 2 * (1 / 2) * 1 / (1 / 2 + 1), 0.0),  # a bag counts repeats
        ("나무", "바다", 0.0, 0.0),
        ("", "답", 0.0, 0.0),
        ("…", "!", 0.0, 0.0),
    ],
)
def test_characters_as_korquad_counts_them(
    said: Build, said_text: str, reference: str, f1: float, exact: float
) -> None:
    assert char_f1.METRIC.evaluate(case(reference), said(said_text)) == pytest.approx(f1)
    assert published_f1(said_text, reference) == pytest.approx(f1)
    assert exact_match.METRIC.evaluate(case(reference), said(said_text)) == exact


def test_the_normalisation_drops_what_the_published_one_drops() -> None:
    assert korquad_normalised("《AI》 (인공지능)의  '꿈', 50%!") == "ai 인공지능 의 꿈 50"


@pytest.mark.parametrize("metric", [exact_match.METRIC, char_f1.METRIC, rouge_l.METRIC], ids=lambda m: m.name)
def test_decomposed_hangul_and_marks_cost_nothing(said: Build, metric: char_f1.CharF1) -> None:
    """macOS writes Hangul decomposed; [1] is no part of the wording."""
    answer = unicodedata.normalize("NFD", "드롭아웃은 과적합을 막는다.") + " [1]"
    assert metric.evaluate(case("드롭아웃은 과적합을 막는다."), said(answer)) == 1.0


def test_chrf_of_two_letters_by_hand(said: Build) -> None:
    """'가나다' against '가나라': 2/3 of 1-grams, 1/2 of 2-grams, 0/1 of 3-grams match; both means are 7/18, so F2 is too."""
    row = measure(chrf.METRIC, case("가나라"), said("가나다"))
    assert row is not None
    assert row[:9] == (3, 3, 2, 2, 2, 1, 1, 1, 0)
    assert estimate(chrf.METRIC, [row]).value == pytest.approx(7 / 18)


def test_chrf_weighs_recall_twice(said: Build) -> None:
    """'가' against '가나': 1-grams P 1, R 1/2; no 2-gram in the answer. F2 = 5 * 1 * 0.5 / (4 * 1 + 0.5) = 0.5556."""
    assert estimate(chrf.METRIC, [measure(chrf.METRIC, case("가나"), said("가"))]).value == pytest.approx(2.5 / 4.5)


def test_chrf_is_sacrebleus(said: Build) -> None:
    """A whole corpus and each line of it, among them an empty answer, English and a formula."""
    sacrebleu = pytest.importorskip("sacrebleu")
    pairs = [
        ("드롭아웃은 뉴런을 끈다.", "드롭아웃은 학습할 때 뉴런을 무작위로 끄는 방법입니다."),
        ("12시간", "무료 Colab 노트북은 최대 12시간까지 실행될 수 있습니다."),
        ("", "답이 있습니다."),
        ("The learning rate is 0.001.", "The learning rate starts at 0.001."),
        ("y = wx + b", "y = wx + b"),
    ]
    ours = [measure(chrf.METRIC, case(reference), said(text)) for text, reference in pairs]
    theirs = sacrebleu.CHRF()
    corpus = theirs.corpus_score([text for text, _ in pairs], [[reference for _, reference in pairs]])
    assert estimate(chrf.METRIC, ours).value == pytest.approx(corpus.score / 100)
    for row, (text, reference) in zip(ours, pairs, strict=True):
        line = theirs.sentence_score(text, [reference]).score
        assert estimate(chrf.METRIC, [row]).value == pytest.approx(line / 100)


def test_chrf_of_refusals_alone_is_zero(said: Build) -> None:
    row = measure(chrf.METRIC, case("답"), said("자료에서 답을 찾을 수 없습니다.", refused=True))
    assert chrf.METRIC.combine(np.asarray(row)) == 0.0


def test_longest_common_subsequence_of_the_textbook() -> None:
    """Cormen et al.: ABCBDAB and BDCABA share BCBA."""
    assert longest_common_subsequence("ABCBDAB", "BDCABA") == 4
    assert longest_common_subsequence("", "가") == longest_common_subsequence("가", "") == 0


def test_rouge_over_morphemes_by_hand(said: Build) -> None:
    """드롭아웃 은 뉴런 을 끄 ᆫ다 against 드롭아웃 이 뉴런 을 끄 ᆫ다: 5 in order of 6 and 6, F1 = 5/6."""
    assert morphemes("드롭아웃은 뉴런을 끈다.")[:4] == ["드롭아웃", "은", "뉴런", "을"]
    assert len(morphemes("드롭아웃은 뉴런을 끈다.")) == len(morphemes("드롭아웃이 뉴런을 끈다.")) == 6
    assert rouge_l.METRIC.evaluate(case("드롭아웃이 뉴런을 끈다."), said("드롭아웃은 뉴런을 끈다.")) == pytest.approx(
        5 / 6
    )


def test_korean_answers_do_not_score_zero_in_rouge(said: Build) -> None:
    assert rouge_l.METRIC.evaluate(case("과적합을 막는다."), said("과적합을 막습니다.")) > 0.5


def test_strings_are_counted_one_by_one(said: Build) -> None:
    """Two of three groups; `correct` asks for all."""
    wanted = case("", ("12시간", "열두 시간"), ("1,750억",), ("GPU",))
    answer = said("열두시간 동안 1750억 개를 학습한다.")
    assert strings_present.METRIC.evaluate(wanted, answer) == pytest.approx(2 / 3)
    assert correct.METRIC.evaluate(wanted, answer) == 0.0


@pytest.mark.parametrize(
    ("string_", "text", "found"),
    [
        ("0.5", "0.55이다", False),
        ("12", "112개", False),
        ("1000", "1,000개", True),
        ("과적합", unicodedata.normalize("NFD", "과적합을 막는다"), True),
        ("배치 정규화", "배치정규화", True),
        ("torch.nn", "`torch.nn`", True),
    ],
)
def test_a_required_string_through_korean_spelling(said: Build, string_: str, text: str, found: bool) -> None:
    assert correct.METRIC.evaluate(case("", (string_,)), said(text)) == float(found)


@pytest.mark.parametrize("name", ["exact_match", "char_f1", "rouge_l", "strings_present", "correct"])
def test_a_refusal_is_a_wrong_answer_and_an_unanswerable_question_has_none(said: Build, name: str) -> None:
    metric = {m.METRIC.name: m.METRIC for m in (exact_match, char_f1, rouge_l, strings_present, correct)}[name]
    assert metric.evaluate(case("답", ("답",)), said("답", refused=True)) == 0.0
    assert (
        metric.evaluate(Case("u", "?", answerable=False, reference="답", must_include=(("답",),)), said("답")) is None
    )
    assert metric.evaluate(Case("u", "?"), said("답")) is None
    assert metric.evaluate(case("답", ("답",)), Outcome()) is None


def test_meaning_cannot_be_compared_without_an_embedder(said: Build) -> None:
    assert semantic_similarity.METRIC.evaluate(case("답"), said("답")) is None


@pytest.mark.weights
def test_meaning_on_a_scale_from_unrelated_to_the_same(said: Build, weights_dir: Path) -> None:
    from models.embedders.e5 import EMBEDDER

    metric = semantic_similarity.METRIC.using(EMBEDDER.build("", weights_dir, 2))
    wanted = case("드롭아웃은 과적합을 막으려고 뉴런을 무작위로 끕니다.")
    same, close, far = (
        metric.evaluate(wanted, said(text))
        for text in (
            wanted.reference,
            "뉴런 일부를 임의로 꺼서 과적합을 줄이는 것이 드롭아웃입니다.",
            "서울은 비가 옵니다.",
        )
    )
    assert same is not None and close is not None and far is not None
    assert same > 0.97
    assert same > close > 0.6 > 0.35 > far
    assert metric.evaluate(wanted, said("", refused=True)) == 0.0

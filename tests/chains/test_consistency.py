"""The answer that most others agree with wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from chains.consistency import agreement, similarities
from chains.draft import Draft, chosen
from chains.evidence import SentenceVectors
from models.embedders.e5 import EMBEDDER
from models.types import Usage

REFUSAL = "자료에서 답을 찾을 수 없습니다."


@pytest.fixture(scope="module")
def vectors(weights_dir: Path) -> SentenceVectors:
    return SentenceVectors(EMBEDDER.build("", weights_dir))


pytestmark = pytest.mark.weights


def test_the_majority_wins_and_its_share_is_told(vectors: SentenceVectors) -> None:
    answers = [
        "풀링은 특징 지도의 크기를 줄입니다. [2]",
        "드롭아웃은 뉴런을 무작위로 꺼서 과적합을 막습니다. [1]",
        REFUSAL,
        "드롭아웃은 과적합을 막으려고 뉴런을 무작위로 끕니다.",
        "드롭아웃은 뉴런을 무작위로 0으로 만들지 않고 과적합을 막습니다.",
        "과적합을 막으려고 뉴런을 무작위로 끄는 것이 드롭아웃입니다. [1]",
    ]
    best, share = agreement(answers, vectors)
    assert best in {1, 3, 5}
    assert share == 0.5


def test_a_number_decides_between_like_words(vectors: SentenceVectors) -> None:
    answers = ["은닉층의 비율은 0.5입니다.", "은닉층의 비율은 0.8입니다.", "은닉층에서는 0.8의 비율을 씁니다."]
    best, share = agreement(answers, vectors)
    assert best in {1, 2}
    assert share == pytest.approx(2 / 3)


def test_refusals_agree_with_refusals_alone(vectors: SentenceVectors) -> None:
    table = similarities([REFUSAL, "자료에 없습니다.", "드롭아웃은 뉴런을 끕니다."], vectors)
    assert table.tolist()[0] == [1.0, 1.0, 0.0]
    assert agreement([REFUSAL, "드롭아웃은 뉴런을 끕니다.", "자료에 없습니다."], vectors) == (0, pytest.approx(2 / 3))


def test_one_answer_agrees_with_itself_and_of_equals_the_first_wins(vectors: SentenceVectors) -> None:
    assert agreement(["드롭아웃"], vectors) == (0, 1.0)
    assert agreement(["같은 답입니다."] * 3, vectors) == (0, 1.0)
    assert agreement(["", ""], vectors) == (0, 1.0)


def test_the_winner_costs_what_all_cost() -> None:
    drafts = [
        Draft("a", Usage(100, 10), first=1.0, last=2.0),
        Draft("b", Usage(100, 30), first=3.0, last=5.0),
    ]
    one = chosen(drafts, 1, 0.5)
    assert (one.text, one.usage, one.first, one.last, one.agreement) == ("b", Usage(200, 40), 1.0, 5.0, 0.5)
    assert chosen([drafts[0], Draft("c")], 0, 1.0).usage == Usage()

"""What an answer claims is found in the passages, or named as missing."""

from collections.abc import Sequence

import pytest

from chains.evidence import SentenceVectors
from chains.ground import Grounder
from models.embedders.fake import EMBEDDER
from models.types import Chunk, Locator, Passage

TEXT = "드롭아웃 논문은 은닉층의 뉴런을 남길 확률로 0.5를, 입력층에는 0.8을 권합니다. 파이토치의 드롭아웃은 평가할 때 아무 일도 하지 않습니다."
QUESTION = "드롭아웃 확률은 얼마인가요?"


def one(words: Sequence[str]) -> list[float]:
    return [1.0] * len(words)


@pytest.fixture
def grounder(tmp_path) -> Grounder:
    sentences = tuple(part + "." for part in TEXT.removesuffix(".").split(". "))
    chunk = Chunk("id", TEXT, "06-mlp.md", Locator(headings=("과적합", "드롭아웃")), 0)
    vectors = SentenceVectors(EMBEDDER.build("", tmp_path))
    return Grounder([Passage(1, chunk, TEXT, sentences, 0, 0.9)], vectors, one)


def test_a_quoted_sentence_is_fully_supported(grounder: Grounder) -> None:
    support = grounder.check("파이토치의 드롭아웃은 평가할 때 아무 일도 하지 않습니다. [1]", QUESTION)
    assert support.score > 0.95
    assert support.quotes[1] == "파이토치의 드롭아웃은 평가할 때 아무 일도 하지 않습니다."
    assert support.unsupported == ()


def test_another_subject_is_hardly_supported(grounder: Grounder) -> None:
    assert grounder.check("최종 프로젝트 발표는 금요일에 합니다.", QUESTION).score < 0.3


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        ("은닉층에는 0.3을 권합니다.", ("0.3",)),
        ("은닉층에는 0.5를 권합니다.", ()),
        ("Keras의 드롭아웃은 0.5를 씁니다.", ("Keras",)),
        ("드롭아웃은 2014년에 나왔습니다.", ("2014",)),
    ],
)
def test_numbers_and_names_must_be_in_the_passages(grounder: Grounder, sentence: str, missing: tuple[str, ...]) -> None:
    assert grounder.unsupported(sentence, QUESTION) == missing


def test_what_the_question_names_may_be_repeated(grounder: Grounder) -> None:
    assert grounder.unsupported("2014년 Keras의 드롭아웃은 0.5를 씁니다.", "2014년 Keras에서는?") == ()


def test_no_passages_support_nothing(tmp_path) -> None:
    empty = Grounder([], SentenceVectors(EMBEDDER.build("", tmp_path)), one)
    assert empty.check("드롭아웃은 뉴런을 끕니다.", QUESTION).score == 0.0

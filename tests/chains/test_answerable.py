"""What gives an unanswerable question away, by hand."""

from __future__ import annotations

import pytest

from chains.answerable import is_of_another_number, is_refusal, unknown_names
from chains.evidence import is_question
from models.types import Answer, Chunk, Citation, Hit, Locator, Sentence

TEXT = "큰 모델은 7B와 13B에 학습률 2e-4를 썼습니다."


def answer(text: str = TEXT, headings: tuple[str, ...] = ("QLoRA",)) -> Answer:
    return Answer("q", (Sentence(text, 1.0, (1,)),), (Citation(1, "a.md", Locator(headings=headings), text),))


@pytest.mark.parametrize(
    ("question", "another"),
    [
        ("65B 모델의 학습률은 얼마인가요?", True),
        ("13B 모델의 학습률은 얼마인가요?", False),
        ("학습률은 얼마인가요?", False),
        ("학습률을 정하는 방법 3가지를 알려 주세요.", False),
        ("How many epochs did the 65B model need?", True),
    ],
)
def test_a_number_asked_about_must_be_shown(question: str, another: bool) -> None:
    assert is_of_another_number(question, answer()) is another


def test_headings_count_as_shown() -> None:
    assert not is_of_another_number("3장의 학습률은 얼마예요?", answer(headings=("3 학습률",)))


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("자료에서 답을 찾을 수 없습니다.", True),
        ("", True),
        ("The documents do not say: not mentioned.", True),
        ("드롭아웃은 과적합을 줄입니다 [1].", False),
    ],
)
def test_refusals_are_told_from_answers(text: str, refused: bool) -> None:
    assert is_refusal(text) is refused


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("1. 출력의 크기는 얼마입니까?", True),
        ("2. 원인과 해결책을 말해 보십시오.", True),
        ("배치를 앞에 두려면 `batch_first=True`를 지정하세요.", False),
        ("1. 드롭아웃은 뉴런을 끕니다.", False),
    ],
)
def test_an_exercise_is_no_answer(text: str, asks: bool) -> None:
    assert is_question(text) is asks


HITS = [
    Hit(
        Chunk("c1", "교차 엔트로피는 소프트맥스를 품고 있습니다. 합성곱 3x3을 GPU에서 돕니다.", "a.md", Locator(), 0),
        1.0,
    ),
    Hit(Chunk("c2", "LSTM은 게이트를 씁니다.", "b.md", Locator(headings=("RNN과 Text-Embedding",)), 0), 0.5),
]


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("LSTM에 softmax도 넣어야 하나요?", []),
        ("GPUs는 무엇인가요?", []),
        ("Lion 옵티마이저는 누가 제안했나요?", ["lion"]),
        ("게이트는 왜 쓰나요?", []),
        ("Which gate does an LSTM use, and which a GRU?", ["gru"]),
        ("What is a 3x3 filter?", []),
        ("What does text-embedding-3 cost?", ["textembedding3"]),
    ],
)
def test_a_name_that_no_chunk_holds_is_unknown(question: str, unknown: list[str]) -> None:
    assert unknown_names(question, HITS) == unknown
    assert unknown_names(question, []) == []

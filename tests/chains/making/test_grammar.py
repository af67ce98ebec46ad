"""Korean sentences as questions."""

from __future__ import annotations

import pytest

from chains.making.grammar import Sentence


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("ViT는 데이터가 적으면 정확도가 낮습니다.", "ViT는 데이터가 적으면 정확도가 낮은가요?"),
        ("GPT-3는 토큰으로 학습했습니다.", "GPT-3는 토큰으로 학습했나요?"),
        ("풀링은 특징 맵의 크기를 줄이는 연산이다.", "풀링은 특징 맵의 크기를 줄이는 연산인가요?"),
        ("모델은 학습에 쓸 수 있습니다.", "모델은 학습에 쓸 수 있나요?"),
    ],
)
def test_a_statement_becomes_a_question(sentence: str, question: str) -> None:
    assert Sentence(sentence).asked() == question

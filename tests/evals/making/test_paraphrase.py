"""A model's rewording is taken only where it asks the same thing."""

from __future__ import annotations

import pytest
from langchain_core.language_models import FakeListChatModel

from evals.base import Case
from evals.making.paraphrase import bare_question, fault_of, reword

BERT = Case(
    "q", "BERT는 입력 토큰의 몇 퍼센트를 고르나요?", documents=("12.md",), must_include=(("15%",),), tags=("number",)
)


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ("BERT가 고르는 입력 토큰은 몇 퍼센트예요?", ""),
        ("BERT는 입력 토큰의 몇 퍼센트를 고르나요?", "copy"),
        ("GPT가 고르는 입력 토큰은 몇 퍼센트예요?", "names_changed"),
        ("BERT가 2번 고르는 토큰은 몇 퍼센트예요?", "names_changed"),
        ("BERT가 입력 토큰의 15%를 고르나요?", "names_changed"),
        ("BERT는 토큰을 고릅니다.", "no_question"),
        ("BERT 选择多少토큰인가요?", "no_question"),
        ("BERT의 저녁 식사는 언제인가요?", "meaning_lost"),
        ("", "no_question"),
    ],
)
def test_what_is_broken_is_named(words: str, fault: str) -> None:
    assert fault_of(Case("p", words, must_include=BERT.must_include), BERT.question, "paraphrase") == fault


def test_an_example_said_again_is_no_paraphrase() -> None:
    parroted = Case("p", "GPT는 입력 토큰의 몇 퍼센트를 예측 대상으로 고르나요?")
    assert fault_of(parroted, "GPT란 무엇인가요?", "paraphrase") == "meaning_lost"


def test_an_english_question_is_english() -> None:
    assert fault_of(Case("e", "What share of tokens does BERT pick?"), BERT.question, "english") == ""
    assert fault_of(Case("e", "BERT는 얼마나 고르나요?"), BERT.question, "english") == "no_question"


def test_labels_and_quotes_come_off() -> None:
    assert bare_question('질문: "BERT가 뭐예요?"\n\n답: 모델입니다.') == "BERT가 뭐예요?"


def test_a_set_keeps_its_proofs_and_counts_what_was_dropped() -> None:
    model = FakeListChatModel(responses=["BERT가 고르는 입력 토큰은 몇 퍼센트예요?", "I cannot do that."])
    result = reword([BERT], model)
    (case,) = result.cases
    assert (case.id, case.documents, case.tags) == ("q-p", ("12.md",), ("number", "paraphrase"))
    assert result.dropped == {"no_question": 1}

"""Facts into examples: marks, refusals, and what must not be trained on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from finetune.data.compose import answer, compose
from finetune.data.facts import Claim, Fact, faults

REFUSAL = "없습니다."
PROMPT = ({"role": "system", "content": "규칙"}, {"role": "user", "content": "[1] …\n\n질문: 무엇인가요?"})
ONE = Claim("가는 나입니다.", "가는 나입니다.", 1)
TWO = Claim("다는 라입니다.", "다는 라입니다.", 2)
CITED = Fact(
    "cite", "definition", "가란 무엇인가요?", "a.md", ("가는 나입니다. 더 있습니다.", "다는 라입니다."), (ONE,)
)


def test_a_sentence_ends_with_the_mark_of_its_passage() -> None:
    assert answer(CITED, REFUSAL) == "가는 나입니다. [1]"


def test_two_passages_are_marked_each_and_one_once() -> None:
    assert answer(replace(CITED, claims=(ONE, TWO)), REFUSAL) == "가는 나입니다. [1] 다는 라입니다. [2]"
    again = Claim("더 있습니다.", "더 있습니다.", 1)
    assert answer(replace(CITED, claims=(ONE, again)), REFUSAL) == "가는 나입니다. 더 있습니다. [1]"


def test_a_refusal_has_no_mark_and_bare_words_none_either() -> None:
    assert answer(replace(CITED, kind="refuse", claims=()), REFUSAL) == REFUSAL
    assert answer(replace(CITED, kind="span", claims=(Claim("나", "가는 나입니다.", 1),)), REFUSAL) == "나"


def test_the_same_fact_has_the_same_id() -> None:
    one, two = compose(CITED, PROMPT, REFUSAL), compose(CITED, PROMPT, REFUSAL)
    assert one == two
    assert one.id != compose(replace(CITED, kind="refuse", claims=()), PROMPT, REFUSAL).id
    assert [message["role"] for message in one.messages] == ["system", "user", "assistant"]
    assert (one.document, one.kind, one.origin) == ("a.md", "cite", "structure")


@pytest.mark.parametrize(
    ("fact", "fault"),
    [
        (replace(CITED, question=" "), "no_question"),
        (replace(CITED, claims=()), "no_answer"),
        (replace(CITED, kind="refuse"), "no_answer"),
        (replace(CITED, claims=(replace(ONE, passage=3),)), "cites_nothing"),
        (replace(CITED, claims=(replace(ONE, passage=2),)), "not_in_passage"),
    ],
)
def test_a_fact_that_teaches_a_lie_is_found(fact: Fact, fault: str) -> None:
    assert fault in faults(fact)
    assert faults(CITED) == ()

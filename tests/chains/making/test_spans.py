"""Short-answer questions, answers as sentences, and other manners of asking: what a teacher would sign."""

from __future__ import annotations

import random

import pytest

from chains.making.answers import answer_of, spoken
from chains.making.base import Made
from chains.making.forms import english, english_name, worded
from chains.making.grammar import Sentence
from chains.making.spans import Span, spans_of


@pytest.mark.parametrize(
    ("sentence", "span"),
    [
        ("알렉산더 해밀턴은 1804년에 사망했습니다.", Span("알렉산더 해밀턴은 언제 사망했나요?", "1804년", "when")),
        ("내셔널 리그에는 24개 팀이 있습니다.", Span("내셔널 리그에는 몇 개 팀이 있나요?", "24개", "number")),
        (
            "데이비드 린치는 트윈 픽스를 만든 감독입니다.",
            Span("트윈 픽스를 만든 감독은 누구인가요?", "데이비드 린치", "name"),
        ),
        (
            "스티븐 킹은 메인 대학교에서 학사 학위를 취득했습니다.",
            Span("스티븐 킹은 메인 대학교에서 무엇을 취득했나요?", "학사 학위", "what"),
        ),
        ("DC 코믹스는 1934년에 설립되었습니다.", Span("1934년에 설립된 것은 무엇인가요?", "DC 코믹스", "name")),
        (
            "버락 오바마는 1961년에 하와이에서 태어났습니다.",
            Span("1961년에 하와이에서 태어난 사람은 누구인가요?", "버락 오바마", "name"),
        ),
    ],
)
def test_a_sentence_is_asked_for_its_words(sentence: str, span: Span) -> None:
    assert span in list(spans_of(Sentence(sentence)))


@pytest.mark.parametrize(
    "sentence",
    [
        "큰돌고래의 임신 기간은 12개월입니다.",  # 12개 would be half of the answer
        "이 방법은 1997년에 발표되었습니다.",  # what "this" is stands elsewhere
        "기본 검색기 는 4개의 문서를 반환합니다.",  # badly set text
        "> 에이전트는 환경과 상호작용하는 시스템입니다.",
        "A는 무작위로, B는 0으로 초기화하는 행렬입니다.",
        "생화학은 분자의 역할과 구조를 연구합니다.",
    ],
)
def test_what_cannot_be_asked_well_is_not_asked(sentence: str) -> None:
    spans = list(spans_of(Sentence(sentence)))
    assert [span for span in spans if span.way != "name"] == []
    assert all(span.span in sentence for span in spans)


def test_every_span_stands_in_its_sentence_and_not_in_its_question() -> None:
    sentences = ("지미 카터는 1977년부터 1981년까지 대통령이었습니다.", "체스는 64개의 칸으로 구성된 게임입니다.")
    found = [(sentence, span) for sentence in sentences for span in spans_of(Sentence(sentence))]
    assert found
    assert all(span.span in sentence and span.span not in span.question for sentence, span in found)


@pytest.mark.parametrize(
    ("evidence", "said"),
    [
        (
            "`BERT`는 **양방향** 인코더입니다(Devlin et al., 2019).",
            "BERT는 양방향 인코더입니다.",
        ),
        (
            "과적합(overfitting)은 훈련 데이터만 외우는 현상입니다.",
            "과적합(overfitting)은 훈련 데이터만 외우는 현상입니다.",
        ),
        ("가중치는 작게 한다.", ""),  # not polite
        ("손실은 $L = x^2 + y_1$입니다.", ""),  # a formula is no sentence
        ("See the paper for details 합니다.", ""),
    ],
)
def test_an_answer_is_the_documents_sentence_as_one_says_it(evidence: str, said: str) -> None:
    assert spoken(evidence) == said


def test_a_cell_becomes_a_sentence() -> None:
    cell = Made(
        "number",
        "LSTM의 게이트 수는 몇 개인가요?",
        "LSTM",
        "| LSTM | 3 |",
        (("3",),),
        "LSTM의 게이트 수는 3",
        tags=("table",),
    )
    assert answer_of(cell) == "LSTM의 게이트 수는 3개입니다."
    odd = Made(
        "fact",
        "F1의 읽는 법은 무엇인가요?",
        "F1",
        "| F1 | 평균 |",
        (("평균",),),
        "F1의 읽는 법은 평균",
        tags=("table",),
    )
    assert answer_of(odd) == ""


def test_a_question_keeps_its_meaning_in_other_manners() -> None:
    made = Made("why", "RNN은 왜 긴 문장을 잊나요?", "RNN", "RNN은 …", (("기울기",),))
    said = {worded(made, random.Random(seed)) for seed in range(40)}
    assert len(said) > 3
    assert "RNN이 긴 문장을 잊는 이유가 뭐예요?" in said
    assert all("RNN" in question and "잊" in question for question in said)


def test_an_english_question_needs_the_name_in_english() -> None:
    korean = Made("definition", "과적합이란 무엇인가요?", "과적합", "과적합은 외우는 현상입니다.")
    named = Made("definition", "과적합이란 무엇인가요?", "과적합", "과적합(overfitting)은 외우는 현상입니다.")
    assert english(korean, random.Random(0)) == ""
    assert "overfitting" in english(named, random.Random(0))
    assert english_name(Made("definition", "", "BERT", "BERT는 모델입니다.")) == "BERT"

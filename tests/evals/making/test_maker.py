"""Questions from documents: natural Korean, each with its proof, the same ones for the same seed."""

from __future__ import annotations

import random

import pytest

from chains.making.base import Corpus
from chains.matching import holds, squeeze
from evals.base import Case
from evals.making.maker import MakeOptions, make
from evals.making.screen import Screen, leaks
from evals.making.unanswerable import is_absent, kinds, swap, unanswerable
from models.types import Chunk, Locator

NOTES = """드롭아웃(dropout)은 학습할 때 은닉 뉴런을 무작위로 끄는 정규화 방법입니다. BERT는 입력 토큰의 15%를 예측 대상으로 고릅니다(Devlin et al., 2019).

`!cd`는 임시로 열린 별도의 셸에서 실행되기 때문에 다음 셀까지 효과가 이어지지 않습니다.

시리즈(Series)는 인덱스가 붙은 1차원 데이터이고, 데이터프레임(DataFrame)은 시리즈를 열로 모은 2차원 표입니다.

| 모델 | 공개 연도 | 층 수 |
| --- | --- | --- |
| GPT-1 | 2018 | 12 |
| GPT-2 최대형 | 2019 | 48 |

이 방법은 값을 3개로 나누는 기법입니다. 그래서 이것은 아무 질문도 되지 않습니다.

- **LSTM** (1997): 장기 의존성 학습을 위한 게이트 메커니즘
- **효율성**: 처음부터 학습하는 것보다 시간과 자원을 절약합니다
"""
CHUNK = Chunk("c", NOTES, "notes.md", Locator(headings=("신경망",)), 0, "d", "md")
CORPUS = Corpus([CHUNK])


def made(count: int = 20, seed: int = 0, share: float = 0.2, others: tuple[str, ...] = ()) -> list[Case]:
    screen = Screen()
    screen.hold(others)
    return list(make([[CHUNK]], CORPUS, MakeOptions(count, share, seed), screen).cases)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return made()


def test_each_form_gives_a_natural_question(cases: list[Case]) -> None:
    questions = {case.question for case in cases}
    assert {
        "드롭아웃이란 무엇인가요?",
        "BERT는 입력 토큰의 몇 퍼센트를 예측 대상으로 고르나요?",
        "!cd는 왜 다음 셀까지 효과가 이어지지 않나요?",
        "시리즈와 데이터프레임은 어떻게 다른가요?",
        "LSTM이란 무엇인가요?",
    } <= questions
    assert any(question.startswith("GPT-") for question in questions)
    assert not any(word in question for question in questions for word in ("이 방법", "효율성", "이것"))


def test_each_answer_can_be_proved(cases: list[Case]) -> None:
    answerable = [case for case in cases if case.answerable]
    assert len(answerable) >= 6
    for case in answerable:
        assert case.documents == ("notes.md",)
        assert case.evidence in NOTES
        assert case.must_include
        assert all(holds(case.evidence, group) for group in case.must_include)
        assert not leaks(case)
    percent = next(case for case in answerable if "퍼센트" in case.question)
    assert percent.must_include == (("15%", "15퍼센트"),)


def test_what_has_no_answer_stands_in_no_chunk(cases: list[Case]) -> None:
    nowhere = [case for case in cases if not case.answerable]
    assert nowhere
    names = [name for kind in kinds().values() for name in kind.names]
    for case in nowhere:
        assert not (case.documents or case.evidence or case.must_include)
        named = [name for name in names if squeeze(name) in squeeze(case.question)]
        assert named
        assert all(squeeze(name) not in squeeze(NOTES) for name in named)


def test_the_same_seed_makes_the_same_set(cases: list[Case]) -> None:
    assert made() == cases
    assert [case.id for case in made(4, seed=1)] != [case.id for case in made(4, seed=2)]
    assert len({case.id for case in cases}) == len(cases)


def test_questions_of_another_set_are_not_copied() -> None:
    left = made(others=("드롭아웃이란 무엇인가요?", "LSTM은 무엇인가요?"))
    assert not {"드롭아웃이란 무엇인가요?", "LSTM이란 무엇인가요?"} & {case.question for case in left}


def test_a_question_that_two_places_answer_is_dropped() -> None:
    other = Chunk("e", "드롭아웃은 필기에서 수업을 그만두는 현상입니다.", "other.md", Locator(), 0, "e", "md")
    corpus = Corpus([CHUNK, other])
    result = make([[CHUNK], [other]], corpus, MakeOptions(20), Screen())
    assert "드롭아웃이란 무엇인가요?" not in {case.question for case in result.cases}
    assert result.dropped["ambiguous"] == 2


def test_names_that_the_collection_holds_are_not_asked_about_as_absent() -> None:
    corpus = Corpus([Chunk("c", "우리는 XLNet과 유전 알고리즘을 배웠다.", "n.md", Locator(), 0, "d", "md")])
    assert not is_absent("XLNet", corpus)
    assert not is_absent("유전 알고리즘", corpus)
    assert is_absent("DeBERTa", corpus)
    asked = " ".join(one.question for one in unanswerable([], corpus, random.Random(0)))
    assert "DeBERTa" in asked
    assert "XLNet" not in asked


def test_a_swapped_name_takes_its_own_particle() -> None:
    assert swap("BERT는 몇 층인가요?", "BERT", "StyleGAN") == "StyleGAN은 몇 층인가요?"
    assert swap("LSTM이란 무엇인가요?", "LSTM", "BERT") == "BERT란 무엇인가요?"

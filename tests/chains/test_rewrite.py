"""Follow-ups are made to stand alone; questions that stand alone are left alone."""

import pytest
from langchain_core.language_models import FakeListChatModel

from chains.retrieve import CourseRetriever
from chains.rewrite import join_subject, needs_rewrite, rewrite_chain, rewrite_variables
from models.types import Turn

DROPOUT = [Turn("드롭아웃은 왜 과적합을 줄이나요?", "뉴런을 무작위로 꺼서 서로 기대지 못하게 합니다.")]


@pytest.mark.parametrize(
    "question",
    ["그럼 입력층에는 얼마를 쓰나요?", "왜?", "그건 언제 나왔어?", "예를 들어 줘", "why?", "둘 중 뭐가 나아?"],
)
def test_a_question_that_points_back_is_rewritten(question: str) -> None:
    assert needs_rewrite(question, DROPOUT)
    assert "드롭아웃" in join_subject(question, DROPOUT)


@pytest.mark.parametrize(
    "question",
    ["맥스 풀링과 평균 풀링은 어떻게 다른가요?", "LoRA의 랭크는 보통 얼마인가요?", "What is weight decay in AdamW?"],
)
def test_a_question_with_its_own_subject_is_not(question: str) -> None:
    assert not needs_rewrite(question, DROPOUT)


def test_without_history_nothing_is_rewritten() -> None:
    assert not needs_rewrite("왜?", [])


def test_the_subject_comes_from_the_last_turn_that_has_one() -> None:
    history = [*DROPOUT, Turn("그건 왜?", "…")]
    assert "드롭아웃" in join_subject("더 자세히", history)


def test_the_joined_question_finds_what_the_bare_one_does_not(retriever: CourseRetriever) -> None:
    bare = "입력층에는 얼마를 권하나요?"
    history = [Turn("드롭아웃 확률은 얼마가 좋아요?", "은닉층은 0.5입니다.")]
    joined = retriever.search(join_subject(f"그럼 {bare}", history), k=1).hits[0]
    assert joined.chunk.locator.headings[-1] == "드롭아웃"


def test_a_model_may_rewrite_instead() -> None:
    model = FakeListChatModel(responses=['"드롭아웃은 입력층에 얼마를 쓰나요?"\n설명: …'])
    rewritten = rewrite_chain(model).invoke(rewrite_variables("그럼 입력층은?", DROPOUT))
    assert rewritten == "드롭아웃은 입력층에 얼마를 쓰나요?"

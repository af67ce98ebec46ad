"""What is read from a task's words: what is looked up, what is worked out from it, and when nothing is read."""

from __future__ import annotations

import pytest

from chains.agent_plan import named_tools, worded
from chains.tools.base import all_tools

TOOLS = all_tools()


@pytest.mark.parametrize(
    ("task", "lookup", "expression"),
    [
        ("아이리스 표본의 수를 자료에서 찾고, 그 수에 0.75를 곱해 줘.", "아이리스 표본의 수", "1,200 × 0.75"),
        ("훈련 이미지 수를 찾아서 배치 크기 64로 나눠 줘.", "훈련 이미지 수", "1,200 ÷ 64"),
        ("게이트 수를 알아본 다음 3을 곱하고 2로 나눠 줘.", "게이트 수", "(1,200 × 3) ÷ 2"),
        ("문장 수를 찾아 100에서 그 수를 빼 줘.", "문장 수", "100 - 1,200"),
        ("어휘 크기에서 25를 빼면 얼마야?", "어휘 크기", "1,200 - 25"),
        ("표본 수의 15%를 계산해 줘.", "표본 수", "1,200 × 0.15"),
        ("Find the number of tokens and divide it by 4.", "the number of tokens", "1,200 ÷ 4"),
        ("Multiply the number of reviews by 3.", "the number of reviews", "1,200 × 3"),
        ("Subtract 5 from the number of layers.", "the number of layers", "1,200 - 5"),
    ],
)
def test_a_lookup_and_its_arithmetic_are_read(task: str, lookup: str, expression: str) -> None:
    wording = worded(task, TOOLS)
    assert wording.lookup == lookup
    assert wording.expression([1200.0]) == expression
    assert wording.expression([]) == "" and wording.expression([1.0, 2.0]) == ""
    assert "calculate" in named_tools(task, TOOLS)


@pytest.mark.parametrize(
    ("task", "expression"),
    [
        ("훈련 표본 수와 시험 표본 수를 찾아 더해 줘.", "30 + 90"),
        ("두 모델의 정답률 차이를 계산해 줘.", "90 - 30"),
        ("두 층의 뉴런 수의 평균을 구해 줘.", "(30 + 90) ÷ 2"),
    ],
)
def test_numbers_that_are_all_to_be_found_are_put_together(task: str, expression: str) -> None:
    assert worded(task, TOOLS).expression([30.0, 90.0]) == expression


@pytest.mark.parametrize(
    "task",
    [
        "1,200의 15%를 계산해 줘.",
        "(28 - 5 + 2×2) / 1 + 1을 계산해 줘.",
        "3과 5를 더해 줘.",
        "배치 크기 32로 1,000장을 나누면?",
        "어떤 자료가 있는지 보고, CNN 자료의 풀링 절을 펼쳐 줘.",
        "",
    ],
)
def test_a_task_that_holds_its_numbers_or_wants_something_else_is_left_as_it_is(task: str) -> None:
    assert worded(task, TOOLS).lookup == ""


@pytest.mark.parametrize(
    "task",
    [
        "평균 제곱 오차를 계산하는 법을 알려 줘.",
        "배치 정규화는 평균을 빼고 표준편차로 나누는 것인가요?",
        "어텐션 점수를 왜 차원의 제곱근으로 나누나요?",
        "How many times does early stopping wait?",
        "정확도가 90%인 모델도 나쁠 수 있나요?",
    ],
)
def test_a_question_about_arithmetic_is_no_order_to_calculate(task: str) -> None:
    assert "calculate" not in named_tools(task, TOOLS)


def test_tools_are_named_in_the_order_of_the_task() -> None:
    task = "어떤 자료가 있는지 보고, 7주차를 요약한 다음 퀴즈를 내 줘. 3 + 4도 계산해 줘."
    assert named_tools(task, TOOLS) == ["list_documents", "summarize", "quiz", "calculate"]


@pytest.mark.parametrize(
    ("lookup", "question"),
    [
        ("게이트 수를 찾고 2를 곱해 줘", "게이트 수는 얼마인가요?"),
        ("정답률을 찾고 2를 곱해 줘", "정답률은 얼마인가요?"),
    ],
)
def test_what_is_looked_up_becomes_a_question(lookup: str, question: str) -> None:
    assert worded(lookup, TOOLS).question == question

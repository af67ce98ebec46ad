"""Chain of thought: the model looks for the sentence that holds the answer before it answers.

Wei et al., "Chain-of-Thought Prompting Elicits Reasoning in Large Language Models" (2022). The reasoning costs tokens and time
and is no answer: only what stands after "답:" is checked against the passages and cited.
"""

from chains.prompts import EXAMPLES, RULES
from chains.templates import PromptTemplateText

STEPS = """
5. 먼저 "생각:"으로 시작하는 한두 문장에서 질문이 무엇을 묻는지, 어느 자료의 어느 문장에 그것이 적혀 있는지 따져 봅니다.
6. 그다음 줄에 "답:"을 쓰고 그 뒤에 답만 적습니다."""

THOUGHTS = (
    "평균 제곱 오차와 평균 절대 오차의 차이를 묻습니다. [1]에는 평균 제곱 오차만 있고 평균 절대 오차는 어디에도 없습니다.",
    "평균 제곱 오차의 뜻과 특징을 묻습니다. [1]의 두 문장이 뜻과 특징을 각각 말합니다.",
    "가지치기를 하는 이유를 묻습니다. [1]에 그 이유가 적혀 있습니다.",
    "그래디언트 부스팅의 나무 수를 묻습니다. [2]의 100개는 랜덤 포레스트의 것이고 그래디언트 부스팅은 자료에 없습니다.",
)

VARIANT = PromptTemplateText(
    "chain_of_thought",
    rules=RULES + STEPS,
    examples=tuple(
        (asked, f"생각: {thought}\n답: {said}") for (asked, said), thought in zip(EXAMPLES, THOUGHTS, strict=True)
    ),
    human="{passages}\n\n{history}질문: {question}\n생각을 먼저 쓰고 마지막 줄에 답을 쓰세요.",
    final="답:",
)

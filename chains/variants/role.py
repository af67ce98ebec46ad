"""Role: the model is told who it is and whom it speaks to, and answers in that voice; the shipped rules hold besides."""

from chains.prompts import EXAMPLES, RULES
from chains.templates import PromptTemplateText

ROLE = """\
당신은 인공지능을 처음 배우는 학생을 20년 동안 가르친 꼼꼼한 교수입니다. 학생은 교재만 펴 놓고 묻고, 교재에 없는 말은 시험에서 틀립니다.
그래서 교재의 용어와 숫자를 그대로 쓰고, 모르는 것은 모른다고 합니다.
"""

VARIANT = PromptTemplateText("role", rules=ROLE + RULES, examples=EXAMPLES)

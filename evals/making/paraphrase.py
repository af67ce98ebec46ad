"""Other words for made questions, and English ones, from any chat model: prompt | model | parser.

A model's output is not trusted: what is no single question, copies the question, loses or invents a number or a name, or gives
the answer away is dropped and counted. A paraphrase keeps the proof of the question it comes from.
"""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda

from chains.matching import squeeze
from evals.base import Case
from evals.making.screen import leaks
from ingest.morphemes import content_morphemes

Form = Literal["paraphrase", "english"]

PARAPHRASE = """\
강의 질문을 학생이 물을 법한 다른 말로 바꾸는 일입니다. 뜻, 숫자, 영어 이름은 그대로 두고 낱말과 말투만 바꿉니다.
바꾼 질문 한 문장만 씁니다. 답하지 않습니다."""
PARAPHRASE_EXAMPLES = (
    ("드롭아웃이란 무엇인가요?", "드롭아웃이 뭔지 설명해 줄래?"),
    ("BERT는 입력 토큰의 몇 퍼센트를 예측 대상으로 고르나요?", "BERT가 맞혀야 할 토큰은 전체의 몇 퍼센트예요?"),
    ("RNN은 왜 긴 문장에서 앞의 정보를 잊나요?", "긴 문장을 넣으면 RNN이 앞부분을 잊는 까닭이 궁금해요."),
)
ENGLISH = """\
You translate questions of a Korean AI course into English. Keep numbers and names. Write the one English question only, and do not
answer it."""
ENGLISH_EXAMPLES = (
    ("드롭아웃이란 무엇인가요?", "What is dropout?"),
    (
        "BERT는 입력 토큰의 몇 퍼센트를 예측 대상으로 고르나요?",
        "What percentage of the input tokens does BERT pick to predict?",
    ),
    ("최대 풀링과 평균 풀링은 어떻게 다른가요?", "How does max pooling differ from average pooling?"),
)
_NAMES = re.compile(r"[A-Za-z][A-Za-z0-9_.+-]*[A-Za-z0-9]|\d[\d,.]*")
_WRAPPING = re.compile(r"^(?:(?:질문|바꾼 질문|답|Question|Q|A)\s*[:：]\s*)?[\"“'「]?(.*?)[\"”'」]?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reworded:
    """cases: what stayed. dropped: how many did not, by reason."""

    cases: tuple[Case, ...]
    dropped: dict[str, int]


def chain(model: BaseChatModel, form: Form) -> Runnable[dict[str, str], str]:
    """{"question"} -> the model's question, bare."""
    system, examples = (PARAPHRASE, PARAPHRASE_EXAMPLES) if form == "paraphrase" else (ENGLISH, ENGLISH_EXAMPLES)
    shown = [pair for example in examples for pair in (("human", example[0]), ("ai", example[1]))]
    prompt = ChatPromptTemplate.from_messages([("system", system), *shown, ("human", "{question}")])
    return prompt | model | StrOutputParser() | RunnableLambda(bare_question)


def bare_question(output: str) -> str:
    """The first line without quotation marks or a label; "" where there is none."""
    lines = [line.strip() for line in output.strip().split("\n") if line.strip()]
    found = _WRAPPING.match(lines[0]) if lines else None
    return found[1].strip() if found else ""


def reword(
    cases: Sequence[Case],
    model: BaseChatModel,
    forms: Sequence[Form] = ("paraphrase", "english"),
    progress: Callable[[int, int], None] = lambda done, total: None,
    cancel: threading.Event | None = None,
) -> Reworded:
    """A new case for each case and form that the model words well; ids get `-p` or `-e`. Raises BackendError."""
    kept, dropped = [], Counter[str]()
    steps = [(form, case) for form in forms for case in cases]
    chains = {form: chain(model, form) for form in forms}
    for number, (form, case) in enumerate(steps):
        progress(number, len(steps))
        if cancel and cancel.is_set():
            break
        words = chains[form].invoke({"question": case.question})
        worded = replace(case, id=f"{case.id}-{form[0]}", question=words, tags=(*case.tags, form))
        fault = fault_of(worded, case.question, form)
        if fault:
            dropped[fault] += 1
        else:
            kept.append(worded)
    progress(len(steps), len(steps))
    return Reworded(tuple(kept), dict(dropped))


def fault_of(case: Case, original: str, form: Form) -> str:
    """Why a reworded question must not stay; "" where it may."""
    words = case.question
    hangul = len(re.findall("[가-힣]", words))
    if (
        not 5 <= len(words) <= 200
        or (form == "english") is bool(hangul)
        or not re.search(r"[?？]$|[요죠까줘래나지]\.?$", words)
    ):
        return "no_question"
    if re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", words):
        return "no_question"
    before, after = _names(original), _names(words)
    invented = {name for name in after - before if form == "paraphrase" or name[0].isdigit()}
    if before - after or invented:
        return "names_changed"
    if squeeze(words) == squeeze(original):
        return "copy"
    told = set(content_morphemes(original)) - set(content_morphemes(" ".join(before)))
    if form == "paraphrase" and told and not told & set(content_morphemes(words)):
        return "meaning_lost"
    if form == "paraphrase" and _parrots(words, original):
        return "meaning_lost"
    return "leaked" if leaks(case) else ""


def _parrots(words: str, original: str) -> bool:
    """Whether a small model has said an example of the prompt again rather than the question."""
    said, asked = set(content_morphemes(words)), set(content_morphemes(original))
    examples = [set(content_morphemes(text)) for pair in PARAPHRASE_EXAMPLES for text in pair]
    return max(len(said & example) for example in examples) > len(said & asked)


def _names(text: str) -> set[str]:
    return {name.lower().replace(",", "") for name in _NAMES.findall(text)}

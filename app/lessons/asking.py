"""Asks the local model in each of the ways that the lesson `ways` compares, over the documents of the collection in use."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from app.adapters import AUTO, LOCAL
from app.lessons.ways import Ask, Said
from chains.prompts import REFUSAL_KO

ROLE = "당신은 인공지능 강의의 조교입니다. 질문에 한두 문장으로 정확하게 답합니다."
SHOWN = (
    ("평균 제곱 오차가 뭐예요?", "평균 제곱 오차(MSE)는 예측과 정답의 차이를 제곱하여 평균한 값입니다."),
    ("가지치기는 왜 하나요?", "의사 결정 나무가 훈련 데이터에 지나치게 맞는 것을 막으려고 가지를 잘라 냅니다."),
)


def asker(context: Any, adapter: str = AUTO) -> Ask:
    """`ask(way, question)` over an application (app.wiring.Wiring). adapter: by name; the shipped one where none is said."""

    def ask(way: str, question: str) -> Said | None:
        engine = context.engine()
        name = engine.models.adapter_of(LOCAL, adapter)
        if way.startswith("tuned") and not name:
            return None
        used = name if way.startswith("tuned") else ""
        if way.endswith("rag"):
            return _searched(context, engine, question, used)
        return _plain(engine.models.model(LOCAL, used), _messages(way, question))

    return ask


def _searched(context: Any, engine: Any, question: str, adapter: str) -> Said:
    """The chat as it is, without fallbacks."""
    options = replace(context.ask_options(backend=LOCAL), adapter=adapter, fallbacks=())
    answer = engine.ask(question, options=options)
    return Said(answer.text, answer.refused, answer.timings_ms["total"] / 1e3)


def _plain(model: Any, messages: list[Any]) -> Said:
    started = time.perf_counter()
    text = str(model.invoke(messages).content).strip()
    return Said(text, REFUSAL_KO[:12] in text, time.perf_counter() - started)


def _messages(way: str, question: str) -> list[Any]:
    from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

    if way != "prompt":
        return [HumanMessage(question)]
    shown = [message for asked, said in SHOWN for message in (HumanMessage(asked), AIMessage(said))]
    return [SystemMessage(ROLE), *shown, HumanMessage(question)]

"""The fake model reads the prompt as the real ones do, and misbehaves when told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from models.backends.base import BackendConfig
from models.backends.fake import BACKEND
from models.chat.fake import REFUSAL
from models.chat.reliable import usage_of
from models.errors import ConfigError, RateLimited

PROMPT = """\
[1] 규제.md › 드롭아웃
드롭아웃은 학습 중 뉴런을 무작위로 꺼서 과적합을 줄인다. 비율은 보통 0.5이다.

[2] 규제.md › 배치 정규화
배치 정규화는 층의 입력을 정규화한다. 이오페와 세게디가 2015년에 제안했다.

질문: {question}"""


def build(**options: str) -> Any:
    return BACKEND.build(BackendConfig(weights_dir=Path("weights"), options=options))


def ask(question: str, chat: Any = None) -> str:
    messages = [SystemMessage("규칙"), HumanMessage(PROMPT.format(question=question))]
    return (chat or build()).invoke(messages).text


def test_quotes_the_sentence_that_shares_most() -> None:
    assert ask("드롭아웃은 무엇을 줄이나요?") == "드롭아웃은 학습 중 뉴런을 무작위로 꺼서 과적합을 줄인다. [1]"
    assert ask("비율은 보통 얼마인가요?") == "비율은 보통 0.5이다. [1]"
    assert ask("배치 정규화는 누가 2015년에 제안했나요?") == "이오페와 세게디가 2015년에 제안했다. [2]"


def test_refuses_where_nothing_is_shared() -> None:
    assert ask("수강료 얼마?") == REFUSAL


def test_a_marker_inside_a_passage_is_no_question() -> None:
    prompt = "[1] 시험.md\n질문: 정답은 무엇인가? 정답은 셋이다.\n\n질문: 정답은?"
    assert build().invoke(prompt).text.endswith("[1]")


def test_streams_small_pieces_and_usage() -> None:
    pieces = list(build().stream(PROMPT.format(question="배치 정규화란?")))
    assert max(len(piece.text) for piece in pieces) == 4
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    usage = usage_of(whole)
    assert usage.prompt_tokens is not None
    assert usage.completion_tokens == len(whole.text.split())


def test_both_ways_say_the_same() -> None:
    prompt = PROMPT.format(question="드롭아웃이란?")
    assert build().invoke(prompt).text == asyncio.run(build().ainvoke(prompt)).text


def test_fails_when_told() -> None:
    chat = build(fail="RateLimited", fail_after="2", fail_times="1")
    seen = []
    with pytest.raises(RateLimited):
        for piece in chat.stream(PROMPT.format(question="드롭아웃이란?")):
            seen.append(piece.text)
    assert len(seen) == 2
    assert ask("드롭아웃이란?", chat) != REFUSAL


def test_a_hanging_one_can_be_cancelled() -> None:
    async def run() -> None:
        task = asyncio.create_task(build(hang="1").ainvoke("질문: 언제?"))
        await asyncio.sleep(0.05)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())


@pytest.mark.parametrize("options", [{"explode": "1"}, {"fail": "Nonsense"}])
def test_an_unknown_option_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        build(**options).invoke("질문: 왜? ")

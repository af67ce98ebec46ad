"""The OpenAI and compatible backends against a server that speaks OpenAI's REST format."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from models.backends.base import BackendConfig
from models.backends.compatible import BACKEND as COMPATIBLE
from models.backends.openai_api import BACKEND as OPENAI
from models.chat.reliable import usage_of
from models.errors import (
    BackendError,
    BackendRefusedKey,
    BackendTimeout,
    BackendUnreachable,
    ContextTooLong,
    RateLimited,
    SafetyBlocked,
)

KEY = "sk-test-1234567890abcdef"
pytestmark = pytest.mark.usefixtures("quick_tries")


def config(url: str, **changes: Any) -> BackendConfig:
    values = {"model": "gpt-4o-mini", "timeout_s": 5.0, **changes}
    return BackendConfig(weights_dir=Path("weights"), api_key=SecretStr(KEY), base_url=url, **values)


@pytest.fixture(params=[OPENAI, COMPATIBLE], ids=["openai", "compatible"])
def chat(request: pytest.FixtureRequest, wire: Any) -> BaseChatModel:
    return request.param.build(config(wire.url + "/v1"))


def events(*texts: str, finish: str = "stop") -> list[Any]:
    def choice(delta: dict[str, str], reason: str | None = None) -> dict[str, Any]:
        choices = [{"index": 0, "delta": delta, "finish_reason": reason}]
        return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o-mini", "choices": choices}

    usage = {"prompt_tokens": 12, "completion_tokens": len(texts), "total_tokens": 12 + len(texts)}
    last = {**choice({}), "choices": [], "usage": usage}
    return [*(choice({"content": text}) for text in texts), choice({}, finish), last, "[DONE]"]


def error(message: str, code: str = "") -> dict[str, Any]:
    return {"error": {"message": message, "type": "error", "param": None, "code": code}}


def test_streams_pieces_and_usage(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=events("드롭", "아웃"))]
    pieces = list(chat.stream("질문"))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    assert [piece.text for piece in pieces if piece.text] == ["드롭", "아웃"]
    usage = usage_of(whole)
    assert (usage.prompt_tokens, usage.completion_tokens) == (12, 2)
    path, headers, body = wire.requests[0]
    assert path == "/v1/chat/completions"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert body["stream"] is True
    assert body["temperature"] == 0.0


def test_invoke_goes_the_same_way(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=events("가", "나"))]
    assert chat.invoke("질문").text == "가나"
    assert asyncio.run(chat.ainvoke("질문")).text == "가나"


@pytest.mark.parametrize(("status", "tries"), [(429, 2), (500, 2), (503, 2)])
def test_tries_again_before_the_first_piece(
    chat: BaseChatModel, wire: Any, reply: Any, status: int, tries: int
) -> None:
    wire.replies = [reply(status, error("busy")), reply(events=events("답"))]
    assert chat.invoke("질문").text == "답"
    assert len(wire.requests) == tries


def test_waits_as_long_as_the_server_asks(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(429, error("slow down"), {"Retry-After": "1"}), reply(events=events("답"))]
    started = time.monotonic()
    assert chat.invoke("질문").text == "답"
    assert time.monotonic() - started >= 1.0


def test_gives_up_after_the_tries(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(429, error("slow down"))]
    with pytest.raises(RateLimited, match="slow down"):
        chat.invoke("질문")
    assert len(wire.requests) == 4


def test_does_not_wait_an_hour(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(429, error("daily limit"), {"Retry-After": "3600"})]
    with pytest.raises(RateLimited, match="3600 s"):
        chat.invoke("질문")
    assert len(wire.requests) == 1


def test_a_used_up_account_is_not_asked_again(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(429, error("You exceeded your current quota", "insufficient_quota"))]
    with pytest.raises(RateLimited):
        chat.invoke("질문")
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, error(f"Incorrect API key provided: {KEY}"), BackendRefusedKey),
        (403, error("not allowed"), BackendRefusedKey),
        (404, error("The model does not exist"), BackendError),
        (400, error("This model's maximum context length is 8192 tokens", "context_length_exceeded"), ContextTooLong),
        (400, error("the request exceeds the available context size (4096 tokens)"), ContextTooLong),
        (400, error("blocked by the content filter", "content_filter"), SafetyBlocked),
        (400, error("unknown parameter: lora"), BackendError),
        (422, error(f"bad header {KEY}"), BackendError),
    ],
)
def test_refusals_are_final_and_hold_no_key(
    chat: BaseChatModel, wire: Any, reply: Any, status: int, body: dict[str, Any], kind: type[BackendError]
) -> None:
    wire.replies = [reply(status, body)]
    with pytest.raises(BackendError) as caught:
        chat.invoke("질문")
    assert type(caught.value) is kind
    assert len(wire.requests) == 1
    assert KEY not in str(caught.value)
    assert KEY not in repr(chat)


def test_a_withheld_answer_is_no_answer(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=events("음", finish="content_filter"))]
    with pytest.raises(SafetyBlocked, match="content_filter"):
        chat.invoke("질문")


def test_silence_is_a_timeout(wire: Any, reply: Any) -> None:
    chat = OPENAI.build(config(wire.url, timeout_s=0.3))
    wire.replies = [reply(hang=True)]
    with pytest.raises(BackendTimeout, match=r"0\.3 s"):
        chat.invoke("질문")
    with pytest.raises(BackendTimeout):
        asyncio.run(chat.ainvoke("질문"))


def test_a_cut_in_mid_answer_is_told_and_not_repeated(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=events("반", "쪽")[:2], cut=True)]
    seen = []
    with pytest.raises(BackendUnreachable):
        for piece in chat.stream("질문"):
            seen.append(piece.text)
    assert seen == ["반", "쪽"]
    assert len(wire.requests) == 1


def test_an_error_inside_the_stream_is_told(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=[events("반")[0], error("the engine fell over")])]
    with pytest.raises(BackendError, match="the engine fell over"):
        chat.invoke("질문")


def test_nobody_there(unused_port: int) -> None:
    chat = COMPATIBLE.build(config(f"http://127.0.0.1:{unused_port}/v1", max_retries=1))
    with pytest.raises(BackendUnreachable, match=str(unused_port)):
        chat.invoke("질문")


def test_closing_the_stream_closes_the_connection(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=events("끝", "없")[:2], endless=True)]
    stream = chat.stream("질문")
    next(stream)
    stream.close()
    assert wire.left.wait(5)


def test_cancelling_closes_the_connection(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=events("끝", "없")[:2], endless=True)]

    async def listen() -> None:
        async for _ in chat.astream("질문"):
            pass

    async def stop_soon() -> None:
        task = asyncio.create_task(listen())
        while not wire.requests:
            await asyncio.sleep(0.05)
        while not task.done():  # one that comes together with a piece is lost in the client's wait_for
            task.cancel()
            await asyncio.sleep(0.05)
        assert await asyncio.to_thread(wire.left.wait, 5)

    asyncio.run(stop_soon())


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("gpt-4o-mini", {"temperature": 0.0}),
        ("gpt-5-mini", {"reasoning_effort": "minimal"}),
        ("gpt-6-luna", {"reasoning_effort": "none"}),
        ("a-model-of-tomorrow", {"temperature": 0.0}),
    ],
)
def test_sends_what_the_model_takes(wire: Any, reply: Any, model: str, sent: dict[str, Any]) -> None:
    wire.replies = [reply(events=events("답"))]
    OPENAI.build(config(wire.url, model=model)).invoke("질문")
    body = wire.requests[0][2]
    assert {key: body[key] for key in ("temperature", "reasoning_effort") if key in body} == sent
    assert body["max_completion_tokens"] == 512


def test_a_server_without_keys_gets_none(wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=events("답"))]
    keyless = BackendConfig(weights_dir=Path("weights"), base_url=wire.url + "/v1", model="m")
    assert COMPATIBLE.build(keyless).invoke("질문").text == "답"
    assert wire.requests[0][1]["authorization"] == "Bearer none"

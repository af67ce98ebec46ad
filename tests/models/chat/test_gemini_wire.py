"""The Gemini backend against a server that speaks Gemini's REST format."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from pydantic import SecretStr

from models.backends.base import BackendConfig
from models.backends.gemini_api import BACKEND
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

KEY = "AIzaTest-1234567890abcdef"
pytestmark = pytest.mark.usefixtures("quick_tries")


def build(url: str, **changes: Any) -> BaseChatModel:
    values = {"model": "gemini-2.5-flash-lite", "timeout_s": 5.0, **changes}
    return BACKEND.build(BackendConfig(weights_dir=Path("weights"), api_key=SecretStr(KEY), base_url=url, **values))


@pytest.fixture
def chat(wire: Any) -> BaseChatModel:
    return build(wire.url)


def event(text: str, finish: str | None = None, written: int = 1) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
    if finish:
        candidate["finishReason"] = finish
    usage = {"promptTokenCount": 12, "candidatesTokenCount": written, "totalTokenCount": 12 + written}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash-lite"}


def error(code: int, status: str, message: str, details: list[Any] | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": details or []}}


def test_streams_pieces_and_usage(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=[event("드롭"), event("아웃", "STOP", 2)])]
    pieces = list(chat.stream([("system", "짧게"), ("human", "질문")]))
    whole = pieces[0]
    for piece in pieces[1:]:
        whole += piece
    assert [piece.text for piece in pieces if piece.text] == ["드롭", "아웃"]
    usage = usage_of(whole)
    assert (usage.prompt_tokens, usage.completion_tokens) == (12, 2)
    path, headers, body = wire.requests[0]
    assert path == "/v1beta/models/gemini-2.5-flash-lite:streamGenerateContent?alt=sse"
    assert headers["x-goog-api-key"] == KEY
    assert body["systemInstruction"]["parts"] == [{"text": "짧게"}]
    assert body["generationConfig"]["temperature"] == 0.0
    assert list(body["generationConfig"]["thinkingConfig"].values()) == [0]


def test_invoke_goes_the_same_way(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=[event("가"), event("나", "STOP")])]
    assert chat.invoke("질문").text == "가나"
    assert asyncio.run(chat.ainvoke("질문")).text == "가나"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_tries_again_before_the_first_piece(chat: BaseChatModel, wire: Any, reply: Any, status: int) -> None:
    wire.replies = [reply(status, error(status, "UNAVAILABLE", "busy")), reply(events=[event("답", "STOP")])]
    assert chat.invoke("질문").text == "답"
    assert len(wire.requests) == 2


@pytest.mark.parametrize("how", ["header", "body"])
def test_waits_as_long_as_the_server_asks(chat: BaseChatModel, wire: Any, reply: Any, how: str) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}] if how == "body" else []
    headers = {"Retry-After": "1"} if how == "header" else {}
    busy = error(429, "RESOURCE_EXHAUSTED", "slow down", details)
    wire.replies = [reply(429, busy, headers), reply(events=[event("답", "STOP")])]
    started = time.monotonic()
    assert chat.invoke("질문").text == "답"
    assert time.monotonic() - started >= 1.0


def test_gives_up_after_the_tries(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(429, error(429, "RESOURCE_EXHAUSTED", "slow down"))]
    with pytest.raises(RateLimited, match="slow down"):
        asyncio.run(chat.ainvoke("질문"))
    assert len(wire.requests) == 4


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."), BackendRefusedKey),
        (403, error(403, "PERMISSION_DENIED", f"key {KEY} was reported as leaked"), BackendRefusedKey),
        (404, error(404, "NOT_FOUND", "models/gemini-9 is not found"), BackendError),
        (
            400,
            error(400, "INVALID_ARGUMENT", "The input token count exceeds the maximum number of tokens allowed (9)"),
            ContextTooLong,
        ),
        (400, error(400, "FAILED_PRECONDITION", f"User location is not supported {KEY}"), BackendError),
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


@pytest.mark.parametrize(
    "blocked",
    [
        {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 12}},
        event("음", "SAFETY"),
        event("음", "PROHIBITED_CONTENT"),
    ],
    ids=["prompt", "answer", "prohibited"],
)
def test_a_withheld_answer_is_no_answer(chat: BaseChatModel, wire: Any, reply: Any, blocked: dict[str, Any]) -> None:
    wire.replies = [reply(events=[blocked])]
    with pytest.raises(SafetyBlocked, match=r"SAFETY|PROHIBITED"):
        chat.invoke("질문")
    with pytest.raises(SafetyBlocked):
        asyncio.run(chat.ainvoke("질문"))


def test_silence_is_a_timeout(wire: Any, reply: Any) -> None:
    chat = build(wire.url, timeout_s=0.3)
    wire.replies = [reply(hang=True)]
    with pytest.raises(BackendTimeout, match=r"0\.3 s"):
        chat.invoke("질문")
    with pytest.raises(BackendTimeout):
        asyncio.run(chat.ainvoke("질문"))


def test_a_cut_in_mid_answer_is_told_and_not_repeated(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=[event("반"), event("쪽")], cut=True)]
    seen = []
    with pytest.raises(BackendUnreachable):
        for piece in chat.stream("질문"):
            seen.append(piece.text)
    assert seen == ["반", "쪽"]
    assert len(wire.requests) == 1


def test_nobody_there(unused_port: int) -> None:
    with pytest.raises(BackendUnreachable, match=str(unused_port)):
        build(f"http://127.0.0.1:{unused_port}", max_retries=1).invoke("질문")


def test_closing_the_stream_closes_the_connection(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=[event("끝"), event("없")], endless=True)]
    stream = chat.stream("질문")
    next(stream)
    stream.close()
    assert wire.left.wait(5)


def test_cancelling_closes_the_connection(chat: BaseChatModel, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=[event("끝"), event("없")], endless=True)]

    async def listen() -> None:
        async for _ in chat.astream("질문"):
            pass

    async def stop_soon() -> None:
        task = asyncio.create_task(listen())
        await asyncio.sleep(0.3)
        task.cancel()
        assert await asyncio.to_thread(wire.left.wait, 5)

    asyncio.run(stop_soon())


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("gemini-2.5-flash", {"temperature": 0.0, "thinkingConfig": {"thinking_budget": 0}}),
        ("gemini-3.5-flash-lite", {"thinkingConfig": {"thinking_level": "MINIMAL"}}),
        ("gemini-9-tomorrow", {}),
    ],
)
def test_sends_what_the_model_takes(wire: Any, reply: Any, model: str, sent: dict[str, Any]) -> None:
    wire.replies = [reply(events=[event("답", "STOP")])]
    build(wire.url, model=model).invoke("질문")
    sent_config = wire.requests[0][2]["generationConfig"]
    assert {key: sent_config[key] for key in ("temperature", "thinkingConfig") if key in sent_config} == sent
    assert sent_config["maxOutputTokens"] == 512

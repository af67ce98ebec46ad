"""Tool calls over the wire: what OpenAI, compatible servers and Gemini are sent, and how their streamed calls come back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from pydantic import SecretStr

from models.backends.base import BackendConfig
from models.backends.compatible import BACKEND as COMPATIBLE
from models.backends.gemini_api import BACKEND as GEMINI
from models.backends.openai_api import BACKEND as OPENAI

TOOL = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "강의 자료에서 찾는다.",
        "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    },
}
TALK = [
    HumanMessage("드롭아웃은?"),
    AIMessage("", tool_calls=[{"name": "search", "args": {"query": "드롭아웃"}, "id": "c1"}]),
    ToolMessage("[1] 드롭아웃은 규제 기법입니다.", tool_call_id="c1", name="search"),
]
BACKENDS = {"openai": OPENAI, "compatible": COMPATIBLE, "gemini": GEMINI}
MODELS = {"openai": "gpt-4o-mini", "compatible": "qwen", "gemini": "gemini-2.5-flash-lite"}


def chat_of(name: str, url: str) -> BaseChatModel:
    address = url if name == "gemini" else f"{url}/v1"
    values = {"api_key": SecretStr("k-test-1234567890"), "base_url": address, "model": MODELS[name], "timeout_s": 5.0}
    return BACKENDS[name].build(BackendConfig(weights_dir=Path("weights"), **values))


def openai_events() -> list[Any]:
    """A call whose arguments come in three pieces, as OpenAI streams them."""

    def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        choices = [{"index": 0, "delta": delta, "finish_reason": reason}]
        return {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices}

    call = {"index": 0, "id": "call_7", "type": "function", "function": {"name": "search", "arguments": ""}}
    pieces = ['{"query": "드', '롭아웃"', "}"]
    rest = [chunk({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}) for piece in pieces]
    return [chunk({"role": "assistant", "tool_calls": [call]}), *rest, chunk({}, "tool_calls"), "[DONE]"]


def gemini_events() -> list[Any]:
    call = {"functionCall": {"name": "search", "args": {"query": "드롭아웃"}}}
    candidate = {"content": {"parts": [call], "role": "model"}, "index": 0, "finishReason": "STOP"}
    return [{"candidates": [candidate], "modelVersion": MODELS["gemini"]}]


@pytest.mark.parametrize("name", BACKENDS)
def test_a_streamed_call_comes_back_whole(name: str, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=gemini_events() if name == "gemini" else openai_events())]
    answer = asyncio.run(chat_of(name, wire.url).bind_tools([TOOL]).ainvoke("드롭아웃은?"))
    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [("search", {"query": "드롭아웃"})]
    body = wire.requests[0][2]
    told = str(body["tools"])
    assert "search" in told and "강의 자료에서 찾는다." in told and "query" in told


@pytest.mark.parametrize("name", BACKENDS)
def test_results_and_the_choice_are_sent_as_the_provider_wants_them(name: str, wire: Any, reply: Any) -> None:
    wire.replies = [reply(events=gemini_events() if name == "gemini" else openai_events())]
    asyncio.run(chat_of(name, wire.url).bind_tools([TOOL], tool_choice="none").ainvoke(TALK))
    body = wire.requests[0][2]
    if name == "gemini":
        assert body["toolConfig"]["functionCallingConfig"]["mode"] == "NONE"
        assert body["contents"][1]["parts"][0]["functionCall"]["args"] == {"query": "드롭아웃"}
        assert "규제 기법" in str(body["contents"][2]["parts"][0]["functionResponse"])
    else:
        assert body["tool_choice"] == "none"
        assert body["messages"][1]["tool_calls"][0]["function"]["name"] == "search"
        assert body["messages"][2] == {"role": "tool", "tool_call_id": "c1", "content": TALK[2].content}

"""Tool calls of the local model: what it reads, what a grammar lets it write, and that the real 0.5B can write nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from models.backends.base import BackendConfig
from models.backends.local import BACKEND
from models.chat.local import LocalChat
from models.chat.tool_calls import ANSWER, TEXT_CHARACTERS, action_of, action_schema, listing, with_tools


def tool(name: str, about: str, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(properties), "title": "Arguments"}
    return {"type": "function", "function": {"name": name, "description": about, "parameters": parameters}}


SEARCH = tool("search", "강의 자료에서 찾는다.", query={"type": "string", "description": "찾을 내용", "title": "Query"})
COUNT = tool("count", "숫자를 센다.", n={"type": "integer", "minimum": 0, "maximum": 9}, kind={"enum": ["a", "b"]})
TALK = [
    SystemMessage("규칙"),
    HumanMessage("드롭아웃은?"),
    AIMessage("", tool_calls=[{"name": "search", "args": {"query": "드롭아웃"}, "id": "c1"}]),
    ToolMessage("없음", tool_call_id="c1", name="search", status="error"),
]


def test_tools_are_a_line_each() -> None:
    assert "- search(query: 찾을 내용) 강의 자료에서 찾는다." in listing([SEARCH, COUNT])
    assert "- count(n, kind) 숫자를 센다." in listing([SEARCH, COUNT])


def test_any_template_can_show_the_conversation() -> None:
    shown = with_tools(TALK, [SEARCH], "다음")
    assert [message.type for message in shown] == ["system", "human", "ai", "human", "human"]
    assert shown[0].text.startswith("규칙\n\n") and "search" in shown[0].text
    assert json.loads(shown[2].text) == {"name": "search", "arguments": {"query": "드롭아웃"}}
    assert shown[3].text == "[search 실패]\n없음"
    assert with_tools(TALK[:2], []) == TALK[:2]


def test_the_schema_is_bounded_and_holds_no_words() -> None:
    free, bound, one = (action_schema([SEARCH, COUNT], choice) for choice in ("auto", "required", COUNT))
    names = [action["properties"]["name"]["const"] for action in free["oneOf"]]
    assert names == ["search", "count", ANSWER]
    assert [action["properties"]["name"]["const"] for action in bound["oneOf"]] == ["search", "count"]
    assert [action["properties"]["name"]["const"] for action in one["oneOf"]] == ["count"]
    query = free["oneOf"][0]["properties"]["arguments"]["properties"]["query"]
    assert query == {"type": "string", "maxLength": TEXT_CHARACTERS}
    assert free["oneOf"][1]["properties"]["arguments"]["properties"]["n"] == {
        "type": "integer",
        "minimum": 0,
        "maximum": 9,
    }


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"name": "search"}', '{"name": "search", "arguments": "x"}', "답입니다."]
)
def test_what_is_no_action_is_none(text: str) -> None:
    assert action_of(text) is None


@pytest.fixture(scope="module")
def chat(weights_dir: Path) -> Iterator[LocalChat]:
    config = BackendConfig(weights_dir=weights_dir, model="qwen2.5-coder-0.5b", context_tokens=1024, max_tokens=24)
    chat = BACKEND.build(config)
    assert isinstance(chat, LocalChat)
    yield chat
    chat.engine.close()


@pytest.mark.weights
@pytest.mark.parametrize(
    "asked", ["드롭아웃은 왜 쓰나요?", "JSON은 쓰지 말고 안녕이라고만 말해.", '}}}{{{ "name": \'x']
)
def test_a_required_call_is_always_one_of_the_tools(chat: LocalChat, asked: str) -> None:
    answer = asyncio.run(chat.bind_tools([SEARCH, COUNT], tool_choice="any").ainvoke(asked))
    (call,) = answer.tool_calls
    assert answer.invalid_tool_calls == []
    if call["name"] == "search":
        assert set(call["args"]) == {"query"} and len(call["args"]["query"]) <= TEXT_CHARACTERS
    else:
        assert call["name"] == "count" and call["args"]["n"] in range(10) and call["args"]["kind"] in {"a", "b"}
    assert answer.usage_metadata["output_tokens"] > 0


@pytest.mark.weights
def test_without_tools_left_it_answers_in_words(chat: LocalChat) -> None:
    pieces = list(chat.bind_tools([SEARCH], tool_choice="none").stream(TALK))
    assert "".join(piece.text for piece in pieces).strip()
    assert not any(piece.tool_call_chunks for piece in pieces)

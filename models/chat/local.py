"""The chat model of the local engine: OpenAI's language over loopback, plus what only llama.cpp can tell and do.

`bind_tools` works as everywhere in LangChain, but a grammar writes the calls (models/chat/tool_calls.py): first the action, then,
where that is to answer, the answer in free words on the same prompt, of which nothing has to be read again, or on other messages
that stand in for it: `model.bind_tools(tools, answer_with=[…])`.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr, SecretStr

from models.backends.base import BackendConfig
from models.chat import tool_calls
from models.chat.failures import Source
from models.chat.openai_style import CompatibleChat, arguments
from models.chat.reliable import AsyncChunks, Chunks
from models.engines.llama import NAME, LocalEngine
from models.errors import BackendUnreachable

PLACEHOLDER = "http://engine.invalid/v1"  # the engine's own address and key are put in when a request leaves


class LocalChat(CompatibleChat):
    """Shares its engine with every other LocalChat of the same files; loads the model with the first request."""

    _engine: LocalEngine = PrivateAttr()

    @classmethod
    def on(cls, engine: LocalEngine, config: BackendConfig) -> LocalChat:
        """A chat model on `engine`. Cheap."""
        name = engine.spec.model.stem
        source = Source(NAME, PLACEHOLDER, name, None, None, config.timeout_s)
        adapter = Path(config.adapter).resolve() if config.adapter else None
        special = {
            "api_key": SecretStr("unused"),
            "seed": config.seed,
            "tries": 2,  # the second one on a fresh engine, where the first one's process was gone
            "stream_chunk_timeout": None,  # pings say that it lives, however long the prompt
            "extra_body": {"cache_prompt": True, **engine.lora(adapter, config.adapter_scale)},
            "http_client": httpx.Client(transport=_Way(engine), trust_env=False),
            "http_async_client": httpx.AsyncClient(transport=_AsyncWay(engine), trust_env=False),
        }
        chat = cls(**{**arguments(config, source), **special})
        chat._engine = engine
        return chat

    def with_strength(self, strength: float) -> LocalChat:
        """The same engine with the adapter weighing so much; itself where it does already, or has none. Cheap."""
        loras = (self.extra_body or {}).get("lora") or []
        if all(lora["scale"] == strength for lora in loras):
            return self
        weighed = [{**lora, "scale": strength} for lora in loras]
        other: LocalChat = self.model_copy(update={"extra_body": {**(self.extra_body or {}), "lora": weighed}})
        return other

    @property
    def engine(self) -> LocalEngine:
        """The engine behind it."""
        return self._engine

    def warm(self, messages: Sequence[BaseMessage], cancel: threading.Event | None = None) -> bool:
        """See LocalEngine.warm."""
        return self._engine.warm(convert_to_openai_messages(list(messages)), cancel, self.extra_body)

    def get_token_ids(self, text: str) -> list[int]:
        """The engine's own tokens."""
        return self._engine.tokenize(text)

    def _stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> Chunks:
        plan = _planned(messages, kwargs)
        with self._engine.asking():
            self._engine.start()
            try:
                if plan.schema is not None:
                    action = _Action()
                    with closing(super()._stream(plan.asked, None, None, **plan.bound(kwargs))) as chunks:
                        for chunk in chunks:
                            action.add(chunk)
                    yield action.chunk()
                    if action.calls:
                        return
                with closing(super()._stream(plan.answered, stop, run_manager, **plan.free(kwargs))) as chunks:
                    yield from chunks
            except BackendUnreachable as error:
                raise self._engine.lost(error) from None

    async def _astream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncChunks:
        plan = _planned(messages, kwargs)
        with self._engine.asking():
            await asyncio.to_thread(self._engine.start)
            try:
                if plan.schema is not None:
                    action = _Action()
                    async with aclosing(super()._astream(plan.asked, None, None, **plan.bound(kwargs))) as chunks:
                        async for chunk in chunks:
                            action.add(chunk)
                    yield action.chunk()
                    if action.calls:
                        return
                async with aclosing(super()._astream(plan.answered, stop, run_manager, **plan.free(kwargs))) as chunks:
                    async for chunk in chunks:
                        yield chunk
            except BackendUnreachable as error:
                raise self._engine.lost(error) from None

    def _get_request_payload(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Adds to the request fields we always send; a bound `extra_body` does not replace them."""
        payload: dict[str, Any] = super()._get_request_payload(*args, **kwargs)
        payload["extra_body"] = {**(self.extra_body or {}), **payload.get("extra_body", {})}
        return payload

    def _convert_chunk_to_generation_chunk(self, chunk: dict[str, Any], *rest: Any) -> ChatGenerationChunk | None:
        """Keeps llama.cpp's `timings` of the last chunk in the message's response_metadata."""
        converted = super()._convert_chunk_to_generation_chunk(chunk, *rest)
        timings = chunk.get("timings")
        if converted is not None and timings and not chunk.get("choices"):
            self._engine.observe(timings)
            converted.message.response_metadata["timings"] = timings
        return converted


class _Plan(NamedTuple):
    """How a request with tools is done. asked: what the model reads before it acts; schema: of the action, None where it is
    to answer at once; answered: what it reads before it answers."""

    asked: list[BaseMessage]
    answered: list[BaseMessage]
    schema: dict[str, Any] | None

    def bound(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Settings of the request for the action."""
        form = {"type": "json_schema", "json_schema": {"name": "action", "schema": self.schema}}
        return {**self.free(settings), "response_format": form, "max_tokens": tool_calls.ACTION_TOKENS}

    def free(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Settings of the request for the answer: llama.cpp sees no tools."""
        return {key: value for key, value in settings.items() if key not in _OURS}


_OURS = frozenset({"tools", "tool_choice", "parallel_tool_calls", "answer_with"})


def _planned(messages: list[BaseMessage], settings: dict[str, Any]) -> _Plan:
    tools, choice, instead = settings.get("tools") or [], settings.get("tool_choice"), settings.get("answer_with")
    if not tools:
        plain = tool_calls.with_tools(messages, [])
        return _Plan(plain, instead or plain, None)
    schema = None if choice == "none" else tool_calls.action_schema(tools, choice)
    asked = tool_calls.with_tools(messages, tools, tool_calls.NEXT_ACTION)
    return _Plan(asked, instead or tool_calls.with_tools(messages, tools, tool_calls.ANSWER_NOW), schema)


@dataclass(slots=True)
class _Action:
    """The next action as it is written. used: tokens it cost."""

    text: str = ""
    used: list[Any] = field(default_factory=list)

    def add(self, chunk: ChatGenerationChunk) -> None:
        self.text += chunk.text
        if counted := getattr(chunk.message, "usage_metadata", None):
            self.used = [counted]

    @property
    def calls(self) -> list[ToolCallChunk]:
        """As LangChain's tool call; none where it is to answer."""
        named = tool_calls.action_of(self.text)
        if named is None or named[0] == tool_calls.ANSWER:
            return []
        arguments = json.dumps(named[1], ensure_ascii=False)
        return [tool_call_chunk(name=named[0], args=arguments, id=f"call_{uuid4().hex[:12]}", index=0)]

    def chunk(self) -> ChatGenerationChunk:
        """The piece that tells of it, and of what it cost."""
        usage = self.used[0] if self.used else None
        return ChatGenerationChunk(
            message=AIMessageChunk(content="", tool_call_chunks=self.calls, usage_metadata=usage)
        )


class _Way(httpx.BaseTransport):
    """Sends a request to where the engine is now; a restarted one has another port."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine
        self._wire = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._wire.handle_request(_directed(request, *self._engine.address()))

    def close(self) -> None:
        self._wire.close()


class _AsyncWay(httpx.AsyncBaseTransport):
    """The same for coroutines. Keeps no connection, so that any event loop may use it."""

    def __init__(self, engine: LocalEngine) -> None:
        self._engine = engine
        self._wire = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        address = await asyncio.to_thread(self._engine.address)
        return await self._wire.handle_async_request(_directed(request, *address))

    async def aclose(self) -> None:
        await self._wire.aclose()


def _directed(request: httpx.Request, url: httpx.URL, headers: dict[str, str]) -> httpx.Request:
    request.url = request.url.copy_with(scheme=url.scheme, host=url.host, port=url.port)
    request.headers.update({**headers, "Host": url.netloc.decode("ascii")})
    return request

"""What every chat model of ours adds to its client: tries again where that helps, and fails with our errors.

    class CourseChat(Reliable, ChatOpenAI): ...      # Reliable first, so that it wraps the client's streams

Another try only happens before the first piece of an answer: nobody reads the same beginning twice. The wait doubles,
with jitter, unless the server says how long (Retry-After). `invoke` is the stream, collected: one way over the wire.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, closing
from typing import Any, cast

import httpx
from langchain_core.exceptions import ModelError
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import agenerate_from_stream, generate_from_stream
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from models.chat.failures import LONGEST_WAIT_S, Failure, Source, failure
from models.errors import SafetyBlocked
from models.types import Usage

Chunks = Generator[ChatGenerationChunk, None, None]
AsyncChunks = AsyncGenerator[ChatGenerationChunk, None]

FIRST_WAIT_S = 0.5

# Reasons to finish that mean "withheld", in the providers' words.
WITHHELD = frozenset(
    {"content_filter", "SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "RECITATION", "SPII", "IMAGE_SAFETY"}
)


def usage_of(message: BaseMessage) -> Usage:
    """Tokens of an answer from its collected message, as the provider reports them; the cost is not set."""
    counted = getattr(message, "usage_metadata", None)
    return Usage(counted["input_tokens"], counted["output_tokens"]) if counted else Usage()


class Reliable(BaseChatModel):
    """Mixin over a LangChain chat model. tries: requests in all for one answer, at least 1."""

    source: Source
    tries: int = 4

    @property
    def client_errors(self) -> tuple[type[Exception], ...]:
        """What the client below raises when a request fails."""
        return (ModelError, httpx.HTTPError, TimeoutError)

    def _stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> Chunks:
        for left in reversed(range(self.tries)):
            started = False
            try:
                with closing(cast("Chunks", super()._stream(messages, stop, run_manager, **kwargs))) as chunks:
                    for chunk in chunks:
                        started = True
                        yield self._checked(chunk)
                return
            except self.client_errors as error:
                wait_s = self._wait_s(failure(error, self.source), left, started)
            time.sleep(wait_s)

    async def _astream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncChunks:
        for left in reversed(range(self.tries)):
            started = False
            try:
                async with aclosing(
                    cast("AsyncChunks", super()._astream(messages, stop, run_manager, **kwargs))
                ) as chunks:
                    async for chunk in chunks:
                        started = True
                        yield self._checked(chunk)
                return
            except self.client_errors as error:
                wait_s = self._wait_s(failure(error, self.source), left, started)
            await asyncio.sleep(wait_s)

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, run_manager, **kwargs))

    def _wait_s(self, failed: Failure, left: int, started: bool) -> float:
        """Seconds until the next try. Raises the error where there is none."""
        if started or not left or not failed.retry:
            raise failed.error from None
        if failed.after_s is not None:
            return failed.after_s
        longest: float = FIRST_WAIT_S * 2.0 ** (self.tries - 1 - left)
        return min(LONGEST_WAIT_S, longest * random.uniform(0.5, 1.0))  # noqa: S311

    def _checked(self, chunk: ChatGenerationChunk) -> ChatGenerationChunk:
        """The piece itself. Raises SafetyBlocked where the provider withholds the answer."""
        facts = {**(chunk.generation_info or {}), **chunk.message.response_metadata}
        reason = str(facts.get("finish_reason") or "")
        feedback = facts.get("prompt_feedback") or {}
        blocked = feedback.get("block_reason") if isinstance(feedback, dict) else None
        if reason in WITHHELD or blocked:
            said = getattr(blocked, "value", blocked) or reason
            raise SafetyBlocked(backend=self.source.backend, detail=f"reason {said}")
        return chunk

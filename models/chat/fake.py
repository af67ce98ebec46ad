"""The chat model of models/backends/fake.py."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import agenerate_from_stream, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import Field

from models import errors
from models.errors import BackendError, BackendTimeout, ConfigError

REFUSAL = "자료에서 답을 찾을 수 없습니다."
PIECE_CHARACTERS = 4
HANG_S = 60.0  # of a synchronous caller, who cannot be woken

_PASSAGE = re.compile(r"^\[(\d+)\][^\n]*\n(.+?)(?=\n\s*\n|\Z)", re.M | re.S)
_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]?")
_WORD = re.compile(r"[0-9A-Za-z]+|[가-힣]+")


@dataclass(slots=True)
class Script:
    """How the fake misbehaves; see models/backends/fake.py. failed: how often it has."""

    fail: str = ""
    fail_after: int = 0
    fail_times: int = -1
    delay_s: float = 0.0
    hang: bool = False
    failed: int = field(default=0, compare=False)

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Script:
        """Raises ConfigError for an option that is none."""
        known = {item.name for item in fields(cls)} - {"failed"}
        for key, value in options.items():
            if key not in known:
                raise ConfigError(key=key, value=value, detail=f"the fake backend knows {', '.join(sorted(known))}")
        return cls(
            fail=options.get("fail", ""),
            fail_after=int(options.get("fail_after", 0)),
            fail_times=int(options.get("fail_times", -1)),
            delay_s=float(options.get("delay_s", 0)),
            hang=options.get("hang", "") == "1",
        )

    def check(self, pieces: int) -> None:
        """Raises the scripted error once `pieces` have gone out."""
        if not self.fail or pieces < self.fail_after or self.failed == self.fail_times:
            return
        self.failed += 1
        raise scripted_error(self.fail)


def scripted_error(name: str) -> BackendError:
    """One of our backend errors by its class name. Raises ConfigError."""
    kind = getattr(errors, name, None)
    if not isinstance(kind, type) or not issubclass(kind, BackendError):
        raise ConfigError(key="fail", value=name, detail="name a class under BackendError in models/errors.py")
    return kind(backend="fake", detail="as the test asked", url="fake:", timeout_s=0.0, variable="FAKE_API_KEY")


def answer(prompt: str) -> str:
    """The best sentence of the prompt's passages for its question, with its number; or the refusal."""
    passages, _, question = prompt.rpartition("질문:")
    best, best_shared = REFUSAL, 0
    for number, text in _PASSAGE.findall(passages):
        for sentence in (found.strip() for found in _SENTENCE.findall(text)):
            shared = _shared(question, sentence)
            if shared > best_shared:
                best, best_shared = f"{sentence} [{number}]", shared
    return best


def _shared(question: str, sentence: str) -> int:
    """How many words of the question occur in the sentence. A Korean word counts by its first two syllables, so that particles don't matter."""
    stems = {word.lower()[:2] if "가" <= word[0] <= "힣" else word.lower() for word in _WORD.findall(question)}
    text = sentence.lower()
    return sum(stem in text for stem in stems if len(stem) > 1)


class FakeChat(BaseChatModel):
    """Streams `answer` in pieces of four characters; counts words as tokens."""

    script: Script = Field(default_factory=Script)

    @property
    def _llm_type(self) -> str:
        return "coursemate-fake"

    def _pieces(self, messages: list[BaseMessage]) -> Iterator[ChatGenerationChunk]:
        prompt = "\n\n".join(message.text for message in messages if message.type == "human")
        text = answer(prompt)
        for count, start in enumerate(range(0, len(text), PIECE_CHARACTERS)):
            self.script.check(count)
            yield ChatGenerationChunk(message=AIMessageChunk(content=text[start : start + PIECE_CHARACTERS]))
        read, written = len(prompt.split()), len(text.split())
        usage = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
        last = AIMessageChunk(content="", usage_metadata=usage, response_metadata={"finish_reason": "stop"})
        yield ChatGenerationChunk(message=last)

    def _stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        if self.script.hang:
            time.sleep(HANG_S)
            raise BackendTimeout(backend="fake", timeout_s=HANG_S)
        for chunk in self._pieces(messages):
            time.sleep(self.script.delay_s)
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    async def _astream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        if self.script.hang:
            await asyncio.Event().wait()
        for chunk in self._pieces(messages):
            await asyncio.sleep(self.script.delay_s)
            if run_manager:
                await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, run_manager, **kwargs))

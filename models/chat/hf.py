"""The chat model of models/backends/hf.py: transformers' `generate`, streamed, and stopped when nobody listens any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import agenerate_from_stream, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr

from models.backends.base import BackendConfig
from models.chat.hf_adapters import attach, is_whole, weigh
from models.errors import BackendError, ContextTooLong, WeightsError

NAME = "hf"
_END = object()


class HFChat(BaseChatModel):
    """One model in memory; answers one request at a time."""

    model_name: str
    max_tokens: int = 512
    temperature: float = 0.0
    context_tokens: int = 4096
    strength: float = 1.0  # of its adapter

    _tokenizer: Any = PrivateAttr()
    _model: Any = PrivateAttr()
    _busy: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    @classmethod
    def load(cls, config: BackendConfig, name: str) -> HFChat:
        """Raises WeightsError."""
        chat = cls(
            model_name=name,
            max_tokens=config.max_tokens,
            temperature=config.temperature,
            context_tokens=config.context_tokens,
        )
        try:
            chat._tokenizer, chat._model = load(name, config.adapter)
        except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
            first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            detail = f"{first.strip().rstrip('.')}. Check the name, the files and the network"
            raise WeightsError(name=name, detail=detail) from error
        return chat

    def with_strength(self, strength: float) -> HFChat:
        """The same weights with the adapter counting so much; they are weighed when it is this one's turn to answer."""
        if strength == self.strength:
            return self
        other: HFChat = self.model_copy(update={"strength": strength})
        return other

    @property
    def _llm_type(self) -> str:
        return "coursemate-hf"

    def _stream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> Generator[ChatGenerationChunk, None, None]:
        stopped = threading.Event()
        try:
            for chunk in self._chunks(messages, stop, stopped):
                if run_manager:
                    run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk
        finally:
            stopped.set()

    async def _astream(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> AsyncGenerator[ChatGenerationChunk, None]:
        loop, stopped = asyncio.get_running_loop(), threading.Event()
        chunks: asyncio.Queue[Any] = asyncio.Queue()

        def pump() -> None:
            try:
                for chunk in self._chunks(messages, stop, stopped):
                    loop.call_soon_threadsafe(chunks.put_nowait, chunk)
            finally:
                loop.call_soon_threadsafe(chunks.put_nowait, _END)

        pumping = loop.run_in_executor(None, pump)
        try:
            while (chunk := await chunks.get()) is not _END:
                if run_manager:
                    await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                yield chunk
            await pumping
        finally:
            stopped.set()

    def _generate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    async def _agenerate(
        self, messages: list[BaseMessage], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, run_manager, **kwargs))

    def _chunks(
        self, messages: list[BaseMessage], stop: list[str] | None, stopped: threading.Event
    ) -> Generator[ChatGenerationChunk, None, None]:
        """Pieces of the answer, then an empty one with the usage. Ends within a token of `stopped`."""
        inputs = self._inputs(messages)
        read = int(inputs["input_ids"].shape[1])  # (1, T)
        with self._busy:
            weigh(self._model, self.strength)
            run = _Run(self._tokenizer, stopped)
            worker = threading.Thread(target=run.generate, args=(self._model, self._options(inputs, stop)), daemon=True)
            worker.start()
            try:
                for text in run.streamer:
                    if text:
                        yield ChatGenerationChunk(message=AIMessageChunk(content=text))
            finally:
                stopped.set()
                worker.join()
        if run.error is not None:
            raise BackendError(backend=NAME, detail=str(run.error).splitlines()[0]) from run.error
        usage = UsageMetadata(input_tokens=read, output_tokens=run.written, total_tokens=read + run.written)
        last = AIMessageChunk(content="", usage_metadata=usage, response_metadata={"model_name": self.model_name})
        yield ChatGenerationChunk(message=last)

    def _inputs(self, messages: list[BaseMessage]) -> Any:
        """The prompt's tensors on the model's device. Raises ContextTooLong."""
        chat = convert_to_openai_messages(messages)
        inputs = self._tokenizer.apply_chat_template(
            chat, add_generation_prompt=True, return_tensors="pt", return_dict=True, enable_thinking=False
        )
        read = inputs["input_ids"].shape[1]
        room = min(self.context_tokens, getattr(self._model.config, "max_position_embeddings", self.context_tokens))
        if read + self.max_tokens > room:
            detail = f"{read} tokens and {self.max_tokens} for the answer, {room} fit"
            raise ContextTooLong(backend=NAME, detail=detail)
        return inputs.to(self._model.device)

    def _options(self, inputs: Any, stop: list[str] | None) -> dict[str, Any]:
        sampling = {"do_sample": True, "temperature": self.temperature} if self.temperature > 0 else GREEDY
        ends = {"stop_strings": stop, "tokenizer": self._tokenizer} if stop else {}
        return {**inputs, **sampling, **ends, "max_new_tokens": self.max_tokens}


GREEDY: dict[str, Any] = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}


class _Run:
    """One call of `generate` in a thread of its own."""

    def __init__(self, tokenizer: Any, stopped: threading.Event) -> None:
        from transformers import TextIteratorStreamer

        self.streamer = TextIteratorStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self.error: RuntimeError | ValueError | None = None
        self.written = 0
        self._stopped = stopped

    def generate(self, model: Any, options: dict[str, Any]) -> None:
        import torch

        def count(ids: Any, scores: Any, **kwargs: Any) -> Any:  # ids: (1, T)
            self.written += 1
            return torch.full((ids.shape[0],), self._stopped.is_set(), dtype=torch.bool, device=ids.device)

        try:
            with torch.inference_mode():
                model.generate(**options, streamer=self.streamer, stopping_criteria=[count])
        except (RuntimeError, ValueError) as error:
            self.error = error
        finally:
            finish: Any = self.streamer.end
            finish()


def load(name: str, adapter: str) -> tuple[Any, Any]:
    """(tokenizer, model) on the best device here, ready to answer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    path = Path(name).expanduser()
    source, gguf = (str(path.parent), {"gguf_file": path.name}) if path.suffix == ".gguf" else (name, {})
    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    dtype = torch.float32 if device == "cpu" else "auto"
    safe: dict[str, Any] = {"trust_remote_code": False, **gguf}
    tokenizer = AutoTokenizer.from_pretrained(source, **safe)
    pickled = {} if gguf else {"use_safetensors": True}
    if is_whole(adapter):  # its words are the base's
        source, safe, pickled, adapter = adapter, {"trust_remote_code": False}, {"use_safetensors": True}, ""
    model: Any = AutoModelForCausalLM.from_pretrained(source, dtype=dtype, **safe, **pickled)
    if adapter:
        model = attach(model, adapter)
    return tokenizer, model.to(device).eval()

"""A llama.cpp engine that all chat models of one GGUF file share: started when first asked, stopped with `close`.

    engine = LocalEngine.of(EngineSpec(Path("qwen2.5-coder-1.5b-instruct-q4_k_m.gguf")))
    engine.start()                               # blocks for the seconds the model takes to load; any thread may call it
    engine.warm([{"role": "user", "content": "passages …"}])
    engine.count_tokens("드롭아웃은 왜 쓰나요?")     # 13

The choices, measured on two cores:
- One slot, and one more for each adapter. The cores are busy with one reader; a second one waits for his turn and then has them all. What another prompt
  pushes out of the slot is kept in memory (`cache_mib`), so conversations and drafts do not evict each other's passages.
- With adapters a request names its slot: what the weights of one have read means nothing to another, and llama.cpp's memory of
  pushed-out prompts goes by their words alone. A slot that is named is never filled from that memory.
- Prompts are read in steps of `batch_tokens`: a stop takes effect within one step, under a second for the 1.5B, and what was
  read by then is kept. 64 reads within five per cent of 512; 32 would cost a fifth.
- No mmap: llama.cpp repacks the weights for the processor, and a mapped file would stand in memory a second time
  (1.96 GB for the 1.5B with mmap, 1.36 GB without).
"""

from __future__ import annotations

import asyncio
import atexit
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import httpx
import psutil

from models.engines.process import EngineProcess
from models.errors import BackendError, WeightsError

EngineState = Literal["stopped", "loading", "ready", "failed"]
Message = Mapping[str, str]

NAME = "local"
GUESSED_RATE = 40e9  # bytes of weights times prompt tokens, a second and core; what two kinds of processors did
LEAST_MEASURED_TOKENS = 64  # a shorter read says little about the rate
WORK_BYTES = 400_000_000  # beside the weights: key-value cache of 4,096 tokens, buffers, prompt cache


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What makes two engines the same. adapters: LoRA in GGUF form, `id` in a request is the position. threads: 0 = all cores."""

    model: Path
    adapters: tuple[Path, ...] = ()
    context_tokens: int = 4096
    threads: int = 0
    batch_tokens: int = 64
    cache_mib: int = 96


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """memory_bytes: resident, of the engine's process; 0 unless ready. reading_rate: prompt tokens a second."""

    model: str
    path: Path
    context_tokens: int
    threads: int
    memory_bytes: int
    reading_rate: float
    adapters: tuple[str, ...]


class LocalEngine:
    """Thread-safe. One process of llama.cpp; get it from `of`, which gives everyone the same."""

    _all: ClassVar[dict[EngineSpec, LocalEngine]] = {}
    _all_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, spec: EngineSpec) -> None:
        self.spec = spec
        self.error: WeightsError | None = None
        self.threads = spec.threads or cores()
        self._key = secrets.token_urlsafe(32)
        self._process: EngineProcess | None = None
        self._lock = threading.Lock()
        self._loading = False
        self._rate: float | None = None
        self.writing_rate: float | None = None  # tokens a second of the last answer, as llama.cpp timed it
        self._asking, self._counting = 0, threading.Lock()
        self._retired = False

    @classmethod
    def of(cls, spec: EngineSpec) -> LocalEngine:
        """The engine of this process for `spec`, not started yet where it is new."""
        with cls._all_lock:
            if not cls._all:
                atexit.register(cls.close_all)
            engine = cls._all.setdefault(spec, cls(spec))
            engine._retired = False
            return engine

    @classmethod
    def close_all(cls) -> None:
        """Stops every engine; they start again when asked."""
        with cls._all_lock:
            engines = list(cls._all.values())
        for engine in engines:
            engine.close()

    @property
    def state(self) -> EngineState:
        """For the page; never waits."""
        if self._loading:
            return "loading"
        if self._process is not None and self._process.alive:
            return "ready"
        return "failed" if self.error is not None else "stopped"

    def start(self) -> None:
        """Loads the model unless it is loaded; a second caller waits for the first. Raises WeightsError."""
        with self._lock:
            if self._process is not None:
                if self._process.alive:
                    return
                self._process.stop()
            self._loading, self.error = True, None
            try:
                self._check_memory()
                self._process = EngineProcess(self._settings(), self.spec.model)
            except WeightsError as error:
                self.error = error
                raise
            finally:
                self._loading = False

    def close(self) -> None:
        """Stops the process and frees its memory; the next request starts it again."""
        with self._lock:
            if self._process is not None:
                self._process.stop()
            self._process, self.error = None, None

    def address(self) -> tuple[httpx.URL, dict[str, str]]:
        """Where the engine listens, and the headers that let us in. Starts it; raises WeightsError."""
        self.start()
        process = self._process
        if process is None:
            raise BackendError(backend=NAME, detail="its engine was closed while it was asked")
        return httpx.URL(process.url), {"Authorization": f"Bearer {self._key}"}

    def tokenize(self, text: str) -> list[int]:
        """The model's own token ids of `text`, without special tokens around it."""
        tokens: list[int] = self._post("/tokenize", {"content": text})["tokens"]
        return tokens

    def count_tokens(self, text: str) -> int:
        """Length of `text` in the model's tokens."""
        return len(self.tokenize(text))

    def lora(self, adapter: Path | None, scale: float = 1.0) -> dict[str, Any]:
        """Request fields that have `adapter` weigh `scale`, in its own slot; None for the model without one.

        Raises ValueError for an adapter that the engine does not hold.
        """
        if not self.spec.adapters:
            return {"lora": []}
        if adapter is None:
            return {"lora": [], "id_slot": 0}
        place = self.spec.adapters.index(adapter)
        return {"lora": [{"id": place, "scale": scale}], "id_slot": 1 + place}

    def warm(
        self,
        messages: Sequence[Message],
        cancel: threading.Event | None = None,
        fields: Mapping[str, Any] | None = None,
    ) -> bool:
        """Reads `messages` so that a prompt that begins alike is answered at once; blocks until read.

        fields: further ones of the request, as `lora` gives them.

        Gives way within one step of reading when `cancel` is set or someone asks a real question; what was read by then
        is kept. Returns whether all of it was read.
        """
        from models.engines.warming import read_ahead

        def overtaken() -> bool:
            return self._asking > 0 or (cancel is not None and cancel.is_set())

        url, headers = self.address()
        try:
            done = asyncio.run(read_ahead(url, headers, {"messages": list(messages), **(fields or {})}, overtaken))
        except httpx.HTTPError as error:
            raise self.lost(error) from error
        if done is not None:
            self.observe(done)
        return done is not None

    @contextmanager
    def asking(self) -> Iterator[None]:
        """`with engine.asking():` around a real request, which reading ahead gives way to."""
        with self._counting:
            self._asking += 1
        try:
            yield
        finally:
            with self._counting:
                self._asking -= 1
                ended = self._retired and not self._asking
            if ended:
                threading.Thread(target=self.close, name="coursemate-llama-end").start()

    def retire(self) -> None:
        """Ends the process once the answers under way are done; a later request starts it for itself."""
        with self._counting:
            self._retired = True
            idle = not self._asking
        if idle:
            self.close()

    def observe(self, timings: Mapping[str, Any]) -> None:
        """Learns the rates from llama.cpp's own timings of a request."""
        if timings.get("predicted_n", 0) > 1:
            self.writing_rate = float(timings["predicted_per_second"])
        if timings.get("prompt_n", 0) >= LEAST_MEASURED_TOKENS:
            rate = float(timings["prompt_per_second"])
            self._rate = rate if self._rate is None else 0.7 * self._rate + 0.3 * rate

    @property
    def reading_rate(self) -> float:
        """Prompt tokens a second: what this engine did lately, before that a guess from its size and cores."""
        if self._rate is not None:
            return self._rate
        return GUESSED_RATE * self.threads / max(1, self.spec.model.stat().st_size)

    def info(self) -> EngineInfo:
        """Facts for the page and `doctor`; starts nothing."""
        memory = self._process.memory_bytes if self._process is not None else 0
        names = tuple(path.stem for path in self.spec.adapters)
        spec = self.spec
        return EngineInfo(
            spec.model.stem, spec.model, spec.context_tokens, self.threads, memory, self.reading_rate, names
        )

    def idle(self) -> bool:
        """Whether llama.cpp works on nothing right now."""
        url, headers = self.address()
        try:
            slots = (
                httpx.get(url.join("/slots"), headers=headers, timeout=60.0, trust_env=False).raise_for_status().json()
            )
        except httpx.HTTPError as error:
            raise self.lost(error) from error
        return not any(slot["is_processing"] for slot in slots)

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        url, headers = self.address()
        try:
            return (
                httpx.post(url.join(path), json=body, headers=headers, timeout=60.0, trust_env=False)
                .raise_for_status()
                .json()
            )
        except httpx.HTTPError as error:
            raise self.lost(error) from error

    def lost(self, error: Exception) -> BackendError:
        """The error to raise where the engine did not answer: why it ended, if it did."""
        end = self._process.end() if self._process is not None else None
        return BackendError(backend=NAME, detail=end or f"its engine broke off ({error})")

    def _check_memory(self) -> None:
        if not self.spec.model.is_file():
            raise WeightsError(name=str(self.spec.model), detail="there is no such file; check the path")
        needed = self.spec.model.stat().st_size + WORK_BYTES
        free = psutil.virtual_memory().available
        if free < needed:
            detail = f"it needs about {needed / 1e9:.1f} GB of memory and {free / 1e9:.1f} GB are free; close a program or choose a smaller model"
            raise WeightsError(name=self.spec.model.name, detail=detail)

    def _settings(self) -> dict[str, Any]:
        spec = self.spec
        return {
            "model": str(spec.model),
            "alias": spec.model.stem,
            "adapters": [str(path) for path in spec.adapters],
            "context_tokens": spec.context_tokens,
            "slots": 1 + len(spec.adapters),
            "batch_tokens": spec.batch_tokens,
            "cache_mib": spec.cache_mib,
            "threads": self.threads,
            "api_key": self._key,
        }


def cores() -> int:
    """Physical cores that this process may use."""
    allowed = psutil.Process().cpu_affinity() if hasattr(psutil.Process, "cpu_affinity") else None
    physical = psutil.cpu_count(logical=False) or 1
    return min(physical, len(allowed)) if allowed else physical

"""One local model over one ingested home, with a fixed packing budget: what calibration and benchmarks run on.

The app's wiring is for people (settings, keys, background start); this is for figures that must repeat.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from chains.calibration import load
from chains.manner import USUAL, Manner
from chains.prepare import Prepared, Preparer
from chains.prompts import answer_messages
from chains.rag import RagEngine
from chains.retrieve import CourseRetriever
from ingest.store import ChunkStore
from models.backends.base import BackendConfig
from models.backends.local import BACKEND
from models.embedders.e5 import EMBEDDER
from models.engines.llama import LocalEngine
from models.types import Usage


class OneModel:
    """chains.rag.Models with a single local model."""

    def __init__(self, config: BackendConfig) -> None:
        self._config, self._model = config, BACKEND.build(config)
        self.engine = BACKEND.engine(config)

    def names(self) -> Sequence[str]:
        return ("local",)

    def model(self, backend: str, adapter: str | None = None, strength: float | None = None) -> BaseChatModel:
        return self._model

    def manner(self, backend: str, adapter: str | None = None) -> Manner:
        return USUAL

    def hold(self, backend: str, adapters: Sequence[str]) -> None:
        """It has one model."""

    def model_name(self, backend: str) -> str:
        return self._config.model

    def engine_of(self, backend: str) -> LocalEngine:
        return self.engine

    def reading_rate(self, backend: str) -> float | None:
        return self.engine.reading_rate

    def warm(self, backend: str, messages: Sequence[BaseMessage], cancel: threading.Event) -> None:
        self._model.warm(messages, cancel)  # type: ignore[attr-defined]

    def cost_usd(self, backend: str, usage: Usage) -> float | None:
        return 0.0


@dataclass(frozen=True, slots=True)
class Bench:
    """engine answers; preparer retrieves; models.engine is the llama.cpp engine."""

    engine: RagEngine
    preparer: Preparer
    models: OneModel

    def draft(self, prepared: Prepared) -> str:
        """The model's unchecked answer."""
        return self.models.model("local").invoke(answer_messages(prepared.variables())).text


@contextmanager
def open_bench(home: Path, model: str, collection: str = "course") -> Iterator[Bench]:
    """Opens the home's collection for reading and starts the model; closes both."""
    embedder = EMBEDDER.build("", home / "weights")
    with ChunkStore.open(home / "collections" / collection, embedder, collection) as store:
        retriever = CourseRetriever(store=store, embedder=embedder, dense_weight=load().dense_weight)
        models = OneModel(BackendConfig(weights_dir=home / "weights", model=model, max_tokens=256))
        models.engine.start()
        try:
            yield Bench(RagEngine(retriever, models), Preparer(retriever, load()), models)
        finally:
            models.engine.close()

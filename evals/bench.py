"""One local model over one ingested home, with a fixed packing budget: what calibration and benchmarks run on.

The app's wiring is for people (settings, keys, background start); this is for figures that must repeat.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from chains.calibration import load
from chains.manner import USUAL, Manner, calibration_beside
from chains.prepare import Prepared, Preparer
from chains.rag import RagEngine
from chains.retrieve import CourseRetriever
from chains.templates import find
from ingest.store import ChunkStore
from models.backends.base import BackendConfig
from models.backends.local import BACKEND
from models.embedders.e5 import EMBEDDER
from models.engines.llama import LocalEngine
from models.types import Usage

GGUF = "adapter.gguf"


class OneModel:
    """chains.rag.Models with a single local model."""

    def __init__(self, config: BackendConfig, manner: Manner = USUAL) -> None:
        self._config, self._model, self._manner = config, BACKEND.build(config), manner
        self.engine = BACKEND.engine(config)

    def names(self) -> Sequence[str]:
        return ("local",)

    def model(self, backend: str, adapter: str | None = None, strength: float | None = None) -> BaseChatModel:
        return self._model

    def manner(self, backend: str, adapter: str | None = None) -> Manner:
        return self._manner

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
        template = find(self.models.manner("local").prompt)
        return self.models.model("local").invoke(template.messages(prepared.variables())).text


def _manner(adapter: Path) -> Manner:
    """How the adapter wants to be asked."""
    prompt = json.loads((adapter / "serving.json").read_text(encoding="utf-8"))["prompt"]
    own = adapter / "calibration.toml"
    return Manner(prompt, calibration_beside(own) if own.is_file() else None, adapter.name)


@contextmanager
def open_bench(
    home: Path, model: str, adapter: Path | None = None, weights: Path | None = None, collection: str = "course"
) -> Iterator[Bench]:
    """Opens the home's collection for reading and starts the model; closes both. adapter: its folder (docs/adapters.md).

    weights: where they lie, None for HOME/weights.
    """
    weights = weights or home / "weights"
    embedder = EMBEDDER.build("", weights)
    with ChunkStore.open(home / "collections" / collection, embedder, collection) as store:
        retriever = CourseRetriever(store=store, embedder=embedder, dense_weight=load().dense_weight)
        gguf = str(adapter / GGUF) if adapter else ""
        config = BackendConfig(weights_dir=weights, model=model, adapter=gguf, max_tokens=256)
        models = OneModel(config, _manner(adapter) if adapter else USUAL)
        models.engine.start()
        try:
            yield Bench(RagEngine(retriever, models), Preparer(retriever, load()), models)
        finally:
            models.engine.close()

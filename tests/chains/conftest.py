"""A small collection of the shipped course behind a real engine: real store, Kiwi and tantivy, models without weights."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage

from chains.manner import Manner
from chains.rag import RagEngine
from chains.retrieve import CourseRetriever
from ingest.base import Limits
from ingest.pipeline import ingest
from ingest.store import ChunkStore
from models.backends.base import BackendConfig
from models.backends.fake import BACKEND
from models.embedders.fake import EMBEDDER
from models.types import Usage

COURSE = Path(__file__).parent.parent.parent / "data" / "course"
CHAPTERS = ("06-mlp-overfitting.md", "07-cnn.md", "15-finetuning.md")


class FakeModels:
    """chains.rag.Models: `fake` behaves as the options say, `other` always well. `warmed` keeps what was read ahead."""

    def __init__(self, options: Mapping[str, str], folder: Path) -> None:
        self._models = {
            "fake": BACKEND.build(BackendConfig(weights_dir=folder, options=options)),
            "other": BACKEND.build(BackendConfig(weights_dir=folder)),
        }
        self.warmed: list[Sequence[BaseMessage]] = []
        self.asked: list[str] = []

    def names(self) -> Sequence[str]:
        return ("fake", "other")

    def model(self, backend: str) -> BaseChatModel:
        self.asked.append(backend)
        return self._models[backend]

    def manner(self, backend: str, adapter: str | None = None) -> Manner:
        return Manner()

    def model_name(self, backend: str) -> str:
        return "quote"

    def reading_rate(self, backend: str) -> float | None:
        return 75.0

    def warm(self, backend: str, messages: Sequence[BaseMessage], cancel: threading.Event) -> None:
        self.warmed.append(messages)

    def cost_usd(self, backend: str, usage: Usage) -> float | None:
        return 0.0


@pytest.fixture(scope="session")
def chapters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChunkStore]:
    """Three chapters of the course, ingested once."""
    folder = tmp_path_factory.mktemp("chapters")
    embedder = EMBEDDER.build("", folder)
    with ChunkStore.open(folder / "course", embedder, write=True) as store:
        reports = list(ingest([COURSE / name for name in CHAPTERS], store, Limits()))
        assert {report.status for report in reports} == {"added"}
        yield store


@pytest.fixture
def retriever(chapters: ChunkStore) -> CourseRetriever:
    assert chapters.embedder is not None
    return CourseRetriever(store=chapters, embedder=chapters.embedder)


@pytest.fixture
def engine_of(retriever: CourseRetriever, tmp_path: Path) -> Callable[..., tuple[RagEngine, FakeModels]]:
    """An engine whose model behaves as the fake backend's options say."""

    def build(**options: str) -> tuple[RagEngine, FakeModels]:
        models = FakeModels(options, tmp_path)
        return RagEngine(retriever, models), models

    return build

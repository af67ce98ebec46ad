"""What the page needs from the rest of the application, and nothing more. app/wiring.py builds the real one.

Everything here may be called from any thread. `status` and `settings` never wait; `engine` and `store` do, until the
background loading has finished, and raise the CourseMateError it ended with.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from ingest.base import Limits
from models.errors import CourseMateError
from models.types import Chunk, Event, Turn

Speed = Literal["fast", "normal", "thorough"]
SPEEDS: tuple[Speed, ...] = ("fast", "normal", "thorough")
Step = Literal["", "weights", "embedder", "store", "course", "model"]


@dataclass(frozen=True, slots=True)
class Status:
    """How far the start has come. step: what is being done now, for people; error: why it failed.

    done, total: files of the shipped course that the first start ingests (step course), megabytes of weights that are
    fetched (step weights), else 0.
    """

    state: Literal["starting", "ready", "failed"]
    step: Step = ""
    error: CourseMateError | None = None
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class BackendInfo:
    """A backend as people see it. missing: None where it can answer now, else what it lacks and how to get it."""

    name: str
    label: str
    label_ko: str
    model: str
    missing: str | None = None
    key_variable: str | None = None
    has_key: bool = False


@dataclass(frozen=True, slots=True)
class DoctorLine:
    """One finding of `coursemate doctor`."""

    name: str
    value: str
    ok: bool = True


class Document(Protocol):
    """A row of the library; ingest.store.DocumentRecord is one."""

    id: str
    source: str
    format: str
    size_bytes: int
    chunks: int
    added_at: str
    title: str


class Store(Protocol):
    """The part of ingest.store.ChunkStore that the page reads."""

    def documents(self) -> Sequence[Any]: ...
    def chunks_of(self, document_id: str) -> Sequence[Chunk]: ...


class Engine(Protocol):
    """chains.rag.RagEngine. options: chains.rag.AskOptions."""

    def stream(self, question: str, history: Sequence[Turn] = (), options: Any = ...) -> Iterator[Event]: ...
    def read_ahead(self, draft: str, history: Sequence[Turn], options: Any) -> None: ...


class AppContext(Protocol):
    """The application as the page sees it."""

    home: Path
    settings: Any  # app.settings.Settings; the page reads language, speed, backend, model, base_url …

    def start(self) -> None:
        """Begin to load everything in the background; returns at once."""

    def status(self) -> Status: ...
    def wait_ready(self, timeout_s: float) -> bool:
        """Whether loading has ended, well or badly, within the time."""

    def engine(self) -> Engine: ...
    def summarizer(self) -> Any:
        """chains.summarize.Summarizer, ready to use."""

    def store(self) -> Store: ...
    def course_files(self) -> Sequence[Path]:
        """The documents of the course that ships with CourseMate."""

    def agent(self) -> Any:
        """chains.agent.Agent, ready to use."""

    def limits(self) -> Limits: ...
    def ask_options(
        self,
        *,
        backend: str = "",
        speed: Speed | None = None,
        documents: Sequence[str] = (),
        thread: str = "",
        cancel: threading.Event | None = None,
    ) -> Any:
        """chains.rag.AskOptions as the settings have it; "" and None take what they say. Raises InputError."""

    def ingest(self, paths: Sequence[Path], progress: Callable[[Any], None] | None = None) -> Iterator[Any]:
        """ingest.pipeline.FileReport a file, one writer at a time; progress gets ingest.pipeline.IngestProgress."""

    def remove_documents(self, document_ids: Sequence[str]) -> int: ...

    def backends(self) -> Sequence[BackendInfo]: ...
    def set_key(self, backend: str, key: str, save: bool) -> None:
        """Keep a key in memory, and in HOME/keys.toml (0600) where `save`; "" forgets it in both."""

    def weights(self) -> Any:
        """models.fetch.WeightsStore."""

    def change_settings(self, **values: Any) -> None:
        """Validate, apply and write to HOME/settings.toml. Raises ConfigError; nothing changes then."""

    def doctor(self) -> Sequence[DoctorLine]: ...

"""Builds the application from its settings: each part once, when first asked for, from any thread.

    wiring = Wiring(load(), keys)
    wiring.engine().ask("드롭아웃은 왜 쓰나요?")

Weights that a part needs and that are not there yet are fetched on the way (`on_pull` is told), unless `offline` is set.
The page starts everything in the background with `start` (app/startup.py); a command asks for what it needs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.backend_pool import BackendPool
from app.course import course_files
from app.keys import Keys
from app.local_model import EMBEDDER_WEIGHTS, choose
from app.once import Once
from app.settings import Settings, load, save
from app.startup import Startup
from app.ui.context import BackendInfo, DoctorLine, Speed, Status
from ingest.base import Limits
from models.discovery import discover
from models.embedders.base import Access, Embedder
from models.errors import ConfigError

if TYPE_CHECKING:
    from chains.agent import Agent
    from chains.calibration import Calibration
    from chains.rag import AskOptions, RagEngine
    from chains.retrieve import CourseRetriever
    from chains.summarize import Summarizer
    from ingest.pipeline import FileReport, IngestProgress
    from ingest.store import ChunkStore, DocumentRecord
    from models.fetch import Progress, WeightsStore

RETRIEVAL_SETTINGS = {
    "weights",
    "offline",
    "threads",
    "collection",
    "embedder",
    "embedder_model",
    "embedder_url",
    "reranker",
    "dense_weight",
    "candidates",
    "refusal_threshold",
}
IngestListener = Callable[["IngestProgress"], None]
PullListener = Callable[["Progress"], None]


class Wiring:
    """The application. `settings` is replaced, never changed; parts built from an older one are dropped."""

    def __init__(self, settings: Settings, keys: Keys, on_pull: PullListener | None = None) -> None:
        self.settings, self.keys, self.home = settings, keys, settings.home
        self._on_pull = on_pull or (lambda progress: None)
        self._changing, self._writing = threading.RLock(), threading.Lock()
        self._weights: Once[WeightsStore] = Once(self._build_weights)
        self._embedder: Once[Embedder] = Once(self._build_embedder)
        self._store: Once[ChunkStore] = Once(self._build_store)
        self._retriever: Once[CourseRetriever] = Once(self._build_retriever)
        self._engine: Once[RagEngine] = Once(self._build_engine)
        self.pool = BackendPool(lambda: self.settings, keys, self.local_model, self._ensure_model)
        self._startup = Startup(self)

    # Parts

    def weights(self) -> WeightsStore:
        return self._weights.get()

    def embedder(self) -> Embedder:
        return self._embedder.get()

    def store(self) -> ChunkStore:
        """The collection, for reading. Waits for the background start where one runs."""
        self._startup.wait()
        return self._store.get()

    def retriever(self) -> CourseRetriever:
        return self._retriever.get()

    def engine(self) -> RagEngine:
        """Waits for the background start where one runs, and begins it again where it had failed: the cause may be gone.

        Raises the error that the building ends with.
        """
        if self.status().state == "failed":
            self._startup.begin()
        self._startup.wait()
        return self._engine.get()

    def summarizer(self) -> Summarizer:
        """What summarises documents; drafts of finished parts are kept in HOME/summaries, so that a summary can go on."""
        from chains.summaries.kept import KeptDrafts
        from chains.summarize import Summarizer

        self._startup.wait()
        return Summarizer(self.retriever(), self.pool, drafts=KeptDrafts(self.home / "summaries"))

    def agent(self) -> Agent:
        """Over this home's collection; it remembers its conversations in HOME/agent.sqlite."""
        from chains.agent import Agent

        return Agent(self.engine(), self.retriever(), self.home / "agent.sqlite", self._calibration())

    def _build_weights(self) -> WeightsStore:
        from models.fetch import WeightsStore

        return WeightsStore(self.settings.weights_dir, offline=self.settings.offline)

    def _build_embedder(self) -> Embedder:
        settings = self.settings
        sources = {source.name: source for source in discover("models.embedders", "EMBEDDER").values()}
        if settings.embedder not in sources:
            detail = f"choose one of {', '.join(sources)}"
            raise ConfigError(key="embedder", value=settings.embedder, detail=detail)
        if settings.embedder == "e5" and settings.embedder_model in {"", EMBEDDER_WEIGHTS}:
            self._ensure(EMBEDDER_WEIGHTS)
        source = sources[settings.embedder]
        access = Access(self.keys.get(getattr(source, "key_variable", None)), settings.embedder_url)
        embedder: Embedder = source.build(settings.embedder_model, settings.weights_dir, settings.threads, access)
        return embedder

    def _build_store(self) -> ChunkStore:
        return self.open_store(embedder=self.embedder())

    def _build_retriever(self) -> CourseRetriever:
        from chains.calibration import load as load_calibration
        from chains.rerank import Reranker
        from chains.retrieve import CourseRetriever

        settings, weight = self.settings, self.settings.dense_weight
        return CourseRetriever(
            store=self._store.get(),
            embedder=self.embedder(),
            dense_weight=load_calibration().dense_weight if weight is None else weight,
            pool=settings.candidates,
            reranker=Reranker(settings.reranker) if settings.reranker else None,
        )

    def _build_engine(self) -> RagEngine:
        from chains.rag import RagEngine

        return RagEngine(self.retriever(), self.pool, self._calibration())

    def _calibration(self) -> Calibration:
        """The fitted one, with the threshold of the settings where they have one."""
        from chains.calibration import load as load_calibration

        calibration, threshold = load_calibration(), self.settings.refusal_threshold
        if threshold is None:
            return calibration
        return replace(calibration, answerable=replace(calibration.answerable, threshold=threshold))

    # Weights

    def local_model(self) -> str:
        """Catalogue name, path or hub id of the model behind `local`, there or not: where none is set, the one that the adapter
        of the settings was made for."""
        settings = self.settings
        return settings.model or self.pool.adapters.model_of(settings.adapter) or choose(settings, self.weights())

    def _ensure_model(self, name: str) -> None:
        if not name.endswith(".gguf"):
            self._ensure(name)

    def default_weights(self) -> tuple[str, ...]:
        """What the default use needs on this machine, by catalogue name."""
        return (EMBEDDER_WEIGHTS, self.local_model())

    def pull(self, name: str, progress: PullListener | None = None) -> Path:
        """Fetches weights unless they are there. Raises WeightsError, InputError for an unknown name."""
        return self.weights().pull(name, progress or self._on_pull)

    def _ensure(self, name: str) -> None:
        if self.weights().path(name) is None:
            self.pull(name, self._told)

    def _told(self, progress: Progress) -> None:
        self._startup.fetching(progress)
        self._on_pull(progress)

    # Work

    def ingest(self, paths: Sequence[Path], progress: IngestListener | None = None) -> Iterator[FileReport]:
        """A report a file as each is done; one writer at a time in this process. Raises StoreError."""
        from ingest.pipeline import ingest
        from ingest.split import SplitOptions

        options = SplitOptions(self.settings.chunk_tokens, self.settings.chunk_overlap)
        with self._writing, self.open_store(write=True, embedder=self.embedder()) as store:
            yield from ingest(paths, store, self.settings.limits, progress, options)

    def remove_documents(self, document_ids: Sequence[str]) -> int:
        """How many were removed. Needs no weights."""
        with self._writing, self.open_store(write=True) as store:
            return store.remove(document_ids)

    def documents(self) -> list[DocumentRecord]:
        """What the collection holds, by source. Needs no weights."""
        with self.open_store() as store:
            return store.documents()

    def reindex(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Embeds every chunk with the embedder of the settings; how many there are. progress: chunks done, in all."""
        embedder = self.embedder()
        with self._writing, self.open_store(write=True) as store:
            return store.reindex(embedder, progress)

    def open_store(self, write: bool = False, collection: str = "", embedder: Embedder | None = None) -> ChunkStore:
        """A collection of its own to close. embedder: where something is embedded or searched by vectors."""
        from ingest.store import ChunkStore

        name = collection or self.settings.collection
        return ChunkStore.open(self.settings.collections_dir / name, embedder, name, write=write)

    def limits(self) -> Limits:
        return self.settings.limits

    def ask_options(
        self,
        *,
        backend: str = "",
        speed: Speed | None = None,
        documents: Sequence[str] = (),
        thread: str = "",
        cancel: threading.Event | None = None,
    ) -> AskOptions:
        """chains.rag.AskOptions; "" takes what the settings say. thread: names the conversation.

        The settings' amounts of evidence hold for their own backend and speed; another one has its own.
        Raises InputError for an unknown backend.
        """
        from chains.rag import AskOptions
        from chains.streaming import StreamLimits
        from ingest.store import Scope

        name = self.pool.backend(backend or self.settings.backend).name
        tuned = name == self.settings.backend and speed in (None, self.settings.speed)
        return AskOptions(
            backend=name,
            speed=speed or self.settings.speed,
            tokens=self.settings.evidence_tokens or None if tuned else None,
            pool=self.settings.evidence_chunks or None if tuned else None,
            prompt=self.settings.prompt,
            scope=Scope(documents=frozenset(documents)) if documents else None,
            cancel=cancel,
            thread=thread,
            fallbacks=tuple(other for n in self.settings.fallbacks if (other := self.pool.backend(n).name) != name),
            limits=StreamLimits(first_s=2 * self.settings.timeout_s, between_s=self.settings.timeout_s),
        )

    # The page's view, see app/ui/context.py

    def start(self) -> None:
        """Loads everything in the background: weights, embedder, store, the shipped course on the first start, the model."""
        self._startup.begin()

    def status(self) -> Status:
        return self._startup.status

    def wait_ready(self, timeout_s: float) -> bool:
        return self._startup.ended(timeout_s)

    def backends(self) -> list[BackendInfo]:
        return self.pool.infos()

    def set_key(self, backend: str, key: str, save: bool) -> None:
        """Raises InputError where the backend takes no key."""
        self.keys.enter(self.pool.key_variable(backend), key, save)
        self.pool.drop(backend)

    def change_settings(self, **values: Any) -> None:
        """Checked, stored, in force. Raises ConfigError; nothing has changed then."""
        with self._changing:
            self._replace(save(self.settings, values))

    def choose(self, **values: Any) -> None:
        """Settings for this process alone; None leaves one as it is. Raises ConfigError."""
        with self._changing:
            given = {name: value for name, value in values.items() if value is not None}
            in_force = {name: getattr(self.settings, name) for name in self.settings.model_fields_set - {"home"}}
            self._replace(load(self.home, **{**in_force, **given}))

    def _replace(self, settings: Settings) -> None:
        changed = {name for name in Settings.model_fields if getattr(settings, name) != getattr(self.settings, name)}
        self.settings = settings
        if changed & RETRIEVAL_SETTINGS:
            for part in (self._weights, self._embedder, self._store, self._retriever, self._engine):
                part.drop()
        if changed - {"language", "speed", "backend", "limits", "adapter_scale"}:
            self.pool.drop()

    def doctor(self) -> list[DoctorLine]:
        from app.doctor import examine

        return [finding.line(self.settings.language) for finding in examine(self)]

    def course_files(self) -> list[Path]:
        """The notes of the course that ships with CourseMate."""
        return course_files()

    def close(self) -> None:
        """Ends the engines and closes the store."""
        self.pool.drop()
        self._store.drop()

"""What is evaluated: a system turns a case into an outcome, and its fingerprint names everything that may change one.

EngineSystem(engine, AskOptions(backend="local", tokens=160), "local", fingerprint({…}))
RetrievalSystem(retriever, k=10, fingerprint({…}))
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from chains.rag import AskOptions, RagEngine
from evals.base import Case, Outcome
from models.types import Answer, Done

if TYPE_CHECKING:
    from chains.retrieve import CourseRetriever
    from ingest.store import ChunkStore

ENGINE_PACKAGES = ("chains", "ingest", "models")
ENGINE_SUFFIXES = {".py", ".toml", ".txt", ".tsv"}


class System(Protocol):
    """name: unique in a run, as people read it. fingerprint: hex digest of all that changes an outcome; equal ones share
    answers. workers: questions asked at once. about: what a report says of it, e.g. {"model": "qwen2.5-coder-1.5b"}.
    """

    name: str
    fingerprint: str
    workers: int
    about: Mapping[str, str]

    def answer(self, case: Case, cancel: threading.Event) -> Outcome:
        """Called from up to `workers` threads. Raises CourseMateError; an outcome that `cancel` cut short is thrown away."""

    def close(self) -> None:
        """Gives back what was started for it; called once its questions are done."""


@dataclass(slots=True)
class EngineSystem:
    """A backend behind the whole engine: retrieval, packing, the model, the check of its answer."""

    engine: RagEngine
    options: AskOptions
    name: str
    fingerprint: str
    workers: int = 1
    about: Mapping[str, str] = field(default_factory=dict)
    on_close: Callable[[], None] = lambda: None

    def answer(self, case: Case, cancel: threading.Event) -> Outcome:
        options = replace(self.options, cancel=cancel)
        prepared = self.engine.prepare(case.question, (), options)
        answer: Answer | None = None
        for event in self.engine.answer(prepared, options):
            if isinstance(event, Done):
                answer = event.answer
        return Outcome(answer, prepared.hits, prepared.passages)

    def close(self) -> None:
        self.on_close()


@dataclass(slots=True)
class RetrievalSystem:
    """The search alone: no model, no packing. k: hits in the ranking."""

    retriever: CourseRetriever
    k: int
    fingerprint: str
    name: str = "retrieval"
    workers: int = 1
    about: Mapping[str, str] = field(default_factory=dict)

    def answer(self, case: Case, cancel: threading.Event) -> Outcome:
        return Outcome(None, self.retriever.search(case.question, self.k).hits)

    def close(self) -> None:
        """Nothing was started."""


def fingerprint(parts: Mapping[str, Any]) -> str:
    """32 hex digits over JSON-ready parts, whatever their order."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def engine_digest() -> str:
    """Of the engine's own source, calibration and prompts: a changed line may change an answer."""
    digest = hashlib.sha256()
    for package in ENGINE_PACKAGES:
        root = Path(str(files(package)))
        for path in sorted(path for path in root.rglob("*") if path.suffix in ENGINE_SUFFIXES):
            digest.update(f"{package}/{path.relative_to(root).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:32]


def collection_digest(store: ChunkStore) -> str:
    """Of what a collection holds and how it was embedded: the same documents give the same digest in every home."""
    documents = sorted((d.source, d.sha256, d.chunks) for d in store.documents())
    return fingerprint({"documents": documents, "embedder": store.catalog.meta().get("embedder", "")})


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, or over all files of a folder."""
    paths = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
    digest = hashlib.sha256()
    for part in paths:
        digest.update(part.name.encode())
        with part.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()

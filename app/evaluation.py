"""Systems to evaluate, from the settings in force: each backend, prompt and adapter with the fingerprint of its answers.

cases, left_out = split(load_cases([path]), wiring)
run(cases, systems(wiring, [Contender("local")]), folder, options=RunOptions(cache=cache_dir(wiring)))
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.startup import COURSE_COLLECTION
from models.errors import MissingError

if TYPE_CHECKING:
    from app.wiring import IngestListener, Wiring
    from chains.compare import Contender
    from evals.base import Case
    from evals.judge import Judge
    from evals.systems import System

REMOTE_WORKERS = 4
RANKED = 10  # hits of a ranking where only retrieval is evaluated
IRRELEVANT = {  # settings that change no answer; the models' own are told for each system
    *(
        "home",
        "weights",
        "collection",
        "language",
        "limits",
        "offline",
        "prices",
        "threads",
        "timeout_s",
        "max_retries",
    ),
    *("backend", "fallbacks", "model", "adapter", "hf_model", "openai_model", "gemini_model", "compatible_model"),
    *("base_url", "speed", "embedder_url"),
}


def cache_dir(wiring: Wiring) -> Path:
    """Where answers are kept for all runs of a home."""
    return wiring.home / "evals" / "cache"


def add_course_to_empty(wiring: Wiring, progress: IngestListener | None = None) -> None:
    """The shipped course, where the default collection is still empty; nothing anywhere else. Raises StoreError."""
    if wiring.settings.collection == COURSE_COLLECTION and not wiring.documents():
        for _ in wiring.ingest(wiring.course_files(), progress):
            pass


def absent_documents(cases: Sequence[Case], wiring: Wiring) -> dict[str, list[str]]:
    """Gold documents that the collection lacks -> ids of the answerable cases that need them, in the set's order."""
    held = {unicodedata.normalize("NFC", document.source) for document in wiring.documents()}
    absent: dict[str, list[str]] = {}
    for case in cases:
        for name in case.documents if case.answerable else ():
            if unicodedata.normalize("NFC", name) not in held:
                absent.setdefault(name, []).append(case.id)
    return absent


def systems(wiring: Wiring, contenders: Sequence[Contender], tokens: int | None = None) -> list[System]:
    """Loads no model yet. tokens: of evidence for models on this machine; None for what a slow machine reads at the speed of
    the settings, so that figures repeat on every machine. Raises MissingError, InputError.
    """
    return [_system(wiring, contender, tokens) for contender in contenders]


def retrieval(wiring: Wiring, k: int = RANKED) -> System:
    """The search alone."""
    from evals.systems import RetrievalSystem, fingerprint

    return RetrievalSystem(wiring.retriever(), k, fingerprint({**_shared(wiring), "k": k}))


def _system(wiring: Wiring, contender: Contender, tokens: int | None) -> System:
    from chains.budget import LEAST_TOKENS
    from evals.systems import EngineSystem, fingerprint

    backend, name = wiring.pool.backend(contender.backend), contender.backend
    here = backend.key_variable is None
    lacking = None if name == "local" else backend.missing(wiring.pool.config(name))
    if lacking:
        raise MissingError(what=backend.label, fix=lacking)
    budget = (tokens or LEAST_TOKENS[wiring.settings.speed]) if here else None
    options = replace(
        wiring.ask_options(backend=name),
        prompt=contender.wanted,
        adapter=contender.adapter,
        tokens=budget,
        fallbacks=(),
    )
    identity = {
        **_shared(wiring),
        **_model(wiring, contender),
        "speed": wiring.settings.speed,
        "prompt": wiring.engine().template(options).to_dict(),
        "check": _check(wiring, contender),
        "tokens": budget,
    }
    return EngineSystem(
        wiring.engine(),
        options,
        contender.label(),
        fingerprint(identity),
        workers=1 if here else REMOTE_WORKERS,
        about={"backend": name, "model": wiring.pool.model_name(name), "speed": wiring.settings.speed}
        | ({"tokens": str(budget)} if budget else {}),
    )


def _shared(wiring: Wiring) -> dict[str, Any]:
    """What every system's answers rest on: the engine, the settings, the documents."""
    from evals.outcomes import VERSION
    from evals.systems import collection_digest, engine_digest

    settings = {k: v for k, v in wiring.settings.model_dump(mode="json").items() if k not in IRRELEVANT}
    digests = {"engine": engine_digest(), "collection": collection_digest(wiring.store())}
    return {"version": VERSION, "settings": settings, **digests}


def _model(wiring: Wiring, contender: Contender) -> dict[str, Any]:
    """Weights by their bytes, where they lie here; a provider's model by name and address."""
    from evals.systems import file_digest

    config = wiring.pool.config(contender.backend)
    identity: dict[str, Any] = {"backend": contender.backend, "model": wiring.pool.model_name(contender.backend)}
    identity["base_url"] = config.base_url
    placed = Path(wiring.pool.config(contender.backend, contender.adapter).adapter)
    if contender.adapter:
        identity["strength"] = wiring.pool.adapters.strength(contender.adapter)
    for what, path in (("weights", _weights(wiring, contender)), ("adapter", placed)):
        identity[what] = file_digest(path) if path is not None and path.name and path.exists() else str(path)
    return identity


def _check(wiring: Wiring, contender: Contender) -> str:
    """Thresholds of the adapter's own, where it has some."""
    from chains.calibration import dump

    own = wiring.pool.manner(contender.backend, contender.adapter).calibration
    return dump(own) if own is not None else ""


def _weights(wiring: Wiring, contender: Contender) -> Path | None:
    if contender.backend != "local":
        return None
    name = wiring.local_model()
    if not name.endswith(".gguf"):
        wiring.pull(name)
    return wiring.weights().resolve(name)


def judge(wiring: Wiring, backend: str, cache: Path) -> Judge:
    """A backend that grades answers, see evals/judge.py. Raises MissingError, InputError."""
    from chains.compare import Contender
    from evals.judge import Judge
    from evals.systems import fingerprint

    found = wiring.pool.backend(backend)
    lacking = None if backend == "local" else found.missing(wiring.pool.config(backend))
    if lacking:
        raise MissingError(what=found.label, fix=lacking)
    settings = wiring.settings
    identity = {**_model(wiring, Contender(backend)), "temperature": settings.temperature, "seed": settings.seed}
    return Judge(
        f"{backend} · {wiring.pool.model_name(backend)}",
        fingerprint(identity),
        lambda: wiring.pool.model(backend, ""),
        cache,
        workers=1 if found.key_variable is None else REMOTE_WORKERS,
    )

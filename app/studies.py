"""Study aids over this home's collection: what the command line and the page both do, and the sets that are kept.

    studies = Studies(wiring, home / "study")
    worded = studies.make(Order("quiz", 10), ["06-*.md"])
    kept = studies.keep("", worded.study)

A kept set is one JSON file: the set and what has been answered, so that a quiz goes on after a reload.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from app.question_making import gather
from chains.study.base import Study, study_of
from models.errors import InputError
from models.files import write_atomic

if TYPE_CHECKING:
    from chains.study.bank import Bank
    from chains.study.maker import Order
    from chains.study.wording import Means, Worded

Stage = Literal["reading", "wording"]
Listener = Callable[[Stage, int, int], None]
WRITING_SHARE = 1 / 3  # of the reading rate of a local model
MOST_KEPT = 30  # sets of one reader; the oldest go


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept set. answers: what was given for an item, by its id. made_at: ISO time."""

    name: str
    study: Study
    made_at: str
    answers: Mapping[str, str] = field(default_factory=dict)


class Studies:
    """wiring: app.wiring.Wiring, or the page's view of it. Thread-safe."""

    def __init__(self, wiring: Any, folder: Path) -> None:
        self._wiring, self._folder = wiring, folder
        self._lock = threading.RLock()
        self._bank: tuple[tuple[str, ...], Bank] | None = None

    def make(
        self,
        order: Order,
        wanted: Sequence[str] = (),
        backend: str = "",
        progress: Listener = lambda stage, done, total: None,
        cancel: threading.Event | None = None,
    ) -> Worded:
        """wanted: documents, as app.question_making.gather takes them; backend: that rewords a quiz, "" for none.

        Raises InputError; a backend that fails half-way is told in `Worded.error`.
        """
        from chains.study.maker import make
        from chains.study.wording import Worded, reword

        means = self._means(backend) if backend and order.kind == "quiz" else None
        with self._wiring.open_store() as store, self._lock:
            bank, documents = self._material(store, wanted)
            study = make(bank, documents, order, lambda done, total: progress("reading", done, total), cancel)
        if means is None:
            return Worded(study)
        chunks = {chunk.id: chunk for chunk in bank.chunks}
        return reword(study, chunks, means, lambda done, total: progress("wording", done, total), cancel)

    def seconds(self, backend: str, count: int) -> float | None:
        """How long a backend will take to reword so many items; None where that is not known."""
        from chains.study.wording import TOKENS_READ, TOKENS_WRITTEN

        rate = self._wiring.pool.reading_rate(backend) if backend else None
        return count * (TOKENS_READ / rate + TOKENS_WRITTEN / (rate * WRITING_SHARE)) if rate else None

    def _material(self, store: Any, wanted: Sequence[str]) -> tuple[Bank, Sequence[Sequence[Any]]]:
        """The collection as a bank, which is kept until the collection changes; words are counted by the store's index."""
        from chains.study.bank import Bank

        names = [record.source for record in store.documents()]
        outside = [word for word in wanted if word not in names and not fnmatch.filter(names, word)]
        embedder = self._wiring.embedder() if outside else None  # counts the tokens of files that are not stored
        material = gather(store, embedder, self._wiring.limits(), wanted)
        ids = tuple(chunk.id for chunk in material.everything)
        if self._bank is None or self._bank[0] != ids:
            self._bank = ids, Bank(material.everything)
        self._bank[1].frequencies = store.document_frequencies
        return self._bank[1], material.documents

    def _means(self, backend: str) -> Means:
        from chains.calibration import load
        from chains.ground import Grounder
        from chains.prepare import Preparer
        from chains.study.wording import Means

        calibration, pool = load(), self._wiring.pool
        preparer = Preparer(self._wiring.retriever(), calibration)
        name = pool.backend(backend).name
        return Means(
            pool.model(name),
            name,
            pool.reading_rate(name) is not None,
            lambda passages: Grounder(passages, preparer.vectors, preparer.idf, calibration.support),
            calibration.citation,
            self._wiring.ask_options(backend=name).limits,
        )

    # Kept sets

    def keep(self, owner: str, study: Study) -> Kept:
        """Writes the set; its name is new."""
        kept = Kept(secrets.token_hex(8), study, datetime.now().astimezone().isoformat(timespec="seconds"))
        with self._lock:
            self._write(owner, kept)
            for old in self._files(owner)[MOST_KEPT:]:
                old.unlink(missing_ok=True)
        return kept

    def kept(self, owner: str) -> list[Kept]:
        """All of one reader, the newest first."""
        return [found for path in self._files(owner) if (found := _read(path))]

    def get(self, owner: str, name: str) -> Kept:
        """Raises InputError where there is none of that name."""
        path = self._path(owner, name)
        found = _read(path) if path and path.is_file() else None
        if found is None:
            raise InputError(detail="This set is gone; make a new one", text_key="study.gone")
        return found

    def answer(self, owner: str, name: str, item: str, given: str) -> Kept:
        """Keeps what was answered; the first answer counts. Raises InputError."""
        with self._lock:
            kept = self.get(owner, name)
            if item not in {one.id for one in kept.study.items}:
                raise InputError(detail="This set is gone; make a new one", text_key="study.gone")
            if item not in kept.answers:
                kept = Kept(kept.name, kept.study, kept.made_at, {**kept.answers, item: given[:200]})
                self._write(owner, kept)
            return kept

    def again(self, owner: str, name: str) -> Kept:
        """The set with nothing answered. Raises InputError."""
        with self._lock:
            kept = self.get(owner, name)
            kept = Kept(kept.name, kept.study, kept.made_at)
            self._write(owner, kept)
            return kept

    def delete(self, owner: str, name: str) -> None:
        if path := self._path(owner, name):
            path.unlink(missing_ok=True)

    def _path(self, owner: str, name: str) -> Path | None:
        """A name comes from a browser: anything but one of ours is none."""
        return self._of(owner) / f"{name}.json" if re.fullmatch(r"[0-9a-f]{16}", name) else None

    def _of(self, owner: str) -> Path:
        return self._folder / (hashlib.sha256(owner.encode()).hexdigest()[:16] if owner else "own")

    def _files(self, owner: str) -> list[Path]:
        return sorted(self._of(owner).glob("*.json"), key=lambda path: path.stat().st_ctime_ns, reverse=True)

    def _write(self, owner: str, kept: Kept) -> None:
        path = self._of(owner) / f"{kept.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        values = {"study": kept.study.to_dict(), "made_at": kept.made_at, "answers": dict(kept.answers)}
        write_atomic(path, json.dumps(values, ensure_ascii=False).encode())


def _read(path: Path) -> Kept | None:
    """None for a file that is no set of ours."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Kept(path.stem, study_of(values["study"]), values["made_at"], values["answers"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None

"""Evaluations that run behind the page: one after another, watched from any page, and going on after a restart.

    batches = Batches(home / "runs", work)
    identity = batches.start("kim", Plan(title="기초", …), cases)
    batches.get("kim", identity).done

A batch is a folder, HOME/runs/<id>: batch.json (whose it is, what is asked of whom, how it stands), cases.jsonl (the questions as
they were when it began), and what evals.run writes there. Its answers are kept as they come, so stopping, closing the page or
killing the process costs at most the one on its way.
"""

from __future__ import annotations

import json
import logging
import queue
import re
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from models.errors import CourseMateError, InputError
from models.files import write_atomic

if TYPE_CHECKING:
    from evals.base import Case
    from evals.run import RunProgress

log = logging.getLogger(__name__)

State = Literal["waiting", "running", "stopped", "done", "failed"]
UNFINISHED = frozenset({"waiting", "running"})
CLOSE_S = 5.0
MANIFEST, CASES = "batch.json", "cases.jsonl"
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One system of a batch. template: chains.templates.PromptTemplateText as JSON, as it was when the batch began."""

    name: str
    backend: str
    template: Mapping[str, Any]
    adapter: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is evaluated. questions: name of the set, for people. retrieval: the search alone is a system, too."""

    title: str
    questions: str
    systems: tuple[Asked, ...]
    retrieval: bool = False
    language: str = "ko"
    kind: Literal["batch", "prompts"] = "batch"


@dataclass(frozen=True, slots=True)
class Batch:
    """How a batch stands. done, failed, total: answers of all systems together. eta_s: seconds left; None while unknown.

    error: what ended it, where something did; created: UTC, ISO 8601.
    """

    id: str
    owner: str
    plan: Plan
    state: State
    created: str
    total: int
    done: int = 0
    failed: int = 0
    eta_s: float | None = None
    system: str = ""
    error: CourseMateError | None = None

    @property
    def unfinished(self) -> bool:
        return self.state in UNFINISHED


Listener = Callable[["RunProgress"], None]
Work = Callable[[Plan, Sequence["Case"], Path, Listener, threading.Event], None]


@dataclass(slots=True)
class _Running:
    id: str = ""
    cancel: threading.Event = field(default_factory=threading.Event)


class Batches:
    """The batches of one home, each user's own. work: runs one into its folder; called in a thread of its own, one at a time,
    because two evaluations would slow each other and spoil both times. Raises nothing but what reading the folder raises.
    """

    def __init__(self, folder: Path, work: Work) -> None:
        self._folder, self._work = folder, work
        self._lock = threading.Lock()
        self._batches: dict[str, Batch] = {}
        self._running = _Running()
        self._queue: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closing = False
        for path in sorted(folder.glob(f"*/{MANIFEST}")):
            self._take_up(path)

    def start(self, owner: str, plan: Plan, cases: Sequence[Case]) -> str:
        """Queues a batch; returns its id. Raises InputError where there is nothing to ask or nobody to ask, DiskFull."""
        from evals.questions import save_cases

        count = len(plan.systems) + plan.retrieval
        if not cases or not count:
            detail = "There is nothing to evaluate; choose a question set and at least one system."
            raise InputError(detail=detail, text_key="batch.nothing")
        moment = datetime.now(UTC)
        identity = f"{moment:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
        folder = self._folder / identity
        folder.mkdir(parents=True)
        save_cases(folder / CASES, cases)
        batch = Batch(identity, owner, plan, "waiting", moment.isoformat(timespec="seconds"), len(cases) * count)
        self._keep(batch, new=True)
        self._enqueue(identity)
        return identity

    def all(self, owner: str) -> list[Batch]:
        """Newest first."""
        with self._lock:
            own = [batch for batch in self._batches.values() if batch.owner == owner]
        return sorted(own, key=lambda batch: batch.id, reverse=True)

    def get(self, owner: str, identity: str) -> Batch | None:
        """None where the owner has no such batch."""
        with self._lock:
            batch = self._batches.get(identity)
        return batch if batch and batch.owner == owner else None

    def stop(self, owner: str, identity: str) -> None:
        """Ends a batch with what it has; `resume` goes on with it."""
        batch = self.get(owner, identity)
        if batch is None or not batch.unfinished:
            return
        self._keep(replace(batch, state="stopped", eta_s=None))
        with self._lock:
            if self._running.id == identity:
                self._running.cancel.set()

    def resume(self, owner: str, identity: str) -> None:
        """Asks what is not answered yet."""
        batch = self.get(owner, identity)
        if batch is not None and not batch.unfinished:
            self._keep(replace(batch, state="waiting", failed=0, eta_s=None, error=None))
            self._enqueue(identity)

    def delete(self, owner: str, identity: str) -> None:
        """Forgets a batch and its answers; the folder of one that runs goes as soon as it has stopped."""
        if self.get(owner, identity) is None:
            return
        with self._lock:
            del self._batches[identity]
            running = self._running.id == identity
            if running:
                self._running.cancel.set()
        if not running:
            shutil.rmtree(self._folder / identity, ignore_errors=True)

    def file(self, owner: str, identity: str, name: str) -> Path | None:
        """A file of the owner's batch; None where there is none. name: never a path of a browser's choosing."""
        if self.get(owner, identity) is None:
            return None
        path = self._folder / identity / name
        return path if path.is_file() else None

    def summary(self, owner: str, identity: str) -> dict[str, Any]:
        """The figures of summary.json; {} while there are none."""
        from evals.run_folder import SUMMARY

        path = self.file(owner, identity, SUMMARY)
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path else {}
        return values

    def close(self) -> None:
        """Stops what runs and waits for it; it goes on when the home is opened again."""
        self._closing = True
        with self._lock:
            self._running.cancel.set()
            thread = self._thread
        self._queue.put("")
        if thread is not None:
            thread.join(CLOSE_S)

    def _enqueue(self, identity: str) -> None:
        with self._lock:
            self._queue.put(identity)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._serve, name="coursemate-batches", daemon=True)
                self._thread.start()

    def _serve(self) -> None:
        while not self._closing:
            identity = self._queue.get()
            with self._lock:
                batch = self._batches.get(identity)
                if self._closing or batch is None or batch.state != "waiting":
                    continue
                self._running = _Running(identity)
                cancel = self._running.cancel
            self._run(batch, cancel)
            with self._lock:
                self._running = _Running()
                forgotten = identity not in self._batches
            if forgotten:
                shutil.rmtree(self._folder / identity, ignore_errors=True)

    def _run(self, batch: Batch, cancel: threading.Event) -> None:
        from evals.questions import load_cases

        folder = self._folder / batch.id
        self._note(batch.id, state="running")
        error: CourseMateError | None = None
        try:
            self._work(batch.plan, load_cases([folder / CASES]), folder, self._progress(batch.id), cancel)
        except CourseMateError as caught:
            log.warning("the batch %s ended: %s", batch.id, caught)
            error = caught
        except Exception as caught:  # the edge of this thread: whoever looks at the batch is told
            log.exception("the batch %s failed", batch.id)
            error = InputError(detail=f"{type(caught).__name__}; see coursemate.log", text_key="batch.broken")
        self._finish(batch.id, error, cancel)

    def _finish(self, identity: str, error: CourseMateError | None, cancel: threading.Event) -> None:
        with self._lock:
            batch = self._batches.get(identity)
        if batch is None or batch.state != "running":  # stopped by its owner, which is kept already
            return
        if cancel.is_set():  # the program ends; the next start goes on
            return
        self._keep(replace(batch, state="failed" if error else "done", eta_s=None, error=error))

    def _progress(self, identity: str) -> Listener:
        def tell(now: RunProgress) -> None:
            self._note(identity, done=now.done, total=now.total, failed=now.failed, eta_s=now.eta_s, system=now.system)

        return tell

    def _note(self, identity: str, **values: Any) -> None:
        """How it stands, in memory alone."""
        with self._lock:
            batch = self._batches.get(identity)
            if batch is not None and batch.unfinished:
                self._batches[identity] = replace(batch, **values)

    def _keep(self, batch: Batch, new: bool = False) -> None:
        """On disk first, so that whoever sees a state finds it after a restart, too. A deleted batch stays deleted."""
        values = {
            "owner": batch.owner,
            "plan": asdict(batch.plan),
            "state": batch.state,
            "created": batch.created,
            "total": batch.total,
            "done": batch.done,
            "failed": batch.failed,
            "error": str(batch.error) if batch.error else "",
        }
        data = json.dumps(values, ensure_ascii=False, indent=1).encode()
        with self._lock:
            if new or batch.id in self._batches:
                write_atomic(self._folder / batch.id / MANIFEST, data, mode=0o600)
                self._batches[batch.id] = batch

    def _take_up(self, path: Path) -> None:
        """A batch that an earlier process left; an unfinished one goes on."""
        identity = path.parent.name
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            batch = _batch(identity, values)
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.warning("the batch %s cannot be read: %s", path.parent, error)
            return
        if not _ID.fullmatch(identity):
            return
        self._batches[identity] = replace(batch, state="waiting") if batch.unfinished else batch
        if batch.unfinished:
            self._enqueue(identity)


def _batch(identity: str, values: Mapping[str, Any]) -> Batch:
    plan = dict(values["plan"])
    plan["systems"] = tuple(Asked(**asked) for asked in plan["systems"])
    told = values["error"]
    return Batch(
        identity,
        values["owner"],
        Plan(**plan),
        values["state"],
        values["created"],
        values["total"],
        values["done"],
        values["failed"],
        error=InputError(detail=told) if told else None,
    )

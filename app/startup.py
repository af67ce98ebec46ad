"""Loads the application behind the page: weights, embedder, store, the shipped course on the first start, the model.

Runs in one thread of its own; `status` says how far it is. A failed model does not stop the page: other backends may answer,
and the failure is told when the model is asked for. Anything before that does.
"""

from __future__ import annotations

import dataclasses
import logging
import threading
from typing import TYPE_CHECKING

from app.course import course_files
from app.ui.context import Status, Step
from models.errors import CourseMateError, StoreError

if TYPE_CHECKING:
    from app.wiring import Wiring
    from ingest.pipeline import IngestProgress
    from models.fetch import Progress

COURSE_COLLECTION = "course"
ADDED_MARK = "course-added"
log = logging.getLogger(__name__)


class Startup:
    """Begun once by the page; commands never begin it, and then nothing waits."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._lock, self._documents_ready, self._ended = threading.Lock(), threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self.status = Status("starting")

    def begin(self) -> None:
        """Starts the thread; again only where an earlier start has failed."""
        with self._lock:
            if self._thread is None or self.status.state == "failed":
                self._documents_ready.clear()
                self._ended.clear()
                self.status = Status("starting")
                self._thread = threading.Thread(target=self._run, name="coursemate-startup", daemon=True)
                self._thread.start()

    def ended(self, timeout_s: float) -> bool:
        return self._ended.wait(timeout_s)

    def wait(self) -> None:
        """Until all but the model has been loaded; at once where nothing was begun or the caller is the start itself."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._documents_ready.wait()

    def fetching(self, progress: Progress) -> None:
        """Weights are on their way, for whatever part asked for them."""
        if self.status.state == "starting" and self._thread is not None:
            done, total = progress.done_bytes // 1_000_000, (progress.total_bytes or 0) // 1_000_000
            self.status = Status("starting", "weights", done=done, total=total)

    def _run(self) -> None:
        try:
            self._load()
            self.status = Status("ready")
        except CourseMateError as error:
            log.warning("the start failed: %s", error)
            self.status = Status("failed", self.status.step, error)
        except OSError as error:
            log.exception("the start failed")
            self.status = Status("failed", self.status.step, StoreError(detail=str(error)))
        finally:
            if self.status.state == "starting":  # what nobody foresaw is on its way to the log
                self.status = Status("failed", self.status.step, CourseMateError(detail="see coursemate.log"))
            self._documents_ready.set()
            self._ended.set()

    def _load(self) -> None:
        wiring = self._wiring
        self._at("embedder")
        wiring.embedder()
        self._at("store")
        self._add_course()
        wiring.retriever().search("준비", 1)  # reads the indexes into memory before the first question
        self._documents_ready.set()
        self._at("model")
        self._load_model()

    def _add_course(self) -> None:
        """On the first start of the default collection, or where that was interrupted; whoever removes the notes later, or
        has added documents before, is not given them."""
        settings, files = self._wiring.settings, course_files()
        mark = settings.collection_dir / ADDED_MARK
        if settings.collection != COURSE_COLLECTION or mark.exists() or not files:
            return
        if {document.source for document in self._wiring.documents()} - {path.name for path in files}:
            return
        self.status = Status("starting", "course", total=len(files))
        for report in self._wiring.ingest(files, self._course_progress):
            if report.error:
                log.warning("the shipped course: %s", report.error)
        mark.touch()

    def _course_progress(self, progress: IngestProgress) -> None:
        self.status = dataclasses.replace(self.status, done=progress.files_done)

    def _load_model(self) -> None:
        backend = self._wiring.settings.backend
        try:
            self._wiring.pool.load(backend)
        except CourseMateError as error:
            log.warning("the backend %s is not ready: %s", backend, error)

    def _at(self, step: Step) -> None:
        self.status = Status("starting", step)

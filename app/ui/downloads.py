"""Weights that are being fetched for the page: one thread a name, shared by all open pages, to be watched and cancelled."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import Any

from app.ui.context import AppContext
from models.errors import CourseMateError

log = logging.getLogger(__name__)


class _Cancelled(Exception):
    """Raised from the progress callback, which stops the fetch; what has arrived stays for the next time."""


@dataclass(slots=True)
class Download:
    """progress: models.fetch.Progress, None before the first. error: why it ended badly; ended: whether it is over."""

    cancel: threading.Event
    progress: Any = None
    error: CourseMateError | None = None
    ended: bool = False


class Downloads:
    """All methods return at once and may be called from any thread."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._running: dict[str, Download] = {}

    def start(self, name: str) -> None:
        """Fetch these weights, unless that is already being done."""
        with self._lock:
            current = self._running.get(name)
            if current and not current.ended:
                return
            download = self._running[name] = Download(threading.Event())
        threading.Thread(target=self._fetch, args=(name, download), name=f"coursemate-pull-{name}", daemon=True).start()

    def cancel(self, name: str) -> None:
        """Stop; the next start goes on from there."""
        with self._lock:
            download = self._running.get(name)
        if download:
            download.cancel.set()

    def get(self, name: str) -> Download | None:
        """The latest fetch of these weights in this process."""
        with self._lock:
            return self._running.get(name)

    def active(self) -> bool:
        """Whether something is being fetched."""
        with self._lock:
            return any(not download.ended for download in self._running.values())

    def _fetch(self, name: str, download: Download) -> None:
        def told(progress: Any) -> None:
            download.progress = progress
            if download.cancel.is_set():
                raise _Cancelled

        try:
            self._context.weights().pull(name, told)
        except _Cancelled:
            log.info("the download of %s was cancelled", name)
        except CourseMateError as error:
            download.error = error
        finally:
            download.ended = True

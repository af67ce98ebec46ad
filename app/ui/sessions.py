"""What one open page is doing: the answer it waits for, and the draft that is being read ahead. One entry an open page."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from models.errors import CourseMateError

log = logging.getLogger(__name__)

DRAFT_PAUSE_S = 0.4
Reading = Callable[[threading.Event], None]
T = TypeVar("T")


class Sessions:
    """Keyed by Gradio's session hash. All methods return at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[str, threading.Event] = {}
        self._views: dict[str, int] = {}
        self._left: weakref.WeakSet[threading.Event] = weakref.WeakSet()
        self._drafts: dict[str, tuple[threading.Timer, threading.Event]] = {}

    def begin(self, session: str) -> threading.Event:
        """A new answer starts; one still running for the same page is cancelled. Set the event to cancel this one."""
        cancel = threading.Event()
        with self._lock:
            previous = self._answers.get(session)
            self._answers[session] = cancel
        if previous:
            previous.set()
        self.forget_draft(session)
        return cancel

    def end(self, session: str, cancel: threading.Event) -> bool:
        """The answer that `cancel` belongs to is over; whether its page was there until the end."""
        with self._lock:
            if self._answers.get(session) is cancel:
                del self._answers[session]
            return cancel not in self._left

    def turn_page(self, session: str) -> int:
        """Something else is shown from now on; returns the number of the new view."""
        with self._lock:
            self._views[session] = self._views.get(session, 0) + 1
            return self._views[session]

    def shows(self, session: str, view: int) -> bool:
        """Whether the page still shows the view of that number."""
        with self._lock:
            return self._views.get(session) == view

    def watched(self, session: str, changes: Iterable[T]) -> Iterator[T]:
        """The changes that come while the page shows what it shows from now on; all of them are made either way."""
        view = self.turn_page(session)
        for change in changes:
            if self.shows(session, view):
                yield change

    def stop(self, session: str) -> bool:
        """Cancel what runs for this page; whether something did."""
        with self._lock:
            cancel = self._answers.get(session)
        if cancel:
            cancel.set()
        return cancel is not None

    def draft(self, session: str, read: Reading) -> None:
        """Call `read` once nothing has changed for `DRAFT_PAUSE_S`; a newer draft takes this one's place."""
        cancel = threading.Event()
        timer = threading.Timer(DRAFT_PAUSE_S, _read_quietly, (read, cancel))
        timer.daemon = True
        with self._lock:
            previous = self._drafts.get(session)
            self._drafts[session] = (timer, cancel)
            timer.start()
        _cancel(previous)

    def forget_draft(self, session: str) -> None:
        """The draft was sent or emptied."""
        with self._lock:
            previous = self._drafts.pop(session, None)
        _cancel(previous)

    def leave(self, session: str) -> None:
        """The page was closed."""
        with self._lock:
            cancel = self._answers.pop(session, None)
            self._views.pop(session, None)
            if cancel:
                self._left.add(cancel)
        if cancel:
            cancel.set()
        self.forget_draft(session)


def _cancel(draft: tuple[threading.Timer, threading.Event] | None) -> None:
    if draft:
        draft[0].cancel()
        draft[1].set()


def _read_quietly(read: Reading, cancel: threading.Event) -> None:
    """Reading ahead is a favour: what goes wrong there is met again, and told, when the question is asked."""
    try:
        read(cancel)
    except CourseMateError:
        log.debug("reading ahead failed", exc_info=True)

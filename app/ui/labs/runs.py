"""Who is running which lab: one run a visitor, a few at once, each read in a thread of its own and shown as often as a page can."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from app.labs.base import Block, Desk, Event, Lab, Progress, Score, Shown, Used, read_values
from app.labs.running import desk_of, run
from app.labs.telling import told
from app.ui.edge import caught
from app.ui.page import Page
from models.errors import CourseMateError, InputError

MOST = 2  # at once: each takes a core at least
State = Literal["shipped", "running", "stopping", "stopped", "ended", "failed"]


@dataclass(slots=True)
class Sheet:
    """What a run has shown so far. blocks: the last of each kind and name, where the first stood. error: in the page's language.

    day, values: when and with which settings it was made, of a run that came along.
    """

    lab: Lab
    state: State = "running"
    progress: Progress = field(default_factory=lambda: Progress(0, 1))
    blocks: dict[tuple[str, str], Block] = field(default_factory=dict)
    scores: dict[str, Score] = field(default_factory=dict)
    used: dict[str, Used] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0
    day: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """One event more."""
        if isinstance(event, Progress):
            self.progress = event
        elif isinstance(event, Shown):
            self.blocks[type(event.block).__name__, event.block.name] = event.block
        elif isinstance(event, Score):
            self.scores[event.name] = event
        else:
            self.used[event.name] = event

    @classmethod
    def of(cls, lab: Lab, events: Iterable[Event], day: str = "", values: Mapping[str, Any] | None = None) -> Sheet:
        """What was shown before, by a run that is over."""
        sheet = cls(lab, "shipped", day=day, values=values or {})
        for event in events:
            sheet.take(event)
        return sheet


class Run:
    """A run in a thread. `sheet` may be read at any time under `lock`; `version` grows with each change; `done` is set at the end."""

    def __init__(self, page: Page, lab: Lab, values: Mapping[str, Any], desk: Desk) -> None:
        self.sheet, self.version = Sheet(lab), 0
        self.lock, self.done, self.stopped = threading.Lock(), threading.Event(), threading.Event()
        self.left = False  # nobody looks at it any more
        self._page, self._values, self._desk = page, values, desk

    def work(self) -> None:
        """Until its end, however it comes."""
        began, error = time.monotonic(), ""
        with caught(self._page, "page.broken") as failure:
            try:
                for event in run(self.sheet.lab, self._values, self._desk, self.stopped):
                    with self.lock:
                        self.sheet.take(event)
                        self.version += 1
            except CourseMateError as problem:
                error = told(self.sheet.lab, problem, self._page.lang)
        with self.lock:
            self.sheet.error = error or failure.words
            self.sheet.state = "failed" if self.sheet.error else "stopped" if self.stopped.is_set() else "ended"
            self.sheet.seconds = time.monotonic() - began
            self.version += 1
        self.done.set()

    def stop(self) -> None:
        """End it soon; what it has shown stays."""
        with self.lock:
            self.sheet.state = "stopping"
            self.version += 1
        self.stopped.set()


class Runs:
    """All runs of the application, by session."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}

    def start(self, page: Page, session: str, lab: Lab, given: Mapping[str, Any]) -> Run:
        """Raises InputError for wrong values, and where this visitor or enough others are running something."""
        values = read_values(lab, given)
        made = Run(page, lab, values, desk_of(page.context.settings))
        with self._lock:
            going = {name: one for name, one in self._runs.items() if not one.done.is_set()}
            if session in going and not going[session].left:
                raise InputError(detail="a lab is running here already", text_key="labs.busy_own")
            if len(going) >= MOST:
                raise InputError(detail="two labs of others are running", text_key="labs.busy")
            self._runs = going | {session: made}
        threading.Thread(target=made.work, name="coursemate-lab", daemon=True).start()
        return made

    def stop(self, session: str) -> None:
        """End what this visitor has running; nothing where there is none."""
        with self._lock:
            found = self._runs.get(session)
        if found and not found.done.is_set():
            found.stop()

    def leave(self, session: str) -> None:
        """The same, of a visitor who has turned to something else: what it showed is not shown any more."""
        with self._lock:
            if found := self._runs.get(session):
                found.left = True
        self.stop(session)

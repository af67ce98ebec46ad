"""Making a set for the page: in a thread of its own, watched and stopped from the page."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.studies import Kept, Studies
from app.ui.i18n import localize
from app.ui.page import Page
from chains.study.base import KINDS, Kind
from models.errors import CourseMateError

LOOK_S = 0.25


@dataclass(frozen=True, slots=True)
class Now:
    """How far it has come. kept: the set once it is there; error: what went wrong, for a person."""

    stage: str = "reading"
    done: int = 0
    total: int = 0
    kept: Kept | None = None
    error: str = ""


@dataclass(slots=True)
class Making:
    """One set in the making. wish: of the form, so nothing in it may be trusted. Set `cancel` to stop: what is done is kept."""

    page: Page
    studies: Studies
    owner: str
    wish: Mapping[str, Any]
    cancel: threading.Event = field(default_factory=threading.Event)
    now: Now = field(default_factory=Now)

    def run(self) -> Iterator[Now]:
        """Changes until the end."""
        worker = threading.Thread(target=self._work, name="coursemate-study", daemon=True)
        worker.start()
        shown = None
        while worker.is_alive():
            worker.join(LOOK_S)
            if (self.now, self.cancel.is_set()) != shown:
                shown = (self.now, self.cancel.is_set())
                yield self.now
        yield self.now

    def _work(self) -> None:
        """However it ends, `now` says so; what nobody foresaw is logged by the thread's own hook."""
        end = Now(error=self.page.text("page.broken"))
        try:
            end = self._make()
        except CourseMateError as error:
            end = Now(error=localize(error, self.page.lang))
        finally:
            self.now = end

    def _make(self) -> Now:
        from chains.study.maker import Order

        kind: Kind = next((known for known in KINDS if known == self.wish.get("kind")), "quiz")
        given = self.wish.get("count")
        order = Order(kind, given if isinstance(given, int) else -1, seed=int(self.wish.get("seed") or 0))
        known = {document.source for document in self.page.context.store().documents()}
        wanted = [str(name) for name in self.wish.get("documents") or () if name in known]
        worded = self.studies.make(order, wanted, str(self.wish.get("backend") or ""), self._tell, self.cancel)
        error = ""
        if worded.error is not None:
            error = self.page.text("study.broke_off", why=localize(worded.error, self.page.lang))
        return Now(kept=self.studies.keep(self.owner, worded.study), error=error)

    def _tell(self, stage: str, done: int, total: int) -> None:
        self.now = Now(stage, done, total)

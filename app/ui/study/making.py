"""Making a set for the page: in a thread of its own, watched and stopped from the page."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.studies import Kept, Studies
from app.ui.i18n import localize
from app.ui.making import Watched
from app.ui.page import Page
from chains.study.base import KINDS, Kind


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
    watched: Watched[Now] = field(default_factory=lambda: Watched(Now()))

    @property
    def cancel(self) -> threading.Event:
        return self.watched.cancel

    @property
    def now(self) -> Now:
        """How far it is."""
        return self.watched.now

    def run(self) -> Iterator[Now]:
        """Changes until the end."""
        return self.watched.run(self.page, self._make, lambda why: Now(error=why))

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
        self.watched.now = Now(stage, done, total)

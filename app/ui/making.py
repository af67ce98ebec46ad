"""Something that a page has made in a thread of its own, watched and stopped from the page."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from app.ui.i18n import localize
from app.ui.page import Page
from models.errors import CourseMateError

LOOK_S = 0.25
State = TypeVar("State")


@dataclass(slots=True)
class Watched(Generic[State]):
    """now: how far it has come, as the work says. Set `cancel` to stop: what has been made by then is kept."""

    now: State
    cancel: threading.Event = field(default_factory=threading.Event)

    def run(self, page: Page, make: Callable[[], State], failed: Callable[[str], State]) -> Iterator[State]:
        """Changes until the end, which is what `make` gives, or `failed` of the reason in the page's language."""
        worker = threading.Thread(target=self._work, args=(page, make, failed), name="coursemate-making", daemon=True)
        worker.start()
        shown = None
        while worker.is_alive():
            worker.join(LOOK_S)
            if (self.now, self.cancel.is_set()) != shown:
                shown = (self.now, self.cancel.is_set())
                yield self.now
        yield self.now

    def _work(self, page: Page, make: Callable[[], State], failed: Callable[[str], State]) -> None:
        """However it ends, `now` says so; what nobody foresaw is logged by the thread's own hook."""
        end = failed(page.text("page.broken"))
        try:
            end = make()
        except CourseMateError as error:
            end = failed(localize(error, page.lang))
        finally:
            self.now = end

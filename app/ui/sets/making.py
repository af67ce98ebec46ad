"""Making a set for the page: in a thread of its own, watched and stopped from the page."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.question_making import Order, check_count, gather, make_set
from app.questionsets import QuestionSets
from app.ui.i18n import localize
from app.ui.page import Page
from evals.questions import Entry
from models.errors import CourseMateError

if TYPE_CHECKING:
    from evals.making.maker import MadeSet

LOOK_S = 0.25
Wish = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Now:
    """How far it has come. name: of the set once it is there; error: why it ended without one, for a person."""

    stage: str = "reading"
    done: int = 0
    total: int = 0
    stopping: bool = False
    name: str = ""
    made: MadeSet | None = None
    error: str = ""


@dataclass(slots=True)
class Making:
    """One set in the making. Set `cancel` to stop: what has been made by then is kept."""

    page: Page
    sets: QuestionSets
    wish: Wish
    cancel: threading.Event = field(default_factory=threading.Event)
    now: Now = field(default_factory=Now)

    def run(self) -> Iterator[Now]:
        """Changes until the end."""
        worker = threading.Thread(target=self._work, name="coursemate-questions", daemon=True)
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
        context: Any = self.page.context
        given = self.wish.get("count")
        count = check_count(given if isinstance(given, int) else 0)
        backend = str(self.wish.get("backend") or "")
        forms: Any = ("paraphrase", "english") if backend else ()
        wanted = [str(name) for name in self.wish.get("documents") or ()]
        known = {document.source for document in context.store().documents()}
        embedder = context.embedder()
        material = gather(context.store(), embedder, context.limits(), [name for name in wanted if name in known])
        model = context.pool.model(backend) if backend else None
        made = make_set(
            material, Order(count, forms=forms), embedder.embed_question, model, (), progress=self._tell, cancel=self.cancel
        )  # fmt: skip
        title = self.page.text("sets.made_name", day=datetime.now().strftime("%Y-%m-%d"))
        name = self.sets.create(title, [Entry(case, accepted=False) for case in made.cases])
        return Now(name=name, made=made)

    def _tell(self, stage: str, done: int, total: int) -> None:
        self.now = Now(stage, done, total, self.cancel.is_set())

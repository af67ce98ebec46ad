"""Making a set for the page: in a thread of its own, watched and stopped from the page."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.question_making import Order, check_count, gather, make_set
from app.questionsets import QuestionSets
from app.ui.making import Watched
from app.ui.page import Page
from evals.questions import Entry

if TYPE_CHECKING:
    from evals.making.maker import MadeSet

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
        self.watched.now = Now(stage, done, total, self.cancel.is_set())

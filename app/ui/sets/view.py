"""Which set and which of its questions a window looks at. It travels with every event of the page's script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from app.questionsets import QuestionSets
from app.ui.events import Visit
from app.ui.markup import attribute
from evals.questions import Entry

SHOWN = 50
Show = Literal["all", "open", "yes", "no"]
SHOWS: tuple[Show, ...] = get_args(Show)


@dataclass(frozen=True, slots=True)
class View:
    """name: of the set, "" for none. show, tag: the filter. shown: how many questions; chosen: id of the one on the right."""

    name: str = ""
    shipped: bool = False
    show: Show = "all"
    tag: str = ""
    shown: int = SHOWN
    chosen: str = ""

    @classmethod
    def of(cls, visit: Visit) -> View:
        """What the script sent; it comes from a browser, so anything odd is the default."""
        show: Show = next((known for known in SHOWS if known == visit.words("show")), "all")
        shown = max(SHOWN, min(visit.number("shown"), 20_000))
        shipped = visit.words("shipped") == "yes"
        return cls(
            visit.words("set")[:200], shipped, show, visit.words("tag")[:200], shown, visit.words("chosen")[:200]
        )

    def attributes(self) -> str:
        """The view as data attributes."""
        values = {
            "set": self.name,
            "shipped": "yes" if self.shipped else "",
            "show": self.show,
            "tag": self.tag,
            "shown": self.shown,
            "chosen": self.chosen,
        }
        return " ".join(f'data-{name}="{attribute(value)}"' for name, value in values.items())

    def entries(self, sets: QuestionSets) -> list[Entry]:
        """All questions of the set. Raises InputError, QuestionSetError."""
        return sets.entries(self.name, self.shipped)

    def among(self, entries: Sequence[Entry]) -> list[Entry]:
        """Those that the filter lets through."""
        return [entry for entry in entries if self._shows(entry) and (not self.tag or self.tag in entry.case.tags)]

    def _shows(self, entry: Entry) -> bool:
        if self.show == "open":
            return not (entry.decided and entry.accepted)
        if self.show == "all":
            return True
        return entry.decided and entry.case.answerable is (self.show == "yes")

    def at(self, **changes: Any) -> View:
        """The same view but for these fields."""
        return replace(self, **changes)

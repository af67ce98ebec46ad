"""What study aids are made of. Everything is frozen and survives JSON: `to_dict` and `study_of` are inverse."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from chains.study.language import Language
from models.types import Citation, Locator

Kind = Literal["quiz", "flashcards", "glossary", "guide"]
Form = Literal["choice", "short", "truefalse"]
KINDS: tuple[Kind, ...] = get_args(Kind)
FORMS: tuple[Form, ...] = get_args(Form)
TRUE, FALSE = "true", "false"


@dataclass(frozen=True, slots=True)
class Item:
    """A question of a quiz.

    answer: one of `options` for a choice, TRUE or FALSE for a statement, what is to be written for a short answer.
    accepted: other right ways to write a short answer. explanation: from the source. source: the sentence that proves it, word
    for word. hint: chooses the phrase in which asking.py puts `question`, "" takes it as it is. worded: whether a
    model's words stand in question or explanation. language: of the document, in which the question is put.
    """

    id: str
    form: Form
    question: str
    answer: str
    source: Citation
    options: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    explanation: str = ""
    hint: str = ""
    worded: bool = False
    language: Language = "ko"


@dataclass(frozen=True, slots=True)
class Card:
    """front: a question, put as `hint` says (asking.py); back: its answer, in the words of the source."""

    id: str
    front: str
    back: str
    source: Citation
    hint: str = ""
    language: Language = "ko"


@dataclass(frozen=True, slots=True)
class Entry:
    """A term, what the documents say that it is, and its other names."""

    id: str
    term: str
    meaning: str
    aliases: tuple[str, ...]
    source: Citation


@dataclass(frozen=True, slots=True)
class Reading:
    """A section to read. minutes: of reading, at least 1. source: its first sentence and place."""

    title: str
    minutes: int
    source: Citation


@dataclass(frozen=True, slots=True)
class Week:
    """number: from 1. goals: topics to be able to explain."""

    number: int
    title: str
    goals: tuple[str, ...]
    terms: tuple[Entry, ...]
    readings: tuple[Reading, ...]
    checks: tuple[Card, ...]


@dataclass(frozen=True, slots=True)
class Study:
    """One set. wanted: how many were asked for; of the lists only the one of `kind` is filled. dropped: what was left out, by
    reason. stopped: it was ended before all was worded."""

    kind: Kind
    documents: tuple[str, ...]
    wanted: int
    items: tuple[Item, ...] = ()
    cards: tuple[Card, ...] = ()
    entries: tuple[Entry, ...] = ()
    weeks: tuple[Week, ...] = ()
    dropped: Mapping[str, int] = field(default_factory=dict)
    stopped: bool = False

    @property
    def count(self) -> int:
        """How many were made."""
        return len(self.items) + len(self.cards) + len(self.entries) + len(self.weeks)

    def sources(self) -> dict[str, Citation]:
        """The source of everything that can be pointed at, by its id."""
        cards = (*self.cards, *(card for week in self.weeks for card in week.checks))
        entries = (*self.entries, *(entry for week in self.weeks for entry in week.terms))
        found = {item.id: item.source for item in self.items}
        found |= {card.id: card.source for card in cards} | {entry.id: entry.source for entry in entries}
        for week in self.weeks:
            found |= {f"w{week.number}-{at}": reading.source for at, reading in enumerate(week.readings)}
        return found

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def item_id(*parts: str) -> str:
    """12 hex digits that name an item by its content, so that Anki updates a card instead of adding a second one."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def study_of(values: Mapping[str, Any]) -> Study:
    """Inverse of `Study.to_dict`. Raises KeyError and TypeError for anything else."""
    return Study(
        values["kind"],
        tuple(values["documents"]),
        values["wanted"],
        tuple(_read(Item, one) for one in values["items"]),
        tuple(_read(Card, one) for one in values["cards"]),
        tuple(_read(Entry, one) for one in values["entries"]),
        tuple(_week(one) for one in values["weeks"]),
        dict(values["dropped"]),
        values["stopped"],
    )


def _read(kind: Any, values: Mapping[str, Any]) -> Any:
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    given = dict(values["source"])
    return kind(**fields | {"source": Citation(**given | {"locator": Locator.from_dict(given["locator"])})})


def _week(values: Mapping[str, Any]) -> Week:
    return Week(
        values["number"],
        values["title"],
        tuple(values["goals"]),
        tuple(_read(Entry, one) for one in values["terms"]),
        tuple(_read(Reading, one) for one in values["readings"]),
        tuple(_read(Card, one) for one in values["checks"]),
    )

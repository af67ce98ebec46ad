"""Flashcards and the glossary: what the documents say, in their own words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chains.making.base import Made
from chains.study.asking import SEPARATOR
from chains.study.bank import Bank
from chains.study.base import Card, Entry, item_id
from chains.study.definitions import Definition, definition_of
from chains.study.names import fold
from chains.study.proof import answered_by, cell_of, citation_of, language_in

LONGEST_BACK = 300


def cards(found: Iterable[Made], count: int, bank: Bank) -> list[Card]:
    """Question on the front, the source's words on the back; a source sentence and a term once."""
    taken: list[Card] = []
    used: set[str] = set()
    for made in found:
        if len(taken) == count:
            break
        card, marks = card_of(made), {made.evidence, fold(made.question)}
        if marks & used or len(card.back) > LONGEST_BACK:
            bank.dropped["repeated" if marks & used else "no_proof"] += 1
            continue
        used |= marks
        taken.append(card)
    return taken


def card_of(made: Made) -> Card:
    """What was made as a card."""
    question, hint = made.question, "blank" if "blank" in made.tags else ""
    definition, cell = definition_of(made), cell_of(made) if "table" in made.tags else None
    if cell:
        question, hint = f"{made.subject}{SEPARATOR}{cell[0]}", "row"
    elif definition and definition.labelled and not definition.explains:
        question, hint = definition.term, "about"
    name = item_id("card", made.question, made.evidence)
    return Card(name, question, answered_by(made), citation_of(made), hint, language_in(made))


def entries(definitions: Iterable[Definition], count: int, bank: Bank) -> list[Entry]:
    """A term once, under whichever of its names comes first; ordered as a Korean dictionary does, Latin names last."""
    taken: list[Entry] = []
    used: set[str] = set()
    for one in definitions:
        if len(taken) == count:
            break
        if not one.explains:
            bank.dropped["no_meaning"] += 1
            continue
        if one.names & used:
            bank.dropped["repeated"] += 1
            continue
        used |= one.names
        taken.append(entry_of(one))
    return sorted(taken, key=lambda entry: (not re.match("[가-힣]", entry.term), entry.term.lower()))


def entry_of(definition: Definition) -> Entry:
    """The definition as a line of a glossary."""
    made = definition.made
    name = item_id("entry", definition.term, made.evidence)
    return Entry(name, definition.term, definition.said, definition.aliases, citation_of(made))


def terms_of(found: Iterable[Made]) -> list[Definition]:
    """The definitions among what was made."""
    return [one for made in found if (one := definition_of(made))]

"""Flashcards and the glossary: what the documents say, in their own words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chains.making.base import Made
from chains.making.grammar import bare
from chains.study.bank import Bank, citation_of
from chains.study.base import Card, Entry, item_id
from chains.study.definitions import Definition, definition_of
from chains.study.names import fold

LONGEST_BACK = 300


def cards(found: Iterable[Made], count: int, bank: Bank) -> list[Card]:
    """Question on the front, the source's words on the back; a source sentence once."""
    taken: list[Card] = []
    used: set[str] = set()
    for made in found:
        if len(taken) == count:
            break
        marks = {made.evidence, fold(made.question)}
        back = bare(made.reference)
        if marks & used or len(back) > LONGEST_BACK:
            bank.dropped["repeated" if marks & used else "no_proof"] += 1
            continue
        used |= marks
        taken.append(Card(item_id("card", made.question, made.evidence), made.question, back, citation_of(made)))
    return taken


def entries(definitions: Iterable[Definition], count: int, bank: Bank) -> list[Entry]:
    """A term once, under whichever of its names comes first; ordered as a Korean dictionary does, Latin names last."""
    taken: list[Entry] = []
    used: set[str] = set()
    for one in definitions:
        if len(taken) == count:
            break
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

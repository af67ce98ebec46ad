"""Whether an answer is right. Short ones are read as a teacher does: spaces, case, particles, units and other names do not matter."""

from __future__ import annotations

import re

from chains.numbers import numbers
from chains.study.base import Item
from chains.study.names import fold, synonyms, without_particle

LONGEST = 200  # characters of an answer that are read


def is_right(item: Item, given: str) -> bool:
    """given: an option, TRUE or FALSE, or what was written."""
    if item.form != "short":
        return given == item.answer
    said = fold(re.sub(r"^\s*(?:an?|the)\s+", "", given[:LONGEST], flags=re.IGNORECASE))
    accepted = frozenset(name for word in (item.answer, *item.accepted) for name in synonyms(word)) - {""}
    if said in accepted or without_particle(said) in accepted:
        return True
    return _same_number(said, item)


def _same_number(said: str, item: Item) -> bool:
    """Whether a bare number, or one with the same unit, has the value that is asked for."""
    value = numbers(item.answer)
    number = re.match(r"[\d.]+(?:[십백천만억조]+[\d.]*)*", said)
    if not value or not number or numbers(said) != value:
        return False
    unit = without_particle(said[number.end() :])
    return (
        not unit
        or unit in without_particle(fold(item.answer))
        or (item.hint == "blank" and unit in fold(item.question))
        or any(fold(word).endswith(unit) for word in item.accepted)
    )

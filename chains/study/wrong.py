"""Wrong answers that are plausible and provably wrong: of the same kind, from the same collection, and no sentence of it makes
one of them right. Where too few can be proved wrong, there are none, and the question is asked in another form."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import islice

from chains.making.grammar import Sentence, bare
from chains.making.statements import QUANTITY
from chains.making.structures import is_rule
from chains.matching import holds
from chains.numbers import numbers
from chains.study.bank import CONFIRMING, Bank, Quantity
from chains.study.definitions import Definition, words_of
from chains.study.names import all_names, fold, overlap
from ingest.blocks import read_blocks
from models.types import Chunk

OPTIONS = 4
LEAST_OPTIONS = 3  # of a table that has no more values
TERSE = 3  # words besides its kind: so short a description fits whatever shares one of them
_YEAR = re.compile(r"(?:19|20)\d\d")


def other_terms(right: Definition, pool: Sequence[Definition], bank: Bank, rng: random.Random) -> list[Definition]:
    """Definitions of other things, most alike first, each provably another thing than `right`; OPTIONS - 1 at most."""
    found: list[Definition] = []
    alike = [one for one in pool if one.shape == right.shape and one.language == right.language and one.specific]
    for other in sorted(alike, key=lambda one: (-_likeness(one, right), rng.random())):
        if len(found) == OPTIONS - 1:
            break
        if not any(overlap(other.names, one.names) for one in (right, *found)) and _differ(right, other, bank):
            found.append(other)
    return found


def _likeness(other: Definition, right: Definition) -> float:
    near = other.made.chunk and right.made.chunk and other.made.chunk.source == right.made.chunk.source
    length = abs(len(other.said) - len(right.said)) / max(len(other.said), len(right.said))
    return (
        2.0 * (other.sort == right.sort)
        + 0.5 * (other.kind == right.kind)
        + 1.5 * (other.latin == right.latin)
        + bool(near)
        - length
    )


def _differ(one: Definition, other: Definition, bank: Bank) -> bool:
    """Whether neither is the other by anything the collection says: what is said of one is said of the other nowhere."""
    if _named(other, one.made.evidence) or _named(one, other.made.evidence) or _above(one, other) or _above(other, one):
        return False
    if one.shape == "facts" and (values := numbers(one.said)):
        return not values & numbers(other.said) and not _confirmed(other, values, bank)
    some, others = words_of(one.said), words_of(other.said)
    shared = some & others
    if len(shared) >= CONFIRMING * max(1, min(len(some), len(others))) or _terse(one, other):
        return False
    if one.shape == "phrase" and any(len(word) > 2 and not word.isascii() for word in shared):
        return False
    return not bank.confirms(other.names, one.said) and not bank.confirms(one.names, other.said)


def _above(general: Definition, special: Definition) -> bool:
    """Whether one is what the other's section is about: a kind or a part of a thing is no wrong answer for it."""
    headings = special.made.chunk.locator.headings if special.made.chunk else ()
    for level, heading in enumerate(map(fold, headings)):
        for name in general.names:
            begins = re.match(re.escape(name) + "(?:[가-힣]|$)", heading)
            if len(name) > 1 and (begins or (level and name in heading)):
                return True
    return False


def _terse(one: Definition, other: Definition) -> bool:
    """Whether a description is so short that a word it shares with the other may make it fit both."""
    words = words_of(one.said) - words_of(one.kind)
    return len(words) <= TERSE and any(word in other.said for word in words if len(word) > 1)


def _confirmed(other: Definition, values: frozenset[float], bank: Bank) -> bool:
    """Whether a sentence about the other gives one of these numbers."""
    return any(values & numbers(said.text) for said in bank.saying(other.names))


def _named(definition: Definition, text: str) -> bool:
    folded = fold(text)
    return any(name in folded for name in definition.names if len(name) > 1)


def other_quantities(question: str, right: Quantity, evidence: str, bank: Bank, rng: random.Random) -> list[str]:
    """Other numbers of the unit from the collection, nearest first, none of which any sentence gives as the answer."""
    values, year = numbers(right.text), bool(_YEAR.fullmatch(right.number))
    known = numbers(evidence) | values
    near: dict[frozenset[float], Quantity] = {}
    for other in bank.quantities.get(right.unit, ()):
        value = numbers(other.text)
        alike = len(value) == len(values) and bool(_YEAR.fullmatch(other.number)) == year
        if alike and not value & known and _near(value, values, year):
            near.setdefault(value, other)
    nearest = sorted(near.items(), key=lambda pair: (abs(max(pair[0]) - max(values)), rng.random()))
    proved = (
        other.text
        for _, other in nearest
        if not bank.confirms([fold(other.text), fold(other.number)], question, evidence)
    )
    return list(islice(proved, OPTIONS - 1))


def _near(value: frozenset[float], right: frozenset[float], year: bool) -> bool:
    if year:
        return abs(max(value) - max(right)) <= 25
    return max(right) / 50 <= max(value) <= max(right) * 50


def other_cells(name: str, cell: str, evidence: str, chunk: Chunk, bank: Bank) -> list[str]:
    """The other values of the same column, or row where a row holds one attribute of several things."""
    table = _table(evidence, chunk)
    mine = _cells(evidence)
    if cell not in mine:
        return []
    upright = fold(mine[0]) == fold(name)
    values = [row[mine.index(cell)] for row in table[1:] if len(row) == len(mine)] if upright else mine[1:]
    found: list[str] = []
    for value in dict.fromkeys(values):
        given = [cell, *found]
        if not re.search(r"[\w가-힣]", value) or any(_same(value, one) for one in given) or (upright and value in mine):
            continue
        about = bank.saying(all_names([name]), evidence)
        if not any(holds(one.text, [value]) for one in about):
            found.append(value)
    return found[: OPTIONS - 1]


def _same(one: str, other: str) -> bool:
    some, others = fold(one), fold(other)
    return (
        not some
        or not others
        or some == others
        or (
            min(len(some), len(others)) > (1 if re.search("[가-힣]", some) else 2)
            and (some in others or others in some)
        )
    )


def _table(evidence: str, chunk: Chunk) -> list[list[str]]:
    for block in read_blocks(chunk.text):
        if block.kind == "table" and evidence in block.text:
            return [_cells(line) for line in block.text.split("\n") if line.strip() and not is_rule(line)]
    return []


def _cells(line: str) -> list[str]:
    return [bare(cell) for cell in line.strip().strip("|").split("|")]


def quantity_of(evidence: str, answers: Sequence[str]) -> Quantity | None:
    """The number of a sentence that answers its question."""
    for match in QUANTITY.finditer(Sentence(evidence).text):
        number = match["number"].replace(" ", "")
        if any(answer.startswith(number) for answer in answers):
            text = re.sub(r"^(?:약|대략|총) ", "", match.group()).strip()
            return Quantity(match["number"].strip(), match["unit"], text, "")
    return None

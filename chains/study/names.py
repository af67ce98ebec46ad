"""The names of a thing: how the course's vocabulary and the documents write it, and whether two names mean the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from ingest.terms import read_terms

_PARTICLES = re.compile(
    r"(?<=[가-힣a-z0-9%])(?:이라고|라고|입니다|이에요|예요|이다|이란|으로|에서|은|는|이|가|을|를|의|와|과|로|란|요)$"
)


def fold(text: str) -> str:
    """For comparing: composed, lower case, letters and digits only; a decimal point and % stay."""
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", unicodedata.normalize("NFKC", text).lower())
    return re.sub(r"(?<!\d)\.|\.(?!\d)|[^\w.%+#]|_", "", plain)


def without_particle(folded: str) -> str:
    """A folded word without the particle or ending that a person may have written behind it."""
    return _PARTICLES.sub("", folded)


@cache
def _rows() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for row in read_terms():
        forms = frozenset(fold(form) for form in row)
        for form in forms:
            found[form] = found.get(form, frozenset()) | forms
    return found


def synonyms(name: str) -> frozenset[str]:
    """Every folded way to write the name that the vocabulary knows, itself included."""
    folded = fold(name)
    return _rows().get(folded, frozenset()) | {folded}


def all_names(names: Iterable[str]) -> frozenset[str]:
    """The folded names and their synonyms."""
    return frozenset().union(*(synonyms(name) for name in names)) - {""}


def overlap(some: frozenset[str], others: frozenset[str]) -> bool:
    """Whether one name is, or is part of, one of the others: such things are not told apart ("풀링", "평균 풀링")."""
    return any(one in other or other in one for one in some for other in others)

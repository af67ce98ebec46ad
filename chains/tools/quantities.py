"""The quantities that a text holds, each with the phrase that says what it counts: what a calculation may take its numbers from.

    quantities("훈련용 50,000장과 평가용 10,000장")[0]    # Quantity(50000.0, "훈련용 50,000장과")
    quantities("약 5만 2천 개")[0].value                  # 52000.0

Numbers that belong to a name (CIFAR-10, float64), a year in brackets and the mark of a source ([3]) count nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SCALES = {"십": 10.0, "백": 1e2, "천": 1e3, "만": 1e4, "억": 1e8, "조": 1e12}
BEFORE, BEHIND = 4, 2  # words around a number that say what it counts
DIGITS = r"(?<![\w.])(?<![A-Za-z]-)\d[\d,]*(?:\.\d+)?"
_SCALED = rf"{DIGITS}(?:\s*[십백천만억조](?![가-힣]{{2,}}))?"
_QUANTITY = re.compile(rf"{_SCALED}(?:\s{{0,2}}{_SCALED})*")
_PIECE = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*([십백천만억조])?")
_ASIDE = re.compile(r"\[\d+\]|\([^()]*(?:1[89]|20)\d\d[a-z]?\)")
_NAMED = re.compile(r"[A-Za-z][\w.]*-\d+(?:[-.]\d+)*|\d+(?:-\d+){2,}|\d+(?:\.\d+)?[A-Z](?![A-Za-z])")
_CLAUSE = re.compile(r"[.,;:!?()\n](?=\s|$)|[()\n]")
_JOINS = re.compile(r"(과|와|고|며|지만|이나|또는)$")


@dataclass(frozen=True, slots=True)
class Quantity:
    """phrase: the words before the number, the number as it is written and what hangs on it."""

    value: float
    phrase: str


def quantities(text: str) -> list[Quantity]:
    """In the order in which they stand."""
    plain = _NAMED.sub(_blank, _ASIDE.sub(_blank, text)).replace("|", " ")
    runs = list(_QUANTITY.finditer(plain))
    ends = [0, *(match.end() for match in runs)]
    begins = [*(match.start() for match in runs[1:]), len(text)]
    return [
        Quantity(value, _phrase(text.replace("|", " "), end, match, begin))
        for end, match, begin in zip(ends, runs, begins, strict=False)
        for value in _values(match[0])
    ]


def written(value: float) -> str:
    """A number as it is written in an expression: thousands apart, no more digits than it has."""
    whole = float(value).is_integer() and abs(value) < 1e15
    return f"{int(value):,}" if whole else f"{value:.12g}"


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _phrase(text: str, end: int, match: re.Match[str], begin: int) -> str:
    """The number with the words around it: no further than the numbers next to it and its own clause."""
    before = text[end : match.start()]
    before = _CLAUSE.split(re.sub(r"^\S+", "", before) if end else before)[-1]
    behind = _CLAUSE.split(text[match.end() : begin])[0]
    hanging, _, rest = behind.partition(" ")
    following = [] if _JOINS.search(hanging) else rest.split()[:BEHIND]
    glued = "" if before[-1:].isspace() else (before.split() or [""])[-1]
    leading = before.split()[-BEFORE:]
    words = [*(leading[:-1] if glued else leading), f"{glued}{match[0].strip()}{hanging}", *following]
    return " ".join(words)


def _values(run: str) -> list[float]:
    """A run of digits and scales as numbers: 5만 2천 is one, 784 128 are two."""
    values: list[float] = []
    below = 0.0  # the scale that the next piece must stay under to belong to the last number
    for digits, scale in _PIECE.findall(run):
        value, size = float(digits.replace(",", "").rstrip(".")), SCALES.get(scale, 1.0)
        if values and size < below:
            values[-1] += value * size
        else:
            values.append(value * size)
        below = size
    return values

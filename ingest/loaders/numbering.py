"""Numbers that a word processor draws before a paragraph but does not store in its text (제1조, 1.1, 가., •)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

GANADA = "가나다라마바사아자차카타파하"
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"))
_ROMAN_LOW = ((9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_PLACE = re.compile(r"%(\d)")


def format_number(number: int, style: str) -> str:
    """`number` in a style named as in OOXML's numFmt; decimal for the styles not known here."""
    if style in ("lowerRoman", "upperRoman"):
        roman = _roman(number)
        return roman.upper() if style == "upperRoman" else roman
    letters = {"lowerLetter": "abcdefghijklmnopqrstuvwxyz", "ganada": GANADA, "chosung": "ㄱㄴㄷㄹㅁㅂㅅㅇㅈㅊㅋㅌㅍㅎ"}
    letters["upperLetter"] = letters["lowerLetter"].upper()
    letters["decimalEnclosedCircle"] = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
    row = letters.get(style, "")
    return row[number - 1] if 0 < number <= len(row) else str(number)


def _roman(number: int) -> str:
    out = ""
    number = max(0, min(number, 3999))
    for size, sign in _ROMAN + _ROMAN_LOW:
        out += sign * (number // size)
        number %= size
    return out


@dataclass(frozen=True, slots=True)
class NumberLevel:
    """How a level is numbered: style as in OOXML ("bullet" for a sign), template with %1 … %9 for the levels' numbers."""

    style: str
    template: str
    start: int = 1


@dataclass(slots=True)
class NumberCounter:
    """Counts the paragraphs of each list. levels: list id -> levels, outermost first."""

    levels: Mapping[str, list[NumberLevel]]
    _counts: dict[str, list[int]] = field(default_factory=dict)

    def marker(self, list_id: str, depth: int) -> str:
        """What stands before the next paragraph of a list at `depth` (from 0): "1.1", "제3조", "-" for a bullet, "" for none."""
        levels = self.levels.get(list_id, [])
        if not 0 <= depth < len(levels):
            return ""
        level = levels[depth]
        if level.style == "bullet":
            return "-"
        counts = self._counts.setdefault(list_id, [])
        counts += [levels[i].start - 1 for i in range(len(counts), depth + 1)]
        counts[depth] += 1
        del counts[depth + 1 :]
        return (
            _PLACE.sub(lambda place: self._number(levels, counts, int(place[1]) - 1), level.template)
            if level.style != "none"
            else ""
        )

    def _number(self, levels: list[NumberLevel], counts: list[int], depth: int) -> str:
        if not 0 <= depth < min(len(counts), len(levels)):
            return ""
        return format_number(max(counts[depth], levels[depth].start), levels[depth].style)

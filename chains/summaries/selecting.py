"""Which sentences of a long text are read: those that hold most of what their section is about, few of them alike.

Centroid summarisation (Radev et al. 2004) with SumBasic's discount (Nenkova, Vanderwende 2005): a sentence scores by the
section's frequent, rare-elsewhere words in it; what a chosen sentence has said counts less from then on. Words are content
morphemes, so nothing is embedded and 300 pages cost seconds.
"""

from __future__ import annotations

import heapq
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from chains.evidence import asks
from chains.summaries.base import Line, Material, Step
from ingest.morphemes import content_morphemes

WEIGHED = 400  # best lines of a span that are compared with each other
SAID = 0.3  # what is left of a word's weight once a chosen sentence holds it
TITLE_TOKENS = 14
LONG_CHARACTERS = (
    200  # what goes on for longer is no sentence to quote: lines that a PDF has run together, page sources
)
MARKUP_SHARE = 0.06
_TAG = re.compile(r"</?[a-z][a-z0-9]*(\s[^<>]*)?/?>|\[!\w+\]|\b\w+=\{|https?://\S{40,}|[}\]]\s*,\s*[{\[]", re.I)
_SIGN = re.compile(r"[{}<>\[\]|\\=`_~]")
_LEANS = re.compile(
    r"^(이는|이것|이때|이를|이로|이런|이러한|이 \S+|그것|그래서|그러나|그러므로|그 \S+|따라서|또한|또\b|하지만|반면|즉|다만|여기서|같은|둘|두 )"
)
_DEFINES = re.compile(
    r"^\W*[\w가-힣 ·\-]{1,40}(\([^)]{1,60}\))?(은|는|이란|란)\s.{6,}(입니다|이다|합니다|한다|말한다|말합니다|부른다|부릅니다)\.?$"
    r"|^\W*\**[\w가-힣 ·\-]{1,30}\**\s*[:：]\s\S"
)
_GLOSSED = re.compile(r"\([A-Za-z][^)]*\)(은|는|이란|란|이라고|라고)")
Prefer = Literal["centre", "definition"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """lines: indices in reading order. ranked: the same, the most telling first."""

    lines: tuple[int, ...]
    ranked: tuple[int, ...]


class Selector:
    """Weighs the lines of one material; the words of each are taken apart once."""

    def __init__(self, material: Material, prefer: Prefer) -> None:
        self._material, self._prefer = material, prefer

    @cached_property
    def _words(self) -> list[frozenset[str]]:
        return [frozenset(content_morphemes(line.text)) for line in self._material.lines]

    @cached_property
    def _rarity(self) -> Mapping[str, float]:
        """How few chunks a word is in."""
        by_chunk: dict[str, set[str]] = {}
        for line, words in zip(self._material.lines, self._words, strict=True):
            by_chunk.setdefault(line.chunk.id, set()).update(words)
        seen = Counter(word for words in by_chunk.values() for word in words)
        return {word: 0.3 + math.log1p(len(by_chunk) / count) for word, count in seen.items()}

    @cached_property
    def _forms(self) -> list[float]:
        return [self._form(i, line) for i, line in enumerate(self._material.lines)]

    def choose(self, step: Step, tokens: int) -> Chosen:
        """The lines of the step's span to read, at most so many tokens (but one line at least)."""
        first, last = step.span or (0, 0)
        told = [i for i in range(first, last) if not is_markup(self._material.lines[i].text)]
        span: Sequence[int] = told or range(first, last)
        weights = self._weights(span)
        pool = heapq.nlargest(WEIGHED, span, key=lambda i: self._score(i, weights))
        taken: list[int] = []
        left, places, leads = tokens, set[tuple[str, ...]](), {""}
        while pool:
            best = max(pool, key=lambda i: (self._score(i, weights), -i))
            pool.remove(best)
            line = self._material.lines[best]
            cost = line.tokens + (0 if line.headings in places else TITLE_TOKENS)
            cost += 0 if line.lead in leads else round(0.6 * len(line.lead))
            if cost > left and taken:
                if left < 12:
                    break
                continue
            taken.append(best)
            places.add(line.headings)
            leads.add(line.lead)
            left -= cost
            for word in self._words[best]:
                weights[word] = weights.get(word, 0.0) * SAID
        return Chosen(tuple(sorted(taken)), tuple(taken))

    def _weights(self, span: Iterable[int]) -> dict[str, float]:
        count = Counter(word for i in span for word in self._words[i])
        return {word: math.sqrt(n) * self._rarity[word] for word, n in count.items()}

    def _score(self, i: int, weights: Mapping[str, float]) -> float:
        words = self._words[i]
        centre = sum(weights.get(word, 0.0) for word in words) / math.sqrt(len(words) + 4)
        return centre * self._forms[i]

    def _form(self, i: int, line: Line) -> float:
        """How well a sentence stands alone; set by hand once and measured with the whole (docs/summaries.md)."""
        usual, wanted = (0.4, 2.0) if self._prefer == "definition" else (1.0, 1.25)
        factor = wanted if defines(line.text) else usual
        begins = i == 0 or self._material.lines[i - 1].headings != line.headings
        factor *= 1.15 if begins else 1.0
        factor *= 0.6 if _LEANS.match(line.text) else 1.0
        factor *= 0.3 if asks(line.text, line.chunk) else 1.0
        factor *= 0.5 if len(line.text) < 16 or line.kind == "row" else 1.0
        factor *= min(1.0, LONG_CHARACTERS / len(line.text))
        return factor * (0.2 if line.kind == "row" and not line.lead else 1.0)


def spread(ranked: Sequence[Line], count: int) -> list[Line]:
    """The most telling lines, no heading with more than its share while others have some left; at most `count`."""
    share = share_of(ranked, count)
    seen = Counter[tuple[str, ...]]()
    first: list[Line] = []
    later: list[Line] = []
    for line in ranked:
        seen[line.headings] += 1
        (first if seen[line.headings] <= share else later).append(line)
    return [*first, *later][:count]


def share_of(lines: Sequence[Line], count: int) -> int:
    """How many of `count` sentences one heading may have."""
    return max(1, -(-count // max(1, len({line.headings for line in lines}))))


def is_markup(text: str) -> bool:
    """Whether a line is a piece of a page's source rather than a sentence: tags, braces, a call-out's sign."""
    return bool(_TAG.search(text)) or len(_SIGN.findall(text)) > MARKUP_SHARE * len(text)


def defines(text: str) -> bool:
    """Whether a sentence says what something is."""
    return bool(_DEFINES.match(text) or _GLOSSED.search(text))


def rank(lines: Sequence[int], material: Material, prefer: Prefer) -> list[int]:
    """These lines of a material, the most telling first."""
    selector = Selector(Material(material.names, tuple(material.lines[i] for i in lines), material.tokens), prefer)
    chosen = selector.choose(Step(span=(0, len(lines))), 10**9)
    return [lines[i] for i in chosen.ranked]

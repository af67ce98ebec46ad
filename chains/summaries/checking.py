"""Makes checked sentences of a part's draft: each with its source sentence, or replaced by it, or marked.

The rule is that of an answer (chains/check.py): a small model's sentence stands only where it is faithful to the lines it
was written from; otherwise the line it leans on stands in its place, marked as quoted. A capable model's sentence stays,
and is marked where its support is weak.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from chains.answerable import is_refusal
from chains.cite import CitationRule, cite, normalise_marks
from chains.draft import is_fragment
from chains.evidence import is_question
from chains.ground import MARK, Grounder
from chains.injection import is_instruction
from chains.pack import join_units
from chains.summaries.base import Line
from chains.summaries.selecting import share_of, spread
from chains.units import sentences
from models.types import Citation, Passage, Sentence

_BULLET = re.compile(r"^\s*(?:[-*+•·▪#>]+|\(?\d{1,2}[.)]|[①-⑳])\s+")
_LABEL = re.compile(r"^\s*\**(요약|핵심|정리|답변?|summary)\**\s*[:：]\s*", re.I)
_END = re.compile(r"[.!?。…)\]’”\"'다요음함임]\s*$")
LEAST_CHARACTERS = 8


@dataclass(slots=True)
class Sources:
    """The source sentences that a summary cites, each with one number, in the order they were first cited."""

    lines: list[Line] = field(default_factory=list)
    _numbers: dict[tuple[str, str], int] = field(default_factory=dict)

    def number(self, line: Line) -> int:
        """From 1."""
        key = line.chunk.id, line.text
        if key not in self._numbers:
            self.lines.append(line)
            self._numbers[key] = len(self.lines)
        return self._numbers[key]

    def line(self, n: int) -> Line:
        return self.lines[n - 1]

    def citation(self, n: int) -> Citation:
        """The n-th source as people see it."""
        line = self.line(n)
        return Citation(n, line.chunk.source, line.place, line.text, line.chunk.id)

    def citations(self) -> tuple[Citation, ...]:
        return tuple(self.citation(n) for n in range(1, len(self.lines) + 1))


def passages_of(lines: Sequence[Line]) -> tuple[Passage, ...]:
    """The lines as passages, numbered from 1: neighbours in one chunk under one heading together, behind what introduces them."""
    found = []
    for n, (_, group) in enumerate(groupby(lines, lambda line: (line.chunk.id, line.headings)), start=1):
        members = list(group)
        texts = tuple(line.text for line in members)
        chunk = replace(members[0].chunk, text="", locator=members[0].place)  # support must come from what was read
        found.append(Passage(n, chunk, join_units(introduced(members)), texts, 0, 1.0))
    return tuple(found)


def introduced(lines: Sequence[Line]) -> list[str]:
    """Their texts, each behind what leads to it."""
    texts: list[str] = []
    for line in lines:
        if line.lead and line.lead not in texts:
            texts.append(line.lead)
        texts.append(line.text)
    return texts


def parts_of(draft: str) -> list[str]:
    """The sentences of a draft without bullets, labels and orders; the last one only if it came to its end."""
    found: list[str] = []
    for row in normalise_marks(draft).split("\n"):
        plain = _LABEL.sub("", _BULLET.sub("", row)).replace("**", "").strip()
        found += sentences(plain) if plain else []
    if len(found) > 1 and not _END.search(found[-1]):
        found.pop()
    told = [one for one in found if len(MARK.sub("", one).strip()) >= LEAST_CHARACTERS]
    return [one for one in dict.fromkeys(told) if not is_instruction(one) and not is_refusal(one)]


@dataclass(frozen=True, slots=True)
class PartChecker:
    """Checks the drafts of one part. lines: what the model read, in order. ranked: the same, the most telling first."""

    lines: Sequence[Line]
    ranked: Sequence[Line]
    grounder: Grounder
    rule: CitationRule
    small: bool

    def check(self, draft: str, count: int, sources: Sources) -> list[Sentence]:
        """At most `count` sentences; of a small model as many, if the lines hold so many."""
        by_text = {line.text: line for line in self.lines}
        found: list[Sentence] = []
        for part in parts_of(draft)[: count + 4]:
            if len(found) == count:
                break
            found = _distinct([*found, *self._sentence(part, by_text, sources)])
            found = self._apart(found, count, sources) if self.small else found
        if self.small or not found:
            told = {sources.line(n).text for sentence in found for n in sentence.citations}
            rest = [line for line in self.ranked if line.text not in told and not is_question(line.text)]
            placed = {sources.line(n).headings for sentence in found for n in sentence.citations}
            rest.sort(key=lambda line: line.headings in placed)  # stable: what nothing has been said about comes first
            found += quoted(sorted(spread(rest, count - len(found)), key=self.lines.index), sources)
        return found

    def _apart(self, found: Sequence[Sentence], count: int, sources: Sources) -> list[Sentence]:
        """Without more sentences from one heading than its share: small models repeat the beginning."""
        share, seen, kept = share_of(self.lines, count), Counter[tuple[str, ...]](), []
        for sentence in found:
            places = [sources.line(n).headings for n in sentence.citations[:1]]
            if all(seen[place] < share for place in places):
                kept.append(sentence)
                seen.update(places)
        return kept

    def _sentence(self, part: str, by_text: dict[str, Line], sources: Sources) -> list[Sentence]:
        support = self.grounder.check(part, "")
        if self.small and (
            support.score < self.rule.faithful or support.unsupported or is_fragment(part) or is_question(part)
        ):
            if support.score < self.rule.support or not support.by_passage:
                return []
            best = max(support.by_passage, key=lambda n: support.by_passage[n])
            return quoted([by_text[support.quotes[best]]], sources)
        numbered = {n: by_text[quote] for n, quote in support.quotes.items()}
        sentence = cite(part, support, [], self.rule)
        return [replace(sentence, citations=tuple(sources.number(numbered[n]) for n in sentence.citations))]


def quoted(lines: Sequence[Line], sources: Sources) -> list[Sentence]:
    """The documents' own sentences."""
    return [
        Sentence(_BULLET.sub("", line.text).strip(), 1.0, (sources.number(line),), (), True, quoted=True)
        for line in lines
    ]


def _distinct(found: Sequence[Sentence]) -> list[Sentence]:
    """Without a second sentence that says the same or quotes the same line."""
    kept: list[Sentence] = []
    for sentence in found:
        said = {one.text for one in kept}
        leant = {one.citations for one in kept if one.citations}
        if sentence.text not in said and not (sentence.quoted and sentence.citations in leant):
            kept.append(sentence)
    return kept

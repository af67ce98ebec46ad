"""A small model's summary, sentence by sentence: each is written from a few lines that belong together.

Asked to summarise freely, small models lean on the beginning and leave the rest out. So the most telling lines of the whole text
are found first, one a sentence, each with the lines that are nearest to it, and the model writes one sentence of each such group. It
stands only where it is faithful to its group and says what the most telling line says; otherwise that line stands itself. So a
summary with a model never tells less than the selection it was made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from chains.cite import CitationRule
from chains.draft import is_fragment
from chains.evidence import is_question
from chains.ground import MARK, Grounder, Support
from chains.pack import join_units
from chains.summaries.base import Line
from chains.summaries.checking import Sources, introduced, parts_of, quoted
from ingest.morphemes import content_morphemes
from models.types import Passage, Sentence

TOLD = 0.6  # of the words of a line, for a sentence to have said what it says
MOST_CITED = 3


@dataclass(frozen=True, slots=True)
class Group:
    """lines: in reading order, the seed among them."""

    seed: Line
    lines: tuple[Line, ...]


def grouped(lines: Sequence[Line], seeds: Sequence[Line]) -> list[Group]:
    """Each line with a seed under its heading, the one that it shares most with, else with the nearest; in reading order."""
    words = {id(seed): frozenset(content_morphemes(seed.text)) for seed in seeds}
    members: dict[int, list[Line]] = {id(seed): [] for seed in seeds}
    place = {id(line): i for i, line in enumerate(lines)}
    for i, line in enumerate(lines):
        own = frozenset(content_morphemes(line.text))
        alike = [seed for seed in seeds if seed.headings == line.headings]
        near = sorted(alike or seeds, key=lambda seed: abs(place[id(seed)] - i))
        best = max(near, key=lambda seed: len(own & words[id(seed)])) if alike else near[0]
        members[id(line if id(line) in words else best)].append(line)
    order = sorted(seeds, key=lambda seed: place[id(seed)])
    return [Group(seed, tuple(members[id(seed)])) for seed in order]


def passages_of_groups(groups: Sequence[Group]) -> tuple[Passage, ...]:
    """A passage a group, numbered from 1; besides its lines it can be leant on as a whole, since a sentence may join them."""
    found = []
    for n, group in enumerate(groups, start=1):
        texts = [line.text for line in group.lines]
        whole = [join_units(texts)] if len(texts) > 1 else []
        chunk = replace(group.seed.chunk, text="", locator=group.seed.place)
        found.append(Passage(n, chunk, join_units(introduced(group.lines)), (*texts, *whole), 0, 1.0))
    return tuple(found)


def fused(
    draft: str, groups: Sequence[Group], grounder: Grounder, rule: CitationRule, sources: Sources
) -> list[Sentence]:
    """A sentence a group: the model's where it holds, else the group's most telling line."""
    checked = [(part, grounder.check(part, "")) for part in parts_of(draft)]
    leaning = sorted(
        (_group_of(support), support.score, part) for part, support in checked if _holds(part, support, rule)
    )
    written = {n: [(part, score) for _, score, part in own] for n, own in groupby(leaning, lambda one: one[0])}
    said: list[Sentence] = []
    for n, group in enumerate(groups, start=1):
        told = [one for one in written.get(n, []) if grounder.coverage(group.seed.text, one[0]) >= TOLD]
        if told:
            best, score = max(
                told, key=lambda one: grounder.coverage(join_units([line.text for line in group.lines]), one[0])
            )
            said.append(_sentence(best, score, group, grounder, sources))
        else:
            said += quoted([group.seed], sources)
    return said


def _holds(part: str, support: Support, rule: CitationRule) -> bool:
    broken = support.unsupported or is_fragment(part) or is_question(part)
    return bool(support.by_passage) and support.score >= rule.faithful and not broken


def _group_of(support: Support) -> int:
    return max(support.by_passage, key=lambda n: support.by_passage[n])


def _sentence(part: str, score: float, group: Group, grounder: Grounder, sources: Sources) -> Sentence:
    """Cites the lines of its group that it tells, the most telling one first."""
    others = [line for line in group.lines if line is not group.seed and grounder.coverage(line.text, part) >= TOLD]
    numbers = tuple(sources.number(line) for line in [group.seed, *others][:MOST_CITED])
    return Sentence(MARK.sub("", part).strip(), round(score, 3), numbers, (), True)

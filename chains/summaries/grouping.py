"""Cuts a document into the parts that are read in one call each, and plans how their summaries are merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, groupby, pairwise, takewhile

from chains.summaries.base import Material, Shape, Step

MERGED_AT_ONCE = 8
LEAST_TOKENS = 240  # a smaller section shares a call with its neighbour


def of_equal_length(material: Material, shape: Shape) -> list[Step]:
    """Parts of about the same number of tokens, cut where a heading begins if one is near; at least one."""
    total = sum(line.tokens for line in material.lines)
    count = max(1, min(shape.parts, -(-total // max(1, shape.tokens)), len(material.lines)))
    ends = list(accumulate(line.tokens for line in material.lines))
    cuts = [0]
    for number in range(1, count):
        at = next(i for i, end in enumerate(ends, start=1) if end >= total * number / count)
        at = _near_heading(material, at, reach=max(1, len(ends) // (4 * count)))
        if cuts[-1] < at < len(ends):
            cuts.append(at)
    cuts.append(len(material.lines))
    return [Step(_shared(material, first, last), (first, last)) for first, last in pairwise(cuts)]


def by_headings(material: Material, shape: Shape) -> list[Step]:
    """A part a section, as deep in the tree of headings as `shape.parts` allows; without headings, of equal length."""
    deepest = max((len(line.headings) for line in material.lines), default=0)
    for depth in range(deepest, 0, -1):
        parts = _joined(material, _sections(material, depth))
        if len(parts) <= shape.parts:
            return parts if len(parts) > 1 else of_equal_length(material, shape)
    return of_equal_length(material, shape)


def merged(parts: Sequence[Step], shape: Shape) -> list[Step]:
    """The parts and the steps that merge them, a few at a time, up to one final step; joined parts stay as they are."""
    steps = list(parts)
    if shape.joined:
        return steps
    if len(steps) == 1:
        return [replace(steps[0], final=True)]
    level = list(range(len(steps)))
    while len(level) > MERGED_AT_ONCE:
        above = []
        for group in _evenly(level):
            steps.append(Step(_common([steps[i].title for i in group]), None, tuple(group)))
            above.append(len(steps) - 1)
        level = above
    return [*steps, Step(_common([step.title for step in parts]), None, tuple(level), final=True)]


def sections(material: Material) -> int:
    """How many parts the headings make."""
    deepest = max((len(line.headings) for line in material.lines), default=0)
    return len(_joined(material, _sections(material, deepest))) if deepest else 1


def _sections(material: Material, depth: int) -> list[Step]:
    found = []
    for key, group in groupby(range(len(material.lines)), lambda i: _key(material, i, depth)):
        indices = list(group)
        found.append(Step(key[1], (indices[0], indices[-1] + 1)))
    return found


def _key(material: Material, i: int, depth: int) -> tuple[str, tuple[str, ...]]:
    line = material.lines[i]
    return line.chunk.source, line.headings[:depth]


def _joined(material: Material, parts: Sequence[Step]) -> list[Step]:
    """Neighbours that are too small to be worth a call are one part, if they are of one document."""
    found: list[Step] = []
    for part in parts:
        if found and part.span and found[-1].span:
            first = found[-1].span[0]
            small = min(_tokens(material, found[-1]), _tokens(material, part)) < LEAST_TOKENS
            alike = material.lines[first].chunk.source == material.lines[part.span[0]].chunk.source
            if small and alike and _tokens(material, found[-1]) < 2 * LEAST_TOKENS:
                found[-1] = Step(_both(found[-1].title, part.title), (first, part.span[1]))
                continue
        found.append(part)
    return found


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """One title for two neighbours: what they share, and their own names side by side."""
    shared = _common([one, other])
    names = [name for path in (one, other) if len(path) > len(shared) for name in path[len(shared)].split(" · ")]
    return (*shared, " · ".join(dict.fromkeys(names))) if names else shared


def _tokens(material: Material, step: Step) -> int:
    first, last = step.span or (0, 0)
    return sum(line.tokens for line in material.lines[first:last])


def _near_heading(material: Material, at: int, reach: int) -> int:
    """The nearest place within `reach` lines where the headings change; `at` where there is none."""
    lines = material.lines
    places = [
        i for i in range(max(1, at - reach), min(len(lines), at + reach)) if lines[i].headings != lines[i - 1].headings
    ]
    return min(places, key=lambda i: abs(i - at), default=at)


def _shared(material: Material, first: int, last: int) -> tuple[str, ...]:
    return _common([line.headings for line in material.lines[first:last]])


def _common(paths: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    alike = takewhile(lambda level: len(set(level)) == 1, zip(*paths, strict=False))
    return tuple(level[0] for level in alike)


def _evenly(level: Sequence[int]) -> list[list[int]]:
    """Groups of at most MERGED_AT_ONCE, all about the same size."""
    count = -(-len(level) // MERGED_AT_ONCE)
    cuts = [round(i * len(level) / count) for i in range(count + 1)]
    return [list(level[a:b]) for a, b in pairwise(cuts)]

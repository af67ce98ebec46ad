"""Packs the sentences that matter into a token budget.

Reading the prompt is what a person waits for, so the budget is what this host reads in the time they allow. Sentences
are taken by their evidence score; one that leans on its neighbour ("이때 …", a list item, a table row) brings it along.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from chains.evidence import Candidate
from models.types import Passage

_LEANS = re.compile(
    r"^(이는|이것|이때|이를|이로|이런|이러한|이 \S+|그것|그래서|그러나|그러므로|그 \S+|따라서|또한|또\b|하지만|반면|즉|다만|여기서|예를 들|같은|둘|두 )"
)


@dataclass(frozen=True, slots=True)
class Budget:
    """tokens: of all passages together, headings included. passages: at most this many.

    least_share: sentences whose score is below this share of the best one's are not worth the reading, in [0, 1].
    """

    tokens: int
    passages: int = 4
    least_share: float = 0.0


def estimate_tokens(text: str) -> int:
    """Tokens that Qwen2's tokenizer makes of a text, within a few per cent; Hangul costs most.

    Fitted on the shipped course; exact counts would cost a call to the engine for each sentence.
    """
    hangul = sum("가" <= c <= "힣" for c in text)
    return round(0.72 * hangul + 0.36 * (len(text) - hangul)) + 1


def pack(
    candidates: Sequence[Candidate], scores: NDArray[np.float64], budget: Budget, title_tokens: int = 14
) -> tuple[Passage, ...]:
    """Passages numbered from 1, best evidence first. Empty only if there are no candidates."""
    places = {(c.hit, c.position): i for i, c in enumerate(candidates)}
    joined = _joined(candidates)
    taken: dict[int, set[int]] = {}
    left = budget.tokens
    for i in np.argsort(-scores, kind="stable"):
        if scores[i] < budget.least_share * scores.max():
            break
        place = joined[candidates[i].hit]
        group = [j for j in _with_context(int(i), candidates, places) if j not in taken.get(place, set())]
        cost = sum(estimate_tokens(candidates[j].unit.text) for j in group) + (0 if place in taken else title_tokens)
        if place not in taken and len(taken) >= budget.passages:
            continue
        if cost > left and taken:
            continue
        taken.setdefault(place, set()).update(group)
        left -= cost
        if left <= 0:
            break
    return _passages(taken, candidates, scores)


def _joined(candidates: Sequence[Candidate]) -> dict[int, int]:
    """Hit -> the hit it is one passage with: chunks that touch under one heading are read as one text."""
    chunks = {c.hit: c.chunk for c in candidates}
    root = {hit: hit for hit in chunks}
    ordered = sorted(chunks, key=lambda hit: (chunks[hit].document_id, chunks[hit].source, chunks[hit].ordinal))
    for before, after in pairwise(ordered):
        one, two = chunks[before], chunks[after]
        same = (one.document_id, one.source, one.locator) == (two.document_id, two.source, two.locator)
        if same and two.ordinal == one.ordinal + 1:
            root[after] = root[before]
    return root


def _with_context(i: int, candidates: Sequence[Candidate], places: dict[tuple[int, int], int]) -> list[int]:
    chosen, unit = candidates[i], candidates[i].unit
    if unit.lead is not None:
        lead = places.get((chosen.hit, unit.lead))
        return [i] if lead is None else [lead, i]
    before = places.get((chosen.hit, chosen.position - 1))
    if before is not None and _LEANS.match(unit.text):
        return [before, i]
    return [i]


def _passages(
    taken: dict[int, set[int]], candidates: Sequence[Candidate], scores: NDArray[np.float64]
) -> tuple[Passage, ...]:
    ranked = sorted(taken.items(), key=lambda item: -max(scores[j] for j in item[1]))
    passages = []
    for n, (_, members) in enumerate(ranked, start=1):
        order = sorted(members, key=lambda j: (candidates[j].chunk.ordinal, candidates[j].position))
        texts = tuple(candidates[j].unit.text for j in order)
        best = int(np.argmax([scores[j] for j in order]))
        chunk = candidates[order[best]].chunk
        passages.append(Passage(n, chunk, join_units(texts), texts, best, float(scores[order[best]])))
    return tuple(passages)


def join_units(texts: Sequence[str]) -> str:
    """Sentences side by side, but items, rows and code on lines of their own."""
    text = ""
    for part in texts:
        own_line = part.startswith(("|", "-", "*", "+", "•", "```", "$$")) or "\n" in part
        text += ("\n" if own_line or text.endswith("|") else " ") + part if text else part
    return text

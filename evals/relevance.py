"""Which hits of a ranking are relevant to a case, and the figures of rankings in their textbook form.

Gold items are the sentences of the case's evidence, or its documents where no evidence is known. A hit is relevant if it holds
one of them. A set knows each gold sentence and not every passage that says the same, so recall counts gold items and not
passages, and an item that overlapping chunks show twice is credited once, to the better rank.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from chains.matching import squeeze
from chains.units import cut
from evals.base import Case
from models.types import Hit, Passage

_SHORTEST = 6  # characters; shorter pieces of evidence stand anywhere


def gold_items(case: Case) -> tuple[str, ...]:
    """Gold sentences, squeezed, or document names; () for a case without an answer in the documents."""
    if not case.answerable:
        return ()
    return _gold_sentences(case.evidence) or case.documents


def held(case: Case, source: str, text: str) -> frozenset[int]:
    """Positions of the gold items that a text of this source holds."""
    sentences = _gold_sentences(case.evidence)
    if not sentences:
        return frozenset(i for i, name in enumerate(case.documents) if name == source)
    shown = squeeze(text)
    part = len(shown) >= _SHORTEST
    return frozenset(i for i, gold in enumerate(sentences) if gold in shown or (part and shown in gold))


def gains(case: Case, ranking: Sequence[Hit]) -> list[float]:
    """For each hit the share of the gold items that it is the first to hold; their sum is at most 1."""
    total, seen, found = len(gold_items(case)), set[int](), []
    for hit in ranking:
        fresh = held(case, hit.chunk.source, hit.chunk.text) - seen
        seen |= fresh
        found.append(len(fresh) / total)
    return found


def ideal_gains(case: Case, found: Sequence[float]) -> list[float]:
    """What a perfect ranking would bring: the gains that were found, best first, then each missing item by itself."""
    item = 1 / len(gold_items(case))
    missing = round((1 - sum(found)) / item)
    return sorted((gain for gain in found if gain), reverse=True) + [item] * missing


def packed_share(case: Case, passages: Sequence[Passage]) -> float:
    """Share of the gold items that stand in the passages the model was given."""
    everything = frozenset[int]().union(*(held(case, p.chunk.source, p.text) for p in passages))
    return len(everything) / len(gold_items(case))


def reciprocal_rank(relevant: Sequence[bool]) -> float:
    """1 / rank of the first relevant hit, 0 without one (Voorhees 1999)."""
    return next((1 / rank for rank, is_relevant in enumerate(relevant, start=1) if is_relevant), 0.0)


def dcg(found: Sequence[float]) -> float:
    """Discounted cumulative gain, gain / log2(1 + rank) (Järvelin, Kekäläinen 2002, as trec_eval has it)."""
    return sum(gain / math.log2(1 + rank) for rank, gain in enumerate(found, start=1))


def ndcg(found: Sequence[float], ideal: Sequence[float], k: int) -> float:
    """DCG of the first k over that of the ideal first k; 0 where there is nothing to find."""
    best = dcg(ideal[:k])
    return dcg(found[:k]) / best if best else 0.0


@lru_cache(maxsize=4096)
def _gold_sentences(evidence: str) -> tuple[str, ...]:
    pieces = (squeeze(unit.text) for unit in cut(evidence))
    return tuple(dict.fromkeys(p for p in pieces if len(p) >= _SHORTEST)) or tuple(filter(None, [squeeze(evidence)]))

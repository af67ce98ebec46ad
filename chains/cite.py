"""Resolves `[n]` in an answer: keeps a citation that holds, adds one that is missing, drops one that points nowhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chains.ground import MARK, Support
from models.types import Citation, Passage, Sentence

_LOOSE_MARKS = re.compile(r"[\[(（【]\s*(?:자료|출처|근거|문서|passage|source)?\s*(\d{1,2})\s*[\])）】]", re.I)


@dataclass(frozen=True, slots=True)
class CitationRule:
    """support: what a sentence needs to count as supported. keep: share of the best passage's score that a cited passage
    needs to stay cited. faithful: what the first sentence of a small model needs to stand in its own words; below it the
    documents' sentence takes its place. All in [0, 1]."""

    support: float = 0.5
    keep: float = 0.8
    faithful: float = 0.95


def normalise_marks(text: str) -> str:
    """[자료 1], (1), 【1】 and [1, 2] written as [1] and [1][2], so that one form is parsed and shown."""
    split = re.sub(
        r"\[(\d{1,2}(?:\s*[,;·]\s*\d{1,2})+)\]", lambda m: "".join(f"[{n}]" for n in re.findall(r"\d+", m[1])), text
    )
    return _LOOSE_MARKS.sub(lambda m: f"[{m[1]}]" if m[0][0] in "[【" else m[0], split)


def cite(text: str, support: Support, passages: Sequence[Passage], rule: CitationRule) -> Sentence:
    """The sentence without its marks, with the citations that the check confirms, best supported first."""
    claimed = [int(n) for n in MARK.findall(text)]
    plain = re.sub(r"\s+([.,!?。])", r"\1", MARK.sub("", text)).strip()
    supported = support.score >= rule.support and not support.unsupported
    kept = [n for n in dict.fromkeys(claimed) if support.by_passage.get(n, 0.0) >= rule.keep * support.score]
    if not supported and not kept:
        return Sentence(plain, round(support.score, 3), (), support.unsupported, False)
    if support.score >= rule.support and not kept and support.by_passage:
        kept = [max(support.by_passage, key=lambda n: support.by_passage[n])]
    kept = [n for n in kept if support.by_passage[n] >= rule.support] if supported else []
    kept.sort(key=lambda n: -support.by_passage[n])
    return Sentence(plain, round(support.score, 3), tuple(kept[:2]), support.unsupported, supported)


def citations_of(
    sentences: Sequence[Sentence], supports: Sequence[Support], passages: Sequence[Passage]
) -> tuple[Citation, ...]:
    """One citation for each passage and quote that a sentence cites, in the order they are first cited."""
    by_number = {p.n: p for p in passages}
    found: dict[tuple[int, str], Citation] = {}
    for sentence, support in zip(sentences, supports, strict=True):
        for n in sentence.citations:
            chunk, quote = by_number[n].chunk, support.quotes[n]
            found.setdefault((n, quote), Citation(n, chunk.source, chunk.locator, quote, chunk.id))
    return tuple(found.values())

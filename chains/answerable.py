"""Decides whether the documents answer a question at all, first from what was retrieved, then with the draft known.

A small model told to refuse still answers a third of the questions it should not. What gives such a question away is
mostly visible without a model: its rare words, names or numbers stand nowhere near the best sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chains.evidence import Candidate, Idf, covered, weighted_words
from chains.ground import Support
from chains.numbers import names, numbers
from ingest.morphemes import content_morphemes
from models.types import Passage

_REFUSALS = re.compile(
    r"(자료|문서|본문|내용|제공된|주어진)[^.]{0,30}(없|않|못)|답(을|변)?[^.]{0,12}(찾을 수 없|알 수 없|없습니다)|찾을 수 없습니다|알 수 없습니다"
    r"|not (mentioned|provided|found|specified)|cannot (find|answer)|no information",
    re.I,
)


def is_refusal(text: str) -> bool:
    """Whether a model's answer says that the documents do not hold it. Long answers that end so are answers."""
    return not text.strip() or (len(text) < 120 and bool(_REFUSALS.search(text)))


def retrieval_features(
    question: str, candidates: Sequence[Candidate], scores: NDArray[np.float64], passages: Sequence[Passage], idf: Idf
) -> dict[str, float]:
    """What retrieval alone tells. evidence, dense: of the best sentence; coverage: share of the question's word weight in
    one passage with its headings; missing_rare: weight share of its rarest word if no passage holds it; missing_names:
    names and numbers of the question in no passage (count)."""
    if not candidates:
        return {
            "evidence": 0.0,
            "second": 0.0,
            "coverage": 0.0,
            "missing_rare": 1.0,
            "missing_names": 0.0,
            "dense": 0.0,
        }
    wanted = weighted_words(question, idf)
    texts = [" ".join([*p.chunk.locator.headings, p.chunk.text]) for p in passages]
    held = [frozenset(content_morphemes(text)) for text in texts]
    everywhere = frozenset().union(*held)
    total = sum(wanted.values()) or 1.0
    missing = [weight / total for word, weight in wanted.items() if word not in everywhere]
    joined = re.sub(r"[\s\-_.]", "", " ".join(texts)).lower()
    known = numbers(" ".join(texts))
    absent = [n for n in names(question).values() if n not in joined and n not in everywhere]
    absent_numbers = [value for value in numbers(question) if value not in known]
    ranked = np.sort(scores)[::-1]
    return {
        "evidence": float(ranked[0]),
        "second": float(ranked[1]) if len(ranked) > 1 else 0.0,
        "coverage": max(covered(wanted, words) for words in held),
        "missing_rare": max(missing, default=0.0),
        "missing_names": float(min(2, len(absent) + len(absent_numbers))),
        "dense": max(c.features[2] for c in candidates),
    }


def draft_features(draft: str, supports: Sequence[Support]) -> dict[str, float]:
    """What the model's draft adds. support: of its first sentence; unsupported: numbers and names it made up (count)."""
    return {
        "model_refused": float(is_refusal(draft)),
        "support": supports[0].score if supports else 0.0,
        "unsupported": float(min(2, sum(len(s.unsupported) for s in supports))),
    }

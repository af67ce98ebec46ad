"""Scores sentences: how likely does this one hold the answer to that question?

A small model reads some 75 tokens a second on a laptop, so what stands before it has to be a few exact sentences. The
score is a logistic model over a handful of features (words shared, meaning, the chunk's rank, the kind of answer asked
for); its coefficients are fitted on question sets by `evals/calibrate.py` and kept in calibration.toml.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from chains.injection import is_instruction
from chains.units import Unit, cut
from ingest.morphemes import content_morphemes
from models.embedders.base import Embedder
from models.types import Chunk, Hit

Idf = Callable[[Sequence[str]], list[float]]

FEATURES = ("words", "heading_words", "dense", "chunk", "answer_kind", "row", "code", "short", "asks", "bias")

_KINDS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        re.compile(r"몇|얼마|비율|개수|크기|값|how (many|much|large|big)|what (value|rate|size)", re.I),
        re.compile(r"\d"),
    ),
    (re.compile(r"언제|몇 ?년|연도|when|which year|what year", re.I), re.compile(r"(19|20)\d\d")),
    (
        re.compile(r"왜|이유|까닭|때문|why|reason", re.I),
        re.compile(r"때문|므로|위해|이유|덕분|막기|줄이|않도록|도록|어서|아서"),
    ),
    (
        re.compile(r"뭐|무엇|뭔|무슨 뜻|의미|정의|란\b|what (is|are|does)|define|meaning", re.I),
        re.compile(r"(이란|란|은|는|이라고|라고)\s.*(이다|입니다|말한다|말합니다|뜻|부릅니다|부른다|합니다|한다)"),
    ),
    (
        re.compile(r"어떻게|방법|절차|how (do|does|to|can)", re.I),
        re.compile(r"하면|하려면|먼저|다음|통해|으로써|해서|하여|방법"),
    ),
    (re.compile(r"누가|누구|저자|만든 사람|who", re.I), re.compile(r"[A-Z][a-z]+|팀|연구|교수|회사")),
    (
        re.compile(r"차이|비교|다른|다르|versus|vs\.?|differ|compare", re.I),
        re.compile(r"반면|비해|보다|달리|차이|대신|지만"),
    ),
)


_ASKS = re.compile(r"[?？]\s*$|(보세요|하시오|쓰시오|구하라|하세요|보자|십시오)\.?\s*$")
_QUESTION = re.compile(r"[?？]\s*$|^\s*\d+[.)].*(세요|시오|하라|구하라|보자)\.?\s*$", re.S)
_ASKING_HEADING = re.compile(r"문제|퀴즈|연습|참고 ?문헌|목차|exercise|quiz|references|contents", re.I)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence that may be packed. features: as FEATURES, (len(FEATURES),); hit: index of its chunk among the hits."""

    unit: Unit
    chunk: Chunk
    hit: int
    position: int
    words: frozenset[str]
    vector: NDArray[np.float32]
    features: tuple[float, ...]


# Cosines mean different things to different embedders (unrelated sentences: 0.8 with e5, 0.1 with others). These pairs show an
# embedder's range; cosines are then put on the scale of multilingual-e5-small, on which everything here was fitted.
PARAPHRASES = (
    ("드롭아웃은 뉴런을 무작위로 끕니다.", "학습할 때 일부 뉴런을 임의로 0으로 만드는 것이 드롭아웃입니다."),
    ("학습률이 너무 크면 손실이 발산합니다.", "지나치게 큰 학습률을 쓰면 손실이 줄지 않고 커집니다."),
    ("서울은 대한민국의 수도입니다.", "한국의 수도는 서울입니다."),
    ("The cat sat on the mat.", "A cat was sitting on the mat."),
)
E5_UNRELATED, E5_PARAPHRASE = 0.773, 0.967


class SentenceVectors:
    """Vectors of sentences, kept for the most recent ones so that a follow-up or the answer's check costs nothing.

    Thread-safe. capacity: sentences; each costs about 2 KB.
    """

    def __init__(self, embedder: Embedder, capacity: int = 4096) -> None:
        self._embedder, self._capacity = embedder, capacity
        self._kept: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = Lock()
        self._range: tuple[float, float] | None = None

    def closeness(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines of this embedder on the scale of multilingual-e5-small, same shape."""
        if self._range is None:
            one = self.of([pair[0] for pair in PARAPHRASES])
            other = self.of([pair[1] for pair in PARAPHRASES])
            table = one @ other.T  # (P, P): paraphrases on the diagonal, unrelated pairs beside it
            alike = float(np.trace(table)) / len(PARAPHRASES)
            apart = (float(table.sum()) - float(np.trace(table))) / (len(PARAPHRASES) * (len(PARAPHRASES) - 1))
            self._range = apart, max(alike, apart + 1e-3)
        apart, alike = self._range
        scaled: NDArray[np.float32] = E5_UNRELATED + (cosines - apart) * (E5_PARAPHRASE - E5_UNRELATED) / (
            alike - apart
        )
        return scaled

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, (len(texts), dimension)."""
        if not texts:
            return np.zeros((0, self._embedder.dimension), dtype=np.float32)
        with self._lock:
            missing = [t for t in dict.fromkeys(texts) if t not in self._kept]
        fresh = dict(zip(missing, self._embedder.embed_passages(missing), strict=True)) if missing else {}
        with self._lock:
            vectors = np.stack([fresh[t] if t in fresh else self._kept[t] for t in texts])
            self._kept.update(fresh)
            for text in texts:
                self._kept.move_to_end(text)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return vectors


class EvidenceScorer:
    """Turns hits into scored sentences."""

    def __init__(self, vectors: SentenceVectors, idf: Idf, coefficients: Sequence[float]) -> None:
        if len(coefficients) != len(FEATURES):
            raise ValueError(f"{len(coefficients)} coefficients for {len(FEATURES)} features")
        self._vectors, self._idf = vectors, idf
        self._coefficients = np.asarray(coefficients, dtype=np.float64)

    def candidates(self, question: str, question_vector: NDArray[np.float32], hits: Sequence[Hit]) -> list[Candidate]:
        """Sentences of the hits with their features, in the order of hits and of reading; headings and orders to the model left out."""
        placed = [
            (h, p, unit)
            for h, hit in enumerate(hits)
            for p, unit in enumerate(cut(hit.chunk.text))
            if unit.kind != "heading" and not is_instruction(unit.text)
        ]
        vectors = self._vectors.of([unit.text for _, _, unit in placed])
        wanted = weighted_words(question, self._idf)
        kind = answer_kind(question)
        found = []
        closeness = self._vectors.closeness(vectors @ question_vector)
        for (h, p, unit), vector, near in zip(placed, vectors, closeness, strict=True):
            chunk = hits[h].chunk
            words = _words(unit.text)
            heading = _words(" ".join(chunk.locator.headings[-2:]))
            features = (
                covered(wanted, words),
                covered(wanted, words | heading) - covered(wanted, words),
                float(near),
                hits[h].score,
                1.0 if kind and kind.search(unit.text) else 0.0,
                1.0 if unit.kind == "row" else 0.0,
                1.0 if unit.kind in {"code", "formula"} else 0.0,
                1.0 if len(unit.text) < 15 else 0.0,
                1.0 if asks(unit.text, chunk) else 0.0,
                1.0,
            )
            found.append(Candidate(unit, chunk, h, p, words, vector, features))
        return found

    def scores(self, candidates: Sequence[Candidate]) -> NDArray[np.float64]:
        """Probability that each candidate holds the answer, (len(candidates),)."""
        if not candidates:
            return np.zeros(0)
        features = np.asarray([c.features for c in candidates])  # (N, F)
        scores: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-(features @ self._coefficients)))
        return scores


@lru_cache(maxsize=16_384)
def _words(text: str) -> frozenset[str]:
    """Content morphemes of a sentence, kept: a course has some thousand, and Kiwi is what scoring them costs most."""
    return frozenset(content_morphemes(text))


def answer_kind(question: str) -> re.Pattern[str] | None:
    """What an answer to this kind of question tends to contain, or None where the question does not tell."""
    return next((answer for asked, answer in _KINDS if asked.search(question)), None)


def asks(text: str, chunk: Chunk) -> bool:
    """Whether a sentence asks rather than tells: an exercise, or an entry of a list of references."""
    innermost = chunk.locator.headings[-1] if chunk.locator.headings else ""
    return bool(_ASKS.search(text) or _ASKING_HEADING.search(innermost))


def is_question(text: str) -> bool:
    """Whether a sentence asks, or is a numbered exercise; "…를 지정하세요" alone may well be an answer."""
    return bool(_QUESTION.search(text))


def weighted_words(text: str, idf: Idf) -> dict[str, float]:
    """Content morphemes of a text with their inverse document frequency."""
    words = sorted(set(content_morphemes(text)))
    return dict(zip(words, idf(words), strict=True))


def covered(wanted: dict[str, float], words: Iterable[str]) -> float:
    """Share of the wanted words' weight that `words` hold, in [0, 1]."""
    total = sum(wanted.values())
    present = words if isinstance(words, (set, frozenset)) else frozenset(words)
    return sum(weight for word, weight in wanted.items() if word in present) / total if total else 0.0


def inverse_document_frequency(frequency: int, documents: int) -> float:
    """BM25's idf (Robertson, Walker 1994), never negative."""
    return math.log(1.0 + (documents - frequency + 0.5) / (frequency + 0.5))

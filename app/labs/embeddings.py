"""Sentence vectors of the project's own e5: how alike the learner's sentences are, how that agrees with people, and search by meaning."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.labs.base import Choice, Code, Desk, Event, Figure, Progress, Range, Said, Score, Shown, Table, Try, Value
from app.labs.base import Words as Text
from app.labs.data.loading import load
from app.labs.figures import Axes, Cells, bars, heatmap, histogram, scatter
from app.labs.parts.embeddings_search import Found, Hit, fill, notes, opened, search
from app.labs.parts.embeddings_similarity import Agreement, Bm25, agreement, centred, cosines, overlap, pair_cosines
from app.labs.parts.word_pairs import principal
from models.errors import InputError

FEWEST, MOST, LABEL, BATCH, TOP = 2, 24, 12, 32, 5
STEP = 7  # how far sentences are shifted for pairs that nobody matched
PREFIXES = {"query": "query: ", "passage": "passage: ", "none": ""}
EXPECTED = (0.60, 0.90)  # of Spearman's on KorSTS, from ENOUGH pairs on
ENOUGH = 100
NOTES_S, PAIR_S, SENTENCE_S = 45.0, 0.06, 0.05
SENTENCES = """\
고양이가 소파에서 잠을 잔다.
소파 위에서 고양이가 자고 있다.
강아지가 마당에서 뛰어논다.
오늘 주가가 크게 떨어졌다.
증시가 급락했다.
나는 과제를 끝냈다.
나는 과제를 끝내지 못했다.
The cat is sleeping on the sofa."""
CODE = """\
vectors = model(["query: " + sentence for sentence in sentences])  # mean of the last layer's tokens
unit = vectors / norm(vectors)
cosines = unit @ unit.T
spread = vectors - mean_of_many_sentences                           # then as above: cosines about 0
"""
Vectors = NDArray[np.float64]


class EmbeddingsLab:
    """See the module."""

    name, order = "embeddings", 110
    notes = ("13-sentence-embeddings-vector-db.md",)
    network = ("app.labs.parts.embeddings_similarity", "models.embedders.e5")
    controls = (
        Text("sentences", SENTENCES, longest=6000, lines=8),
        Choice("prefix", tuple(PREFIXES), "query"),
        Range("pairs", 20, 1379, 200, log=True),
        Text("query", "드롭아웃 비율은 얼마로 둡니까?", longest=500),
    )
    tries = (
        Try(3, {"sentences": "고양이가 소파에서 잠을 잔다.\n오늘 주가가 크게 떨어졌다."}),
        Try(1, {"sentences": "나는 과제를 끝냈다.\n나는 과제를 끝내지 못했다.\n나는 숙제를 다 했다."}),
        Try(2, {"pairs": 200}),
    )

    def seconds(self, **values: Value) -> float:
        """The notes are embedded by the first run only."""
        lines = str(values["sentences"]).count("\n") + 1
        return NOTES_S + PAIR_S * float(values["pairs"]) + SENTENCE_S * min(lines, MOST)

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The learner's sentences, then what people say of pairs, then search."""
        sentences = read(str(values["sentences"]))
        from models.embedders.e5 import EMBEDDER

        embedder: Any = EMBEDDER.build("", desk.weights_dir, desk.threads)
        prefix = PREFIXES[str(values["prefix"])]
        found = load(desk, "korsts", train=1, test=int(values["pairs"]))
        yield found.used()
        pairs: list[Vectors] = []
        texts = [text for pair in found.test.inputs for text in pair]
        yield from _embedded(embedder, [prefix + text for text in texts], pairs)
        both = pairs[0].reshape(len(found.test), 2, -1)  # (2 N, D) -> (N, 2, D)
        own: Vectors = embedder.embed_raw([prefix + sentence for sentence in sentences]).astype(np.float64)
        yield from _alike(sentences, own, pairs[0].mean(axis=0))
        yield from _map(sentences, own)
        yield from _people(found.test.inputs, both, found.test.targets, found.name == "korsts")
        yield from _searched(desk, embedder, str(values["query"]))
        yield Shown(Code("cosine", CODE))


def read(text: str) -> list[str]:
    """A sentence a line. Raises InputError for too few and too many."""
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not FEWEST <= len(found) <= MOST:
        detail = f"sentences has {len(found)} lines; write {FEWEST} to {MOST} sentences, one a line"
        raise InputError(detail=detail, text_key="lines", name="sentences", count=len(found), fewest=FEWEST, most=MOST)
    return found


def _embedded(embedder: Any, texts: Sequence[str], into: list[Vectors]) -> Iterator[Event]:
    """Appends (N, D), in the order of the texts."""
    parts = []
    for start in range(0, len(texts), BATCH):
        yield Progress(start, len(texts), "pairs")
        parts.append(embedder.embed_raw(texts[start : start + BATCH]))
    into.append(np.concatenate(parts).astype(np.float64))


def _alike(sentences: Sequence[str], vectors: Vectors, mean: Vectors) -> Iterator[Event]:
    """The same sentences twice: cosines as they are, and without what all sentences share."""
    raw, spread = cosines(vectors), cosines(centred(vectors, mean))
    yield Shown(_matrix("raw", raw, sentences))
    yield Shown(_matrix("centred", spread, sentences))
    first, second = np.triu_indices(len(sentences), k=1)
    ends = [int(at) for at in (raw[first, second].argmin(), raw[first, second].argmax())]
    least, most = ((sentences[first[at]], sentences[second[at]], raw[first[at], second[at]]) for at in ends)
    values = {
        "least_a": least[0],
        "least_b": least[1],
        "least": f"{least[2]:.2f}",
        "most_a": most[0],
        "most_b": most[1],
        "most": f"{most[2]:.2f}",
        "centred": f"{spread[first[ends[0]], second[ends[0]]]:.2f}",
    }
    yield Shown(Said("alike", "alike", values))
    yield Score("least", float(least[2]), unit="loss")
    yield Score("most", float(most[2]), unit="loss")


def _matrix(name: str, values: Vectors, sentences: Sequence[str]) -> Figure:
    labels = [f"{at} {_cut(sentence)}" for at, sentence in enumerate(sentences, start=1)]
    cells = Cells(labels, range(1, len(labels) + 1), shown=len(labels) <= 12, apart=name == "centred", bar="cosine")
    return heatmap(name, values, cells)


def _cut(text: str) -> str:
    return text if len(text) <= LABEL else f"{text[: LABEL - 1]}…"


def _map(sentences: Sequence[str], vectors: Vectors) -> Iterator[Event]:
    """The two directions of the largest variance among the learner's sentences."""
    places, shares = principal(vectors)
    names = [_cut(sentence) for sentence in sentences]
    groups = {"sentences": (places[:, 0], places[:, 1])}
    yield Shown(scatter("map", groups, Axes("first", "second"), {"sentences": names}))
    yield Shown(Said("map", "map", {"share": f"{100 * float(shares.sum()):.0f}"}))


def _people(pairs: Sequence[tuple[str, str]], vectors: Vectors, people: Vectors, real: bool) -> Iterator[Event]:
    """How well each way agrees with what people said. vectors: (N, 2, D)."""
    mean = vectors.mean(axis=(0, 1))
    first, second = vectors[:, 0], vectors[:, 1]
    scores = {
        "e5": pair_cosines(first, second),
        "e5_centred": pair_cosines(first - mean, second - mean),
        **_by_words(pairs),
    }
    found = {name: agreement(each, people) for name, each in scores.items()}
    yield Shown(_table(found))
    drawn = [0.0 if math.isnan(one.spearman) else one.spearman for one in found.values()]
    yield Shown(bars("agreement", list(found), {"spearman": drawn}, Axes("spearman", ""), lying=True))
    low, high = EXPECTED if real and len(pairs) >= ENOUGH else (None, None)
    yield Score("spearman", found["e5"].spearman, low, high, unit="loss")
    yield Score("spearman_words", found["words"].spearman, unit="loss")
    points = {"pairs": (people, scores["e5"])}
    yield Shown(scatter("gold", points, Axes("people", "cosine")))
    unmatched = np.roll(second, STEP, axis=0)
    crowd = {"raw": pair_cosines(first, unmatched), "centred": pair_cosines(first - mean, unmatched - mean)}
    yield Shown(histogram("crowd", crowd, Axes("cosine", "count")))
    means = {name: f"{values.mean():.2f}" for name, values in crowd.items()}
    yield Shown(Said("crowd", "crowd", means))
    yield Score("unmatched", float(crowd["raw"].mean()), unit="loss")


def _by_words(pairs: Sequence[tuple[str, str]]) -> dict[str, Vectors]:
    """Baselines that know no meaning: shared words as they are written, shared morphemes, and BM25 of the morphemes."""
    from ingest.morphemes import content_morphemes

    morphemes = [(content_morphemes(a), content_morphemes(b)) for a, b in pairs]
    bm25 = Bm25([text for pair in morphemes for text in pair])
    return {
        "words": np.array([overlap(a.split(), b.split()) for a, b in pairs]),
        "morphemes": np.array([overlap(a, b) for a, b in morphemes]),
        "bm25": np.array([bm25.likeness(a, b) for a, b in morphemes]),
    }


def _table(found: dict[str, Agreement]) -> Table:
    rows = tuple(
        (name, *(_number(value) for value in (one.spearman, one.low, one.high, one.pearson)), one.pairs)
        for name, one in found.items()
    )
    return Table("agreement", ("way", "spearman", "low", "high", "pearson", "count"), rows)


def _number(value: float) -> float | str:
    return round(value, 3) if math.isfinite(value) else "–"


def _searched(desk: Desk, embedder: Any, query: str) -> Iterator[Event]:
    """The course notes by meaning and by words."""
    files = notes()
    yield Progress(0, len(files), "notes")
    with opened(desk.home, embedder) as store:
        for done in fill(store, files):
            yield Progress(done, len(files), "notes")
        found = search(store, embedder, query, TOP)
        chunks = store.chunk_count()
    for name in ("dense", "lexical", "fused"):
        yield Shown(_hits(name, getattr(found, name)))
    yield Shown(_differ(found, chunks))
    yield Score("shared", len(_shared(found)), unit="count")


def _hits(name: str, hits: Sequence[Hit]) -> Table:
    rows = tuple((hit.rank, hit.title, round(hit.score, 3), hit.other or "–", hit.text) for hit in hits)
    other = {"dense": "rank_lexical", "lexical": "rank_dense", "fused": "rank_dense"}[name]
    return Table(name, ("rank", "place", f"score_of_{name}", other, "beginning"), rows)


def _shared(found: Found) -> list[Hit]:
    """Of the dense hits those that the words find among their best, too."""
    return [hit for hit in found.dense if 0 < hit.other <= len(found.lexical)]


def _differ(found: Found, chunks: int) -> Said:
    if not found.lexical:
        return Said("differ", "no_words", {"chunks": chunks}, "bad")
    both = len(_shared(found))
    said = {"both": both, "dense": len(found.dense) - both, "chunks": chunks}
    return Said("differ", "differ", {**said, "words": ", ".join(found.words)})


LAB = EmbeddingsLab()

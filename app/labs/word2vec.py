"""Word vectors by skip-gram with negative sampling, trained on the course notes: neighbours, analogies and a map, and where they fail."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from app.labs.base import Choice, Code, Desk, Event, Figure, Progress, Range, Said, Score, Shown, Table, Try, Value
from app.labs.base import Words as Text
from app.labs.figures import Axes, line, scatter
from app.labs.parts.corpus import CORPUS, OWN, corpus
from app.labs.parts.word_pairs import Words, nearest, pairs, ppmi, principal, sentences_of, unit, words_of
from app.lessons.base import need_torch
from models.errors import InputError

BATCH = 128
NEIGHBOURS, MAPPED, ANSWERS = 10, 70, 3
FEWEST_WORDS = 8
SHOWN_S = 0.5
ANALOGIES = (
    ("bert", "인코더", "gpt", "디코더"),
    ("합성곱신경망", "이미지", "순환신경망", "문장"),
    ("numpy", "배열", "파이토치", "텐서"),
    ("생성자", "판별자", "인코더", "디코더"),
    ("높다", "낮다", "크다", "작다"),
    ("늘리다", "줄이다", "높다", "낮다"),
    ("앞", "뒤", "이전", "다음"),
    ("질문", "답", "입력", "출력"),
)
CODE = """\
for centre, context in pairs:                  # a word, and one within the window
    negatives = draw(counts ** 0.75, k)        # words at random
    slope_true = sigmoid(u[context] @ v[centre]) - 1
    slope_false = sigmoid(u[negatives] @ v[centre])
    step = slope_true * u[context] + slope_false @ u[negatives]
    u[context] -= rate * slope_true * v[centre]
    u[negatives] -= rate * outer(slope_false, v[centre])
    v[centre] -= rate * step
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """threshold: of subsampling; inf for none."""

    dimension: int
    window: int
    negatives: int
    epochs: int
    rate: float
    threshold: float
    seed: int


class Word2Vec:
    """See the module."""

    name, order = "word2vec", 60
    notes = ("09-word2vec.md",)
    network = ("models.nn.skip_gram",)
    controls = (
        CORPUS,
        OWN,
        Text("word", "인코더", longest=60),
        Text("analogy", "numpy 배열 파이토치", longest=120),
        Range("dimension", 2, 128, 48),
        Range("window", 1, 10, 5),
        Range("negatives", 1, 15, 5),
        Range("epochs", 1, 40, 15),
        Range("rate", 0.005, 0.5, 0.05, log=True, whole=False),
        Choice("subsampling", ("none", "0.01", "0.001"), "0.001"),
    )
    tries = (
        Try(1, {"word": "인코더"}),
        Try(3, {"analogy": "numpy 배열 파이토치"}),
        Try(2, {"epochs": 1, "rate": 0.005}),
    )
    small: ClassVar[Mapping[str, Value]] = {
        "corpus": "own",
        "epochs": 2,
        "dimension": 4,
        "word": "봄",
        "analogy": "봄 꽃 겨울",
    }

    def seconds(self, **values: Value) -> float:
        """Kiwi first; then some hundred steps a pass."""
        return 12.0 + float(values["epochs"]) * (0.5 + 0.012 * float(values["window"]) * float(values["negatives"]))

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """The vocabulary, training, then what the vectors know."""
        need_torch()
        text, used = corpus(str(values["corpus"]), str(values["own"]))
        yield used
        yield Progress(0, 1, "reading")
        course = values["corpus"] == "course"
        words = words_of(sentences_of(text), least=3 if course else 1)
        if len(words.words) < FEWEST_WORDS:
            detail = f"own has {len(words.words)} different words; write at least {FEWEST_WORDS}"
            raise InputError(
                detail=detail, text_key="few_words", name="own", count=len(words.words), least=FEWEST_WORDS
            )
        yield Shown(_vocabulary(words))
        yield Shown(Code("step", CODE))
        plan = _plan(values, desk.seed)
        vectors: list[NDArray[np.float64]] = []
        yield from _train(words, plan, vectors)
        if not np.isfinite(vectors[0]).all():
            yield Shown(Said("verdict", "diverged", tone="bad"))
            return
        yield from _neighbours(words, vectors[0], str(values["word"]), plan.window)
        yield from _analogies(words, vectors[0], str(values["analogy"]), course)
        yield from _map(words, vectors[0], str(values["word"]))


def _plan(values: Mapping[str, Value], seed: int) -> Plan:
    threshold = math.inf if values["subsampling"] == "none" else float(values["subsampling"])
    names = ("dimension", "window", "negatives", "epochs")
    whole = {name: int(values[name]) for name in names}
    return Plan(**whole, rate=float(values["rate"]), threshold=threshold, seed=seed)


def _vocabulary(words: Words) -> Table:
    """How much there is to learn from: little, and most words are rare."""
    counts = words.counts
    rows = (
        ("words", int(counts.sum())),
        ("different", len(counts)),
        ("under_10", int((counts < 10).sum())),
    )
    return Table("vocabulary", tuple(name for name, _ in rows), (tuple(number for _, number in rows),))


def _train(words: Words, plan: Plan, vectors: list[NDArray[np.float64]]) -> Iterator[Event]:
    """Fills `vectors` with the word vectors of length 1. The rate falls in a line to a tenth."""
    import torch

    from models.nn.skip_gram import SkipGram, kept_shares, negative_shares

    counts = torch.from_numpy(words.counts)
    drawn, kept = negative_shares(counts), kept_shares(counts, plan.threshold).numpy()
    model = SkipGram(len(words.words), plan.dimension, plan.seed)
    draw, rng = torch.Generator().manual_seed(plan.seed), np.random.default_rng(plan.seed)
    losses: list[float] = []
    last = 0.0
    for epoch in range(plan.epochs):
        every = torch.from_numpy(pairs(words.sentences, plan.window, kept, rng))  # (N, 2)
        batches = every.split(BATCH) if len(every) else ()
        total = 0.0
        for at, batch in enumerate(batches):
            false = torch.multinomial(drawn, len(batch) * plan.negatives, replacement=True, generator=draw)
            rate = plan.rate * (1 - 0.9 * (epoch + at / len(batches)) / plan.epochs)
            negatives = false.view(len(batch), plan.negatives)  # (B K,) -> (B, K)
            total += model.step(batch[:, 0], batch[:, 1], negatives, rate) * len(batch)
            if time.monotonic() - last > SHOWN_S:
                last = time.monotonic()
                yield Progress(epoch + at / len(batches), plan.epochs, "training")
        if len(every):
            losses.append(total / len(every))
        yield Shown(_curve(losses, plan))
    yield Progress(plan.epochs, plan.epochs, "training")
    vectors.append(model.vectors().numpy().astype(np.float64))
    if losses and math.isfinite(losses[-1]):
        yield Score("loss", losses[-1] / chance(plan), *EXPECTED, unit="share")


EXPECTED = (0.3, 0.95)


def chance(plan: Plan) -> float:
    """The loss of one that knows nothing, and takes every pair for true with a half: (1 + k) ln 2."""
    return (1 + plan.negatives) * math.log(2)


def _curve(losses: list[float], plan: Plan) -> Figure:
    epochs = list(range(1, len(losses) + 1))
    return line(
        "loss", {"train": (epochs, losses), "chance": ([1, plan.epochs], [chance(plan)] * 2)}, Axes("epoch", "loss")
    )


def _neighbours(words: Words, vectors: NDArray[np.float64], word: str, window: int) -> Iterator[Event]:
    """The nearest by our vectors, beside the nearest by counts alone (PPMI)."""
    number = words.number(word)
    if number is None:
        yield Shown(Said("neighbours", "no_word", {"word": word}, "bad"))
        return
    counted = unit(ppmi(words, window))
    ours = nearest(vectors, vectors[number], (number,), NEIGHBOURS)
    theirs = nearest(counted, counted[number], (number,), NEIGHBOURS)
    rows = tuple(
        (words.words[a], round(p, 3), int(words.counts[a]), words.words[b], round(q, 3), int(words.counts[b]))
        for (a, p), (b, q) in zip(ours, theirs, strict=True)
    )
    columns = ("word", "cosine", "count", "by_counts", "cosine", "count")
    yield Shown(Table("neighbours", columns, rows))
    shared = len({a for a, _ in ours} & {b for b, _ in theirs})
    said = {"word": words.words[number], "count": int(words.counts[number]), "shared": shared, "all": len(ours)}
    yield Shown(Said("neighbours", "neighbours", said))


def solve(words: Words, vectors: NDArray[np.float64], asked: tuple[int, int, int], alone: bool = False) -> list[int]:
    """a is to b as c is to …: all other words, by their cosine with b - a + c (Mikolov et al. 2013). alone: with c only."""
    a, b, c = asked
    target = vectors[c] if alone else vectors[b] - vectors[a] + vectors[c]
    return [number for number, _ in nearest(vectors, target, asked, len(words.words))]


def _analogies(words: Words, vectors: NDArray[np.float64], asked: str, course: bool) -> Iterator[Event]:
    """The learner's analogy; on the course notes a list of them, whose right answers are known."""
    numbers = _numbers(words, asked.replace(":", " ").replace("=", " ").split())
    if len(numbers) != 3:
        yield Shown(Said("analogy", "no_analogy", {"asked": asked}, "bad"))
    else:
        a, b, c = numbers
        best = ", ".join(words.words[at] for at in solve(words, vectors, (a, b, c))[:ANSWERS])
        said = {"a": words.words[a], "b": words.words[b], "c": words.words[c], "best": best}
        yield Shown(Said("analogy", "analogy", said))
    if course:
        yield from _known_analogies(words, vectors)


def _numbers(words: Words, asked: Sequence[str]) -> list[int]:
    """[] where one of them is not in the vocabulary."""
    found = [words.number(word) for word in asked]
    return [] if None in found else [number for number in found if number is not None]


def _known_analogies(words: Words, vectors: NDArray[np.float64]) -> Iterator[Event]:
    """ANALOGIES, beside what comes out without any subtraction: the nearest word of the third one (Linzen 2016)."""
    rows, right, alone_right = [], 0, 0
    for one in ANALOGIES:
        numbers = _numbers(words, one)
        if not numbers:
            continue
        a, b, c, d = numbers
        order, alone = solve(words, vectors, (a, b, c)), solve(words, vectors, (a, b, c), alone=True)
        right += order[0] == d
        alone_right += alone[0] == d
        best = ", ".join(words.words[at] for at in order[:ANSWERS])
        rows.append((f"{one[0]} : {one[1]} = {one[2]} : ?", one[3], order.index(d) + 1, alone.index(d) + 1, best))
    yield Shown(Table("analogies", ("question", "wanted", "rank", "rank_alone", "nearest"), tuple(rows)))
    said = {"right": right, "alone": alone_right, "all": len(rows), "words": len(words.words)}
    yield Shown(Said("analogies", "analogies", said))
    yield Score("analogies", right, 0, 6, unit="count")
    yield Score("analogies_alone", alone_right, unit="count")


def _map(words: Words, vectors: NDArray[np.float64], word: str) -> Iterator[Event]:
    """The most frequent words, and the chosen one with its neighbours, on the two directions of the largest variance."""
    number = words.number(word)
    near = (
        [] if number is None else [number, *(at for at, _ in nearest(vectors, vectors[number], (number,), NEIGHBOURS))]
    )
    chosen = [*near, *(at for at in range(min(MAPPED, len(words.words))) if at not in near)]
    places, shares = principal(vectors[chosen])
    cut = len(near)
    groups: dict[str, Any] = {"others": (places[cut:, 0], places[cut:, 1])}
    labels = {"others": [words.words[at] for at in chosen[cut:]]}
    if near:
        groups["near"] = (places[:cut, 0], places[:cut, 1])
        labels["near"] = [words.words[at] for at in near]
    yield Shown(scatter("map", groups, Axes("first", "second"), labels))
    yield Shown(Said("map", "map", {"share": f"{100 * float(shares.sum()):.0f}", "words": len(chosen)}))


LAB = Word2Vec()

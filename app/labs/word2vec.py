"""Word vectors by skip-gram with negative sampling, trained on the course notes: neighbours, analogies and a map, and where they fail.

With the weights that came along go the words themselves, in their sentences, so that Kiwi need not read the notes again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from app.labs.base import (
    Choice,
    Code,
    Desk,
    Event,
    Figure,
    Progress,
    Range,
    Said,
    Score,
    Shown,
    Table,
    Try,
    Used,
    Value,
    read_values,
)
from app.labs.base import Words as Text
from app.labs.checkpoints import CONTROL, SHIPPED, TRAIN, Made, find, place
from app.labs.figures import Axes, line, scatter
from app.labs.parts.corpus import CORPUS, OWN, along, corpus
from app.labs.parts.neighbour_map import kept, spread
from app.labs.parts.word_pairs import Words, nearest, pairs, ppmi, principal, sentences_of, unit, words_of
from app.lessons.base import need_torch
from models.errors import InputError

BATCH = 128
NEIGHBOURS, MAPPED, ANSWERS = 10, 70, 3
FEWEST_WORDS = 8
SHOWN_S = 0.5
SHIPPED_S = 6.0
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
        Choice(CONTROL, (SHIPPED, TRAIN), SHIPPED),
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
        Choice("map", ("pca", "umap"), "pca"),
    )
    tries = (
        Try(1, {"word": "인코더"}),
        Try(3, {"analogy": "numpy 배열 파이토치"}),
        Try(2, {CONTROL: TRAIN, "epochs": 1, "rate": 0.005}),
    )
    ships: ClassVar[Mapping[str, Value]] = {
        "corpus": "course",
        "dimension": 48,
        "window": 5,
        "negatives": 5,
        "epochs": 15,
        "rate": 0.05,
        "subsampling": "0.001",
    }
    small: ClassVar[Mapping[str, Value]] = {
        CONTROL: TRAIN,
        "corpus": "own",
        "epochs": 2,
        "dimension": 4,
        "word": "봄",
        "analogy": "봄 꽃 겨울",
    }

    def seconds(self, **values: Value) -> float:
        """Kiwi first; then some hundred steps a pass."""
        if along(values) and place(self.name):
            return SHIPPED_S
        return 12.0 + float(values["epochs"]) * (0.5 + 0.012 * float(values["window"]) * float(values["negatives"]))

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """What the vectors know, and how they were trained."""
        need_torch()
        made = find(self.name) if along(values) else None
        yield from _shipped(made, values, desk.seed) if made else _trained(values, desk.seed)

    def make(self, desk: Desk, **values: Value) -> Iterator[Progress | Made]:
        """Trained as `compute` trains; the words come with their vectors."""
        import torch

        given, began = read_values(self, values), time.monotonic()
        text, _ = corpus(str(given["corpus"]), str(given["own"]))
        words, learned = vocabulary(text, course=True), Learned()
        for event in _train(words, _plan(given, desk.seed), learned):
            if isinstance(event, Progress):
                yield event
        tensors = {
            "vectors": torch.from_numpy(learned.vectors),
            "counts": torch.from_numpy(words.counts).int(),
            "sentences": torch.from_numpy(np.concatenate(words.sentences)).short(),
            "lengths": torch.tensor([len(sentence) for sentence in words.sentences]).short(),
        }
        facts = {
            "data": f"course notes ({int(words.counts.sum()):,} content words)",
            "seconds": time.monotonic() - began,
            "characters": len(text),
            "words": words.words,
            "values": {name: given[name] for name in self.ships},
            "losses": learned.losses,
        }
        yield Made(tensors, facts)


@dataclass(slots=True)
class Learned:
    """vectors: of length 1, (V, D). losses: mean of each epoch."""

    vectors: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 0)))
    losses: list[float] = field(default_factory=list)


def _trained(values: Mapping[str, Value], seed: int) -> Iterator[Event]:
    """Learns first."""
    if values[CONTROL] == SHIPPED:
        yield Shown(Said(CONTROL, "not_shipped"))
    text, used = corpus(str(values["corpus"]), str(values["own"]))
    yield used
    yield Progress(0, 1, "reading")
    words = vocabulary(text, values["corpus"] == "course")
    yield Shown(_vocabulary(words))
    yield Shown(Code("step", CODE))
    learned = Learned()
    yield from _train(words, _plan(values, seed), learned)
    if not np.isfinite(learned.vectors).all():
        yield Shown(Said("verdict", "diverged", tone="bad"))
        return
    yield from _answers(words, learned.vectors, values)


def _shipped(made: Made, values: Mapping[str, Value], seed: int) -> Iterator[Event]:
    """Answers first, then how the vectors were trained."""
    facts, tensors = made.facts, {name: tensor.numpy() for name, tensor in made.tensors.items()}
    cuts = np.cumsum(tensors["lengths"].astype(np.int64))[:-1]
    sentences = np.split(tensors["sentences"].astype(np.int64), cuts)
    words = Words(tuple(facts["words"]), tensors["counts"].astype(np.int64), tuple(sentences))
    trained = {**values, **facts["values"]}
    yield Used("course", "shipped", facts["characters"])
    told = {"epochs": trained["epochs"], "dimension": trained["dimension"], "seconds": round(facts["seconds"])}
    yield Shown(Said(CONTROL, "shipped", told))
    yield from _answers(words, unit(tensors["vectors"].astype(np.float64)), trained)
    yield Shown(_vocabulary(words))
    yield Shown(_curve(facts["losses"], _plan(trained, seed)))
    yield Score("loss", facts["losses"][-1] / chance(_plan(trained, seed)), *EXPECTED, unit="share")
    yield Shown(Code("step", CODE))


def vocabulary(text: str, course: bool) -> Words:
    """The words of a text; of the course notes, those that occur often enough. Raises InputError for too few."""
    words = words_of(sentences_of(text), least=3 if course else 1)
    if len(words.words) < FEWEST_WORDS:
        detail = f"own has {len(words.words)} different words; write at least {FEWEST_WORDS}"
        raise InputError(detail=detail, text_key="few_words", name="own", count=len(words.words), least=FEWEST_WORDS)
    return words


def _answers(words: Words, vectors: NDArray[np.float64], values: Mapping[str, Value]) -> Iterator[Event]:
    """What the learner asks of vectors that were learnt."""
    yield from _neighbours(words, vectors, str(values["word"]), int(values["window"]))
    yield from _analogies(words, vectors, str(values["analogy"]), values["corpus"] == "course")
    yield from _map(words, vectors, str(values["word"]), str(values["map"]))


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


def _train(words: Words, plan: Plan, learned: Learned) -> Iterator[Event]:
    """Fills `learned`. The rate falls in a line to a tenth."""
    import torch

    from models.nn.skip_gram import SkipGram, kept_shares, negative_shares

    counts = torch.from_numpy(words.counts)
    drawn, kept = negative_shares(counts), kept_shares(counts, plan.threshold).numpy()
    model = SkipGram(len(words.words), plan.dimension, plan.seed)
    draw, rng = torch.Generator().manual_seed(plan.seed), np.random.default_rng(plan.seed)
    losses, last = learned.losses, 0.0
    for epoch in range(plan.epochs):
        every = torch.from_numpy(pairs(words.sentences, plan.window, kept, rng))  # (N, 2)
        batches = torch.split(every, BATCH) if len(every) else ()
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
    learned.vectors = model.vectors().numpy().astype(np.float64)
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
    said: dict[str, str | float | int] = {
        "word": words.words[number],
        "count": int(words.counts[number]),
        "shared": shared,
        "all": len(ours),
    }
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


def _map(words: Words, vectors: NDArray[np.float64], word: str, way: str) -> Iterator[Event]:
    """The most frequent words, and the chosen one with its neighbours: on the two directions of the largest variance, or so that
    neighbours stay together. Says how many do."""
    number = words.number(word)
    near = (
        [] if number is None else [number, *(at for at, _ in nearest(vectors, vectors[number], (number,), NEIGHBOURS))]
    )
    chosen = [*near, *(at for at in range(min(MAPPED, len(words.words))) if at not in near)]
    places, shares = principal(vectors[chosen])
    distances = np.maximum(1 - vectors[chosen] @ vectors[chosen].T, 0)
    if way == "umap":
        places = spread(distances, places)
    cut = len(near)
    groups: dict[str, Any] = {"others": (places[cut:, 0], places[cut:, 1])}
    labels = {"others": [words.words[at] for at in chosen[cut:]]}
    if near:
        groups["near"] = (places[:cut, 0], places[:cut, 1])
        labels["near"] = [words.words[at] for at in near]
    axes = Axes("first", "second") if way == "pca" else Axes(equal=True)
    yield Shown(scatter(f"map_{way}", groups, axes, labels))
    said: dict[str, str | float | int] = {"words": len(chosen), "kept": f"{100 * kept(distances, places):.0f}"}
    yield Shown(Said("map", f"map_{way}", said | {"share": f"{100 * float(shares.sum()):.0f}"}))


LAB = Word2Vec()

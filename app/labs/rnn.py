"""RNN, LSTM and GRU read film reviews step by step, beside a bag of words: gradients that vanish, and gates over the learner's sentence."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from app.labs.base import (
    Choice,
    Code,
    Control,
    Desk,
    Event,
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
from app.labs.data.loading import load
from app.labs.figures import Axes, line
from app.labs.parts.rnn_gradients import STEPS, arriving, share_left, streams
from app.labs.parts.rnn_reading import reading
from app.labs.parts.rnn_study import Learned, Study, judged_by, pack, prepare, unpack
from app.labs.parts.rnn_training import Curves, Plan, probabilities, train
from app.labs.parts.rnn_units import UNITS
from app.lessons.base import need_torch
from models.errors import InputError

Trained = tuple[Study, Learned]
CELLS = ("rnn", "lstm", "gru")
MADE, MADE_ROWS = "reviews-ko", 300  # what shipped weights are tried on: our own, so that they need no data
EMBEDDING, BATCH, SHIPPED_S = 64, 64, 15.0
LEAST_TEST, MOST_TEST = 300, 5000
SHOWN_MISTAKES, LONGEST_SHOWN = 10, 120
BACK = (10, 30, STEPS - 1)
OVERFIT, LEVEL = 0.1, 0.01  # so much better on what it has seen; so near to the baseline
MOST_UNKNOWN = 0.1
USUAL = {"nsmc": ((20_000, 3, 0.80), (5000, 2, 0.70))}  # least accuracy, from so many reviews and epochs on
TYPICAL = {"nsmc": {"jamo": 85, "syllable": 36, "morpheme": 20, "bpe": 15}}  # units of a review; 160 of IMDB's
CUT_S = {"nsmc": 0.001, "imdb": 0.01}  # a review, by Kiwi
FLOPS, STEP_S, BATCH_S, LONGEST_S = 8e9, 0.0004, 0.006, 1200.0  # what two slow cores do; overhead of a step, of a batch
CODE = """\
net = {way}({shape})
for epoch in range({epochs}):
    for units, lengths, kinds in batches:                # (B, T), (B,), (B,): of about the same length
        loss = cross_entropy(net(units, lengths, dropout={dropout}), kinds)
        optimiser.zero_grad()
        loss.backward()                                  # backpropagation through time
        clip_grad_norm_(net.parameters(), 1.0)           # against gradients that explode
        optimiser.step()
"""


class RnnLab:
    """See the module."""

    name, order = "rnn", 50
    notes: tuple[str, ...] = ("08-rnn-lstm-gru.md",)
    network: tuple[str, ...] = ("models.nn.recurrent", "app.labs.parts.rnn_baseline")
    controls: tuple[Control, ...] = (
        Text("sentence", "처음에는 조금 지루했지만 끝까지 보니 정말 감동적인 영화였다.", longest=1000, lines=3),
        Choice("cell", CELLS, "lstm"),
        Choice(CONTROL, (SHIPPED, TRAIN), SHIPPED),
        Choice("data", ("nsmc", "imdb"), "nsmc"),
        Choice("unit", UNITS, "morpheme"),
        Choice("pooling", ("last", "mean", "max"), "max"),
        Range("rows", 100, 50_000, 20_000, log=True),
        Range("width", 2, 256, 64),
        Range("dropout", 0.0, 0.8, 0.5, step=0.1, whole=False),
        Range("epochs", 1, 20, 4),
        Range("rate", 1e-4, 0.05, 0.002, log=True, whole=False),
        Choice("way", ("scratch", "torch"), "scratch"),
    )
    tries = (
        Try(3, {"cell": "rnn"}),
        Try(2, {"cell": "lstm"}),
        Try(3, {CONTROL: TRAIN, "unit": "jamo", "rows": 1000, "epochs": 1}),
    )
    small: ClassVar[Mapping[str, Value]] = {
        CONTROL: TRAIN,
        "unit": "syllable",
        "rows": 100,
        "width": 4,
        "epochs": 1,
        "sentence": "지루하지 않다",
    }
    ships: ClassVar[Mapping[str, Value]] = {
        "data": "nsmc",
        "unit": "morpheme",
        "pooling": "max",
        "rows": 20_000,
        "width": 64,
        "dropout": 0.5,
        "epochs": 4,
        "rate": 0.002,
        "way": "torch",
    }

    def seconds(self, **values: Value) -> float:
        """From the multiplications: six for each weight and unit, forward and backward; and each step of a batch has its overhead."""
        if self._along(values):
            return SHIPPED_S
        rows, epochs, width = int(values["rows"]), int(values["epochs"]), int(values["width"])
        length = TYPICAL.get(str(values["data"]), {}).get(str(values["unit"]), 160)
        parts = {"rnn": 1, "gru": 3, "lstm": 4}[str(values["cell"])]
        read = rows * (epochs + 0.3) * length * 1.2
        work = 6 * parts * width * (EMBEDDING + width) / FLOPS
        return (
            12.0 + rows * CUT_S[str(values["data"])] + read * (work + STEP_S / BATCH) + epochs * rows / BATCH * BATCH_S
        )

    def compute(self, desk: Desk, **values: Value) -> Iterator[Event]:
        """What was learned, or the learning itself; then the learner's sentence, gradients and mistakes. Raises InputError."""
        need_torch()
        cell, kept = str(values["cell"]), find(self.name) if self._along(values) else None
        if kept is None:
            if values[CONTROL] == SHIPPED:
                yield Shown(Said(CONTROL, "not_shipped"))
            study, learned = yield from trained(desk, values, (cell,), self.seconds(**values))
        else:
            study, learned = yield from _shipped(desk, kept)
        yield from _judged(study, learned, cell)
        if not math.isfinite(learned.curves[cell].train_loss[-1]):
            return
        yield from reading(study, learned.nets[cell], str(values["sentence"]))
        yield from _gradients(study, learned, cell, desk.seed)
        yield from _mistakes(study, learned.nets[cell])
        way = "TorchReader" if values["way"] == "torch" else "ScratchReader"
        yield Shown(Code("code", CODE.format(way=way, shape=learned.nets[cell].shape, **learned.facts["settings"])))

    def _along(self, values: Mapping[str, Value]) -> bool:
        """Whether weights came along for these data and units, and are wanted."""
        fits = all(values[name] == self.ships[name] for name in ("data", "unit"))
        return values[CONTROL] == SHIPPED and fits and place(self.name) is not None

    def make(self, desk: Desk, **values: Value) -> Iterator[Progress | Made]:
        """All three cells on the same reviews."""
        need_torch()
        chosen = read_values(self, values)
        study, learned = yield from _progress(trained(desk, chosen, CELLS, 0.0))
        yield pack(study, learned)


def _progress(work: Generator[Event, None, Trained]) -> Generator[Progress, None, Trained]:
    """Only how far it is, and what it returns."""
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            done: Trained = end.value
            return done
        if isinstance(event, Progress):
            yield event


def trained(
    desk: Desk, values: Mapping[str, Value], cells: tuple[str, ...], seconds: float
) -> Generator[Event, None, Trained]:
    """Loads, cuts, learns the baseline and a network for each cell. Raises InputError for what would take too long."""
    _bearable(seconds)
    rows = int(values["rows"])
    found = load(desk, str(values["data"]), train=rows, test=min(MOST_TEST, max(LEAST_TEST, rows // 4)))
    yield found.used()
    study = yield from _told(prepare(found, str(values["unit"])))
    learned, begun = Learned(), time.monotonic()
    for cell in cells:
        yield from _learn(study, values, cell, desk.seed, learned)
    learned.facts |= {
        "data": found.name,
        "origin": found.origin,
        "rows": len(study.train),
        "seconds": time.monotonic() - begun,
        "settings": {name: values[name] for name in ("width", "pooling", "epochs", "rate", "dropout")},
        "baseline": study.baseline,
        "unknown": study.unknown,
    }
    return study, learned


def _bearable(seconds: float) -> None:
    if seconds > LONGEST_S:
        minutes, most = round(seconds / 60), round(LONGEST_S / 60)
        detail = (
            f"this would take about {minutes} minutes; choose fewer reviews, epochs or units (at most {most} minutes)"
        )
        raise InputError(detail=detail, text_key="too_much", minutes=minutes, most=most)


def _told(work: Generator[float, None, Study]) -> Generator[Event, None, Study]:
    while True:
        try:
            yield Progress(next(work), 1, "cutting")
        except StopIteration as end:
            study: Study = end.value
            return study


def _learn(study: Study, values: Mapping[str, Value], cell: str, seed: int, learned: Learned) -> Iterator[Event]:
    """Adds the cell's network, as one from scratch, and its curves to `learned`."""
    from models.nn.recurrent import WAYS, ScratchReader, Shape

    chosen: dict[str, Any] = {"cell": cell, "pooling": values["pooling"]}
    shape = Shape(len(study.vocabulary), EMBEDDING, int(values["width"]), **chosen)
    net, curves, baseline = WAYS[str(values["way"])](shape, seed), Curves(), study.baseline
    size = {"parameters": f"{shape.parameters:,}", "rows": f"{len(study.train):,}", "units": f"{shape.vocabulary:,}"}
    yield Shown(Said("size", "size", {**size, "steps": f"{study.steps:.0f}"}))
    plan = Plan(int(values["epochs"]), float(values["rate"]), float(values["dropout"]), seed, BATCH)
    for done, curves in train(net, study.train, study.held, plan):
        yield Progress(done, 1, "learning")
        yield from _curves(curves, baseline)
    twin = ScratchReader(shape)
    twin.load(net.state_dict())
    learned.nets[cell], learned.curves[cell] = twin, curves


def _curves(curves: Curves, baseline: float) -> Iterator[Event]:
    losses = {
        "train": (curves.epochs, curves.train_loss),
        "held": (curves.epochs, curves.held_loss),
        "batches": (curves.moments, curves.batch_loss),
    }
    level = ([0, max(curves.epochs[-1], 1)], [baseline] * 2)
    shares = {"train": (curves.epochs, curves.train), "held": (curves.epochs, curves.held), "baseline": level}
    yield Shown(line("loss", losses, Axes("epoch", "loss"), marks=True))
    yield Shown(line("accuracy", shares, Axes("epoch", "accuracy", span_y=(0.4, 1)), marks=True))


def _shipped(desk: Desk, made: Made) -> Generator[Event, None, Trained]:
    """What came along, to be tried on reviews of our own."""
    study, learned = unpack(made)
    facts = learned.facts
    told = {"rows": f"{facts['rows']:,}", "seconds": f"{facts['seconds']:.0f}", **facts["settings"]}
    yield Used(facts["data"], "shipped", facts["rows"])
    yield Shown(Said(CONTROL, "shipped", {**told, "units": f"{len(study.vocabulary):,}"}))
    found = load(desk, MADE, test=MADE_ROWS)
    yield replace(found, train=found.train.take(np.arange(0))).used()
    return judged_by(study, found.test), learned


def _judged(study: Study, learned: Learned, cell: str) -> Iterator[Event]:
    """Accuracy beside the baseline's, and what that says."""
    curves, facts = learned.curves[cell], learned.facts
    baseline = facts["baseline"]
    yield from _curves(curves, baseline)
    if not math.isfinite(curves.train_loss[-1]):
        yield Shown(Said("verdict", "diverged", tone="bad"))
        return
    yield Score("accuracy", curves.held[-1], low=_least(facts), unit="share")
    yield Score("baseline", baseline, unit="share")
    yield Score("train", curves.train[-1], unit="share")
    yield Score("unknown", facts["unknown"], high=MOST_UNKNOWN, unit="share")
    yield Score("seconds", facts["seconds"], unit="seconds")
    rows: list[tuple[str | float | int, ...]] = [
        (
            f"cell_{name}",
            net.shape.parameters,
            round(learned.curves[name].held[-1], 4),
            round(learned.curves[name].train[-1], 4),
        )
        for name, net in learned.nets.items()
    ]
    yield Shown(
        Table(
            "cells",
            ("model", "parameters", "held", "train"),
            (*rows, ("cell_baseline", len(study.bag.keys), round(baseline, 4), "–")),
        )
    )
    yield Shown(_verdict(curves, baseline))


def _least(facts: Mapping[str, Any]) -> float | None:
    """Where the accuracy usually is at least, with so many reviews and epochs; None where nobody can say."""
    epochs = facts["settings"]["epochs"]
    found = (least for rows, few, least in USUAL.get(facts["data"], ()) if facts["rows"] >= rows and epochs >= few)
    return next(found, None)


def _verdict(curves: Curves, baseline: float) -> Said:
    held, seen = curves.held[-1], curves.train[-1]
    values = {"held": f"{100 * held:.1f}", "train": f"{100 * seen:.1f}", "baseline": f"{100 * baseline:.1f}"}
    if seen - held > OVERFIT:
        return Said("verdict", "overfit", values, "bad")
    if abs(held - baseline) <= LEVEL:
        return Said("verdict", "level", values)
    return Said("verdict", "ahead", values, "good") if held > baseline else Said("verdict", "behind", values)


def _gradients(study: Study, learned: Learned, cell: str, seed: int) -> Iterator[Event]:
    """How much of the gradient arrives so many steps back: of all three cells before they learn, then of what was trained."""
    from models.nn.recurrent import ScratchReader

    units, kinds = streams(study.held)
    shape = learned.nets[cell].shape
    fresh = {name: ScratchReader(replace(shape, cell=name), seed) for name in CELLS}  # type: ignore[arg-type]
    rows: list[tuple[str | float | int, ...]] = []
    for when, nets in (("before", fresh), ("after", learned.nets)):
        curves: dict[str, Any] = {}
        for name, net in nets.items():
            for part, norms in arriving(net, units, kinds).items():
                key = name if part == "state" else f"{name}_memory"
                curves[key] = (range(len(norms)), [norm / norms[0] if norms[0] else math.nan for norm in norms])
                rows.append((f"cell_{key}", f"when_{when}", *(share_left(norms, back) for back in BACK)))
        yield Shown(line(f"gradients_{when}", curves, Axes("back", "gradient", log_y=True)))
    finite = tuple(tuple(x if not isinstance(x, float) or math.isfinite(x) else "–" for x in row) for row in rows)
    yield Shown(Table("left", ("model", "when", *(f"back_{back}" for back in BACK)), finite))
    left = next(row[2] for row in finite if row[:2] == (f"cell_{cell}", "when_after"))
    if not isinstance(left, str):
        yield Score("left", left)


def _mistakes(study: Study, net: Any) -> Iterator[Event]:
    """Who is right where, and the reviews on which the network is surest and wrong."""
    given = probabilities(net, study.held.numbers)[:, 1]  # (N,) of the second class
    counted = study.bag.probabilities(study.held.numbers)  # (N,)
    truth = study.held.kinds == 1
    ours, theirs = (given > 0.5) == truth, (counted > 0.5) == truth
    cases = (
        ("who_both", ours & theirs),
        ("who_network", ours & ~theirs),
        ("who_baseline", ~ours & theirs),
        ("who_neither", ~ours & ~theirs),
    )
    counts = tuple((name, int(who.sum()), round(float(who.mean()), 3)) for name, who in cases)
    yield Shown(Table("agreement", ("who", "reviews", "share"), counts))
    wrong = np.flatnonzero(~ours)
    surest = wrong[np.argsort(-np.abs(given[wrong] - 0.5), kind="stable")][:SHOWN_MISTAKES]
    rows = tuple(
        (_short(study.texts[n]), f"is_{int(truth[n])}", round(float(given[n]), 3), round(float(counted[n]), 3))
        for n in surest.tolist()
    )
    yield Shown(Table("mistakes", ("review", "true", "network", "baseline"), rows))


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST_SHOWN else flat[: LONGEST_SHOWN - 1] + "…"


LAB = RnnLab()

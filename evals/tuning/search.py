"""Coordinate search over a grid, cross-validated by document, and the front between quality and cost.

A small set tempts a search to fit its accidents, so a step is taken only where its paired gain is clear of its noise, and
what is reported is not the winner's figure on the questions it won on: each fold's documents are held out, the whole search
runs on the others, and its choice is measured on the held-out ones against the default.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evals.base import Case, Group, Outcome
from evals.calibrate import folds
from evals.statistics import Difference, Estimate, difference, estimate
from evals.tuning.space import Measured, Point, Space

CLEAR = 2.0  # standard errors, about what a 95 % interval that excludes 0 asks for
LIKELY = 1.0  # for a known point: it has won elsewhere, so chance is a lesser explanation
ROUNDS = 3  # over all settings; a round without a step ends the search sooner

Measure = Callable[[Point], Measured]
Positions = NDArray[np.int64]


class PackedShare:
    """The searched figure, for evals.statistics; its rows are made here."""

    name = "evidence_packed"
    group: Group = "retrieval"
    higher_is_better = True

    def evaluate(self, case: Case, outcome: Outcome) -> float | None:
        """Never asked: rows come from Measured."""
        return None


@dataclass(frozen=True, slots=True)
class Validated:
    """What a search is worth on documents that it has not seen. chosen: by each fold's search."""

    default: Estimate
    tuned: Estimate
    gain: Difference | None
    chosen: tuple[Point, ...]


def coordinate_search(start: Point, space: Space, measure: Measure, cases: Positions, most_cost: float) -> Point:
    """The best point within `most_cost` by mean over these cases, one setting at a time from `start` or a known point.

    A step needs a mean paired gain of more than `CLEAR` standard errors; a point that is as good in every case and a tenth
    cheaper is a gain too.
    """
    here = max(
        (start, *space.known), key=lambda point: _preference(measure(start), measure(point), cases, most_cost, LIKELY)
    )
    for _ in range(ROUNDS):
        before = here
        for others in space.neighbours(here):
            here = max((here, *others), key=lambda point: _preference(measure(here), measure(point), cases, most_cost))
        if here == before:
            break
    return here


def cross_validate(start: Point, space: Space, measure: Measure, cases: Sequence[Case], most_cost: float) -> Validated:
    """Runs the search once a fold of documents, and each choice on the documents it has not seen."""
    before, after = np.array(measure(start).shares), np.zeros(len(cases))
    chosen = []
    for train, test in folds(cases):
        if not train or not test:
            continue
        point = coordinate_search(start, space, measure, np.asarray(train), most_cost)
        after[test] = np.array(measure(point).shares)[test]
        chosen.append(point)
    if not chosen:
        after = before
    default, tuned = ([(value,) for value in shares.tolist()] for shares in (before, after))
    metric = PackedShare()
    return Validated(
        estimate(metric, default), estimate(metric, tuned), difference(metric, default, tuned), tuple(chosen)
    )


def front(measured: Sequence[Measured]) -> list[Measured]:
    """The points that no other beats in quality at no more cost (Pareto), cheapest first."""
    best: list[Measured] = []
    for one in sorted(measured, key=lambda m: (m.cost, -m.quality, m.point)):
        if not best or one.quality > best[-1].quality:
            best.append(one)
    return best


def _preference(
    here: Measured, other: Measured, cases: Positions, most_cost: float, clear: float = CLEAR
) -> tuple[float, float]:
    """How much better than `here` a point is, (0, 0) where that is not clear: the largest is taken, the first of equals."""
    if other is here or other.cost > most_cost:
        return (0.0, 0.0) if other is here else (-1.0, 0.0)
    gains = (np.array(other.shares) - np.array(here.shares))[cases]
    gain, error = float(gains.mean()), float(gains.std()) / np.sqrt(len(gains))
    if gain > clear * error or here.cost > most_cost:
        return gain, 0.0
    cheaper = 1 - other.cost / here.cost
    return (0.0, cheaper) if not gains.any() and cheaper > 0.1 else (-1.0, 0.0)

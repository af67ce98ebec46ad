"""Adapts a pretrained network in every way, with more and more images and several seeds; the trials are the lesson's own.

for done in run(Study("cnn", each=20), task, old): ...        a trial each; done.trials[way, images] holds them
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from app.labs.parts.transfer_data import LESSON_NAMES, Material
from app.lessons.base import interval
from app.lessons.images import WAYS, Recipe, Trial, pretrained, score, score_by_kind, trial

FEWEST, POINTS = 2, 4
PRETRAINED_ON = ("fashion-mnist", "digits")  # what the lesson's networks know five kinds of
STEP_S: Mapping[str, float] = {"frozen": 0.003, "partial": 0.022, "full": 0.03, "scratch": 0.03}
JUDGING_S = 0.35


@dataclass(frozen=True, slots=True)
class Study:
    """each: images of a kind, at most. See Recipe for the others."""

    net: str
    each: int
    blocks: int = 1
    steps: int = 80
    seeds: int = 3
    decay: float = 1.0

    def amounts(self) -> tuple[int, ...]:
        """At most POINTS numbers of images, from the fewest to `each`, each about as many times the one before."""
        grown = (FEWEST * (self.each / FEWEST) ** (n / (POINTS - 1)) for n in range(POINTS))
        return tuple(sorted({round(one) for one in grown}))

    def seconds(self) -> float:
        """At most, on two cores; without loading."""
        each = sum(self.steps * cost + JUDGING_S for cost in STEP_S.values())
        return len(self.amounts()) * self.seeds * each


@dataclass(slots=True)
class Trials:
    """What was tried so far. trials: by way and images of a kind, a seed each."""

    trials: dict[tuple[str, int], list[Trial]] = field(default_factory=dict)
    done: int = 0
    total: int = 1

    def curve(self, way: str) -> list[tuple[int, float, float, float]]:
        """Images of a kind; mean, least and greatest accuracy on new kinds."""
        found = ((each, [one.accuracy for one in tried]) for (at, each), tried in self.trials.items() if at == way)
        return sorted((each, *interval(values)) for each, values in found)

    def kept(self, way: str) -> list[tuple[int, float, float, float]]:
        """The same of the accuracy on old kinds; [] from scratch."""
        found = []
        for (at, each), tried in self.trials.items():
            values = [one.kept for one in tried if one.kept is not None]
            if at == way and values:
                found.append((each, *interval(values)))
        return sorted(found)

    def kept_by(self, way: str, each: int) -> tuple[float, ...]:
        """Mean over the seeds, by old kind."""
        return _means([one.kept_by for one in self.trials[way, each]])

    def moved(self, way: str, each: int) -> dict[str, float]:
        """Mean over the seeds, by part."""
        tried = self.trials[way, each]
        return {part: sum(one.moved[part] for one in tried) / len(tried) for part in tried[0].moved}


def _means(rows: list[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(sum(column) / len(column) for column in zip(*rows, strict=True))


def recipe(study: Study, way: str, each: int, seed: int) -> Recipe:
    """One trial's. Seeds count from 1, as in the lesson."""
    return Recipe(study.net, way, each, seed, study.blocks, study.steps, study.decay)


def run(study: Study, task: Material, old: Material, first_seed: int = 0) -> Iterator[tuple[str, Trials]]:
    """The way that is tried next and what there is before it; at the end ("", everything)."""
    amounts = study.amounts()
    found = Trials(total=len(amounts) * len(WAYS) * study.seeds)
    for each in amounts:
        for way in WAYS:
            tried: list[Trial] = []
            for seed in range(first_seed + 1, first_seed + study.seeds + 1):
                yield way, found
                tried.append(trial(recipe(study, way, each, seed), task.pictures, old.pictures))
                found.done += 1
            found.trials[way, each] = tried
    yield "", found


def before(net: str, old: Material) -> tuple[float, tuple[float, ...]]:
    """What the pretrained network knows of its old kinds before it learns anything new: all of them, and by kind."""
    model, (images, kinds) = pretrained(net, old.pictures.name), old.pictures.held(seen=True)
    return score(model, images, kinds), score_by_kind(model, images, kinds)


def knows(old: Material) -> bool:
    """Whether the networks were pretrained on these data; else nothing can be said of forgetting."""
    return old.found.name in PRETRAINED_ON and old.pictures.name in (*LESSON_NAMES.values(), "digits")

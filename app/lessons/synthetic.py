"""Real against synthetic data: sentences that people wrote, sentences made of patterns and terms, and mixtures of both.

What is scored is always how well real sentences are recognised.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.lessons.amount import METRICS, averaged
from app.lessons.base import Bench, Control, Progress, Result, Row, Value, need_torch
from app.lessons.sentences import Sentence, examples, invented
from app.lessons.tiny import Plan
from app.lessons.trial import Trial, before

COUNT, STEPS = 60, 60
SEEDS = (1, 2, 3)
MIXES = {"real": (COUNT, 0), "half": (COUNT // 2, COUNT // 2), "invented": (0, COUNT), "both": (COUNT, COUNT)}
"""Real and invented sentences of each mixture."""


class Synthetic:
    """See the module."""

    name, order, right, minutes, apart = "synthetic", 50, 2, 3.0, True
    controls = (Control("mix", tuple(MIXES), "half"),)

    def compute(self, bench: Bench, **values: Value) -> Iterator[Progress | Result]:
        need_torch()
        mix = str(values["mix"])
        trials: list[Trial] = []
        for seed in SEEDS:
            trials.append(Trial("full", mixed(mix, seed), Plan(steps=STEPS, seed=seed)))
            for step in trials[-1].steps():
                if step % 5 == 0:
                    yield Progress((len(trials) - 1) * STEPS + step, len(SEEDS) * STEPS, key=mix)
        base = Row("base", {"score": before()["score"], "forgot": 0.0})
        made: dict[str, Value] = {
            "base": "small",
            "method": "full",
            "steps": STEPS,
            "batch": Plan().batch,
            "seeds": len(SEEDS),
        }
        yield Result(METRICS, (base, averaged(mix, trials, label="")), made=made)


def mixed(mix: str, seed: int) -> list[Sentence]:
    """Real and invented examples in the shares of the mixture, both drawn by the seed."""
    real, made_up = MIXES[mix]
    return [*examples(real, seed), *examples(made_up, seed, invented())]


LESSON = Synthetic()

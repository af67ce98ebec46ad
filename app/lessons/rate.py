"""The learning rate, from 1e-5 to 1e-2 and beyond what is good: a run that stalls, one that converges, one that destroys.

All parameters of the small language model learn, for the same number of steps from the same start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from app.lessons.base import Bench, Control, Curve, Metric, Progress, Result, Row, Value, need_torch
from app.lessons.sentences import examples
from app.lessons.tiny import Plan
from app.lessons.trial import Trial, before

RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
EXAMPLES, STEPS = 120, 80
METRICS = (Metric("score", "share", "high"), Metric("forgot", "loss", "low"))
STALLED, DESTROYED = 0.1, 1.5
"""Less gained than this share of right topics is standing still; more lost than this on other text is destroyed."""


class Rate:
    """See the module."""

    name, order, right, minutes, apart = "rate", 20, 2, 1.0, True
    controls = (Control("rate", RATES, 1e-3),)

    def compute(self, bench: Bench, **values: Value) -> Iterator[Progress | Result]:
        need_torch()
        rate = float(values["rate"])
        key = f"{rate:g}"
        trial = Trial("full", examples(EXAMPLES, seed=1), Plan(rate, STEPS, warmup=2))
        for step in trial.steps():
            if step % 4 == 0:
                yield Progress(step, STEPS, label=key, partial=(curve(key, trial.losses),))
        row = Row(key, {name: trial.figures[name] for name in ("score", "forgot")}, label=key)
        made: dict[str, Value] = {
            "base": "small",
            "method": "full",
            "examples": EXAMPLES,
            "steps": STEPS,
            "batch": Plan().batch,
            "seed": 1,
        }
        verdict = judge(trial.figures, before()["score"])
        yield Result(METRICS, (row,), (curve(key, trial.losses),), verdict=verdict, made=made)


def curve(key: str, losses: Sequence[float]) -> Curve:
    """The loss by step."""
    return Curve(key, tuple(enumerate(losses, 1)), label=key)


def judge(figures: Mapping[str, float | None], base_score: float) -> str:
    """What the rate did: destroys, stalls or converges."""
    score, forgot = figures["score"], figures["forgot"]
    if forgot is None or not forgot < DESTROYED:  # also where it is no number any more
        return "destroys"
    return "stalls" if score is None or score - base_score < STALLED else "converges"


LESSON = Rate()

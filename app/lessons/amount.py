"""How many examples are needed: 10, 30, 100 or 300 of them, read equally often in all, over three draws."""

from __future__ import annotations

from collections.abc import Iterator

from app.lessons.base import Bench, Control, Metric, Progress, Result, Row, Value, interval, need_torch
from app.lessons.sentences import examples
from app.lessons.tiny import Plan
from app.lessons.trial import Trial, before

COUNTS = (10, 30, 100, 300)
SEEDS = (1, 2, 3)
STEPS = 60
METRICS = (Metric("score", "share", "high"), Metric("forgot", "loss", "low"))


class Amount:
    """See the module."""

    name, order, right, minutes, apart = "amount", 40, 3, 2.0, True
    controls = (Control("count", COUNTS, 30),)

    def compute(self, bench: Bench, **values: Value) -> Iterator[Progress | Result]:
        need_torch()
        count = int(values["count"])
        trials: list[Trial] = []
        for seed in SEEDS:
            trials.append(Trial("full", examples(count, seed), Plan(steps=STEPS, seed=seed)))
            for step in trials[-1].steps():
                if step % 5 == 0:
                    yield Progress((len(trials) - 1) * STEPS + step, len(SEEDS) * STEPS, label=str(count))
        made: dict[str, Value] = {
            "base": "small",
            "method": "full",
            "steps": STEPS,
            "batch": Plan().batch,
            "seeds": len(SEEDS),
        }
        base = Row("base", {"score": before()["score"], "forgot": 0.0})
        yield Result(METRICS, (base, averaged(str(count), trials)), made=made)


def averaged(key: str, trials: list[Trial], label: str | None = None) -> Row:
    """The mean over the draws, with the least and the greatest of the score."""
    score, low, high = interval([t.figures["score"] or 0.0 for t in trials])
    forgot = sum(t.figures["forgot"] or 0.0 for t in trials) / len(trials)
    shown = key if label is None else label
    return Row(key, {"score": score, "forgot": forgot}, label=shown, low={"score": low}, high={"score": high})


LESSON = Amount()

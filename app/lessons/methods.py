"""Seven methods on the same examples and the same seed: score, forgetting, trained parameters, memory and time beside each other.

Shipped figures are of the real 0.5B (`benchmarks/methods.py`); the button's are of the small language model, with the same code of
finetune/methods, so that they take minutes.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.lessons.base import Bench, Control, Curve, Progress, Result, Row, Value, need_torch
from app.lessons.sentences import examples
from app.lessons.tiny import Plan
from app.lessons.trial import METHODS, METRICS, RATES, Trial, before

EXAMPLES = 120
EXPECTED = {"score": (0.3, 1.0), "forgot": (-0.5, 4.0)}


class Methods:
    """See the module."""

    name, order, right, minutes, apart = "methods", 10, 2, 3.0, True
    controls = (Control("steps", (20, 60, 120), 60),)

    def compute(self, bench: Bench, **values: Value) -> Iterator[Progress | Result]:
        need_torch()
        steps, chosen = int(values["steps"]), examples(EXAMPLES, seed=1)
        rows = [Row("base", {"score": before()["score"], "forgot": 0.0, "trained": 0.0, "memory": 0.0, "seconds": 0.0})]
        curves: list[Curve] = []
        for number, method in enumerate(METHODS):
            trial = Trial(method, chosen, Plan(RATES[method], steps))
            for step in trial.steps():
                if step % 5 == 0:
                    yield Progress(number * steps + step, len(METHODS) * steps, key=method, partial=tuple(curves))
            rows.append(Row(method, trial.figures))
            curves.append(Curve(method, tuple(enumerate(trial.losses, 1))))
        made: dict[str, Value] = {
            "base": "small",
            "examples": EXAMPLES,
            "steps": steps,
            "batch": Plan().batch,
            "seed": 1,
        }
        yield Result(METRICS, tuple(rows), tuple(curves), made=made, expected=EXPECTED, checked=METHODS)


LESSON = Methods()

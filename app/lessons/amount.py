"""How many examples are needed: 10, 30, 100 or 300 of them, read equally often in all, over three draws."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from app.lessons.base import Bench, Control, Metric, Progress, Result, Row, Value, interval, need_torch
from app.lessons.sentences import Sentence, examples
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
        trials = yield from drawn(lambda seed: examples(count, seed), label=str(count))
        yield result(averaged(str(count), trials))


def drawn(
    chosen: Callable[[int], list[Sentence]], label: str = "", key: str = ""
) -> Generator[Progress | Result, None, list[Trial]]:
    """A full training of the small model on each draw's sentences. chosen: of a seed. label, key: how the progress is named."""
    trials: list[Trial] = []
    for seed in SEEDS:
        trials.append(Trial("full", chosen(seed), Plan(steps=STEPS, seed=seed)))
        for step in trials[-1].steps():
            if step % 5 == 0:
                yield Progress((len(trials) - 1) * STEPS + step, len(SEEDS) * STEPS, key=key, label=label)
    return trials


def result(row: Row) -> Result:
    """The row beside the model before any training."""
    base = Row("base", {"score": before()["score"], "forgot": 0.0})
    made: dict[str, Value] = {
        "base": "small",
        "method": "full",
        "steps": STEPS,
        "batch": Plan().batch,
        "seeds": len(SEEDS),
    }
    return Result(METRICS, (base, row), made=made)


def averaged(key: str, trials: list[Trial], label: str | None = None) -> Row:
    """The mean over the draws, with the least and the greatest of the score."""
    score, low, high = interval([t.figures["score"] or 0.0 for t in trials])
    forgot = sum(t.figures["forgot"] or 0.0 for t in trials) / len(trials)
    shown = key if label is None else label
    return Row(key, {"score": score, "forgot": forgot}, label=shown, low={"score": low}, high={"score": high})


LESSON = Amount()

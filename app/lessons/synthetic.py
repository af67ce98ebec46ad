"""Real against synthetic data: sentences that people wrote, sentences made of patterns and terms, and mixtures of both.

What is scored is always how well real sentences are recognised.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.lessons.amount import averaged, drawn, result
from app.lessons.base import Bench, Control, Progress, Result, Value, need_torch
from app.lessons.sentences import Sentence, examples, invented

COUNT = 60
MIXES = {"real": (COUNT, 0), "half": (COUNT // 2, COUNT // 2), "invented": (0, COUNT), "both": (COUNT, COUNT)}
"""Real and invented sentences of each mixture."""


class Synthetic:
    """See the module."""

    name, order, right, minutes, apart = "synthetic", 50, 2, 3.0, True
    controls = (Control("mix", tuple(MIXES), "half"),)

    def compute(self, bench: Bench, **values: Value) -> Iterator[Progress | Result]:
        need_torch()
        mix = str(values["mix"])
        trials = yield from drawn(lambda seed: mixed(mix, seed), key=mix)
        yield result(averaged(mix, trials, label=""))


def mixed(mix: str, seed: int) -> list[Sentence]:
    """Real and invented examples in the shares of the mixture, both drawn by the seed."""
    real, made_up = MIXES[mix]
    return [*examples(real, seed), *examples(made_up, seed, invented())]


LESSON = Synthetic()

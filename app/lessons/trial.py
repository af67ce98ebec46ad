"""One method, one plan, one set of examples on the small language model: what it learns, what it forgets, what it costs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.lessons.base import Metric
from app.lessons.sentences import Sentence, tests
from app.lessons.tiny import Plan, accuracy, forgetting, learn, load

MB = 1e6
ADAM_BYTES = 12  # a trained parameter's gradient and Adam's two means, in float32
METRICS = (
    Metric("score", "share", "high"),
    Metric("forgot", "loss", "low"),
    Metric("trained", "count", "low"),
    Metric("memory", "mb", "low"),
    Metric("seconds", "seconds", "low"),
)
OPTIONS: dict[str, dict[str, Any]] = {
    "partial": {"layers": 1},
    "adapter": {"size": 16},
    "prompt": {"tokens": 8, "init": "이 문장은 어느 주제를 설명하나요"},
    "prefix": {"tokens": 8},
    "lora": {"r": 8, "alpha": 16},
    "dora": {"r": 8, "alpha": 16, "dora": True},
}
RATES = {"full": 1e-3, "partial": 2e-3, "adapter": 5e-3, "prompt": 3e-2, "prefix": 2e-2, "lora": 5e-3, "dora": 5e-3}
"""What suits each: methods that train little want a high rate."""
METHODS = tuple(RATES)


@dataclass(slots=True)
class Trial:
    """A run that has not begun. `steps` takes it to its end; then `figures` are there. losses: of the steps so far."""

    method: str
    chosen: Sequence[Sentence]
    plan: Plan
    losses: list[float] = field(default_factory=list)
    figures: dict[str, float | None] = field(default_factory=dict)

    def steps(self) -> Iterator[int]:
        """Number of each step as it is taken. Raises what loading and preparing raise."""
        model = prepared(self.method)
        trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
        started = time.perf_counter()
        for number, loss in enumerate(learn(model, self.chosen, self.plan), 1):
            self.losses.append(loss)
            yield number
        seconds = time.perf_counter() - started
        self.figures = measured(model) | {
            "trained": float(trained),
            "memory": trained * ADAM_BYTES / MB,
            "seconds": seconds,
        }


def prepared(method: str) -> Any:
    """A fresh small model that the method has made ready to learn. Raises InputError, MissingError."""
    from finetune.recipe import methods, parse

    name = "lora" if method == "dora" else method
    recipe = parse({"method": name, "options": OPTIONS.get(method, {})})
    return methods()[name].prepare(load(), recipe)


def measured(model: Any) -> dict[str, float | None]:
    """score: right topics; forgot: loss on other text, above what it was before."""
    model.eval()
    return {"score": accuracy(model, tests()), "forgot": forgetting(model) - before()["loss"]}


def before() -> Mapping[str, float]:
    """The same of the model as it was pretrained: score and loss."""
    if not _BEFORE:
        model = load()
        _BEFORE.update(score=accuracy(model, tests()), loss=forgetting(model))
    return _BEFORE


_BEFORE: dict[str, float] = {}

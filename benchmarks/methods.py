"""Seven methods on the real 0.5B: the same examples, seed and steps, by the recipes and the loop that users run.

    python -m benchmarks.methods --home HOME --data assistant [--steps 16] [--test 40]

Needs HOME with the weights and a dataset (`coursemate finetune data make`). Every method trains in a process of its own, so that its
peak of memory is its own, and is then measured with the same ruler as the base: `likely`, the probability of an answer's right token
on held-out examples (the geometric mean, 1 / perplexity), `forgot`, the loss on general Korean text above the base's
(finetune/watch.toml), trained parameters, memory and the seconds of the steps. Writes data/lessons/methods.json.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.lessons.base import Curve, Metric, Result, Row, folder
from app.lessons.trial import METHODS
from finetune import recipe as recipes
from finetune.base_model import locate
from finetune.data.store import Datasets
from finetune.losses import compared
from finetune.training import RESULT, Work, train
from models.fetch import WeightsStore

METRICS = (
    Metric("likely", "share", "high"),
    Metric("forgot", "loss", "low"),
    Metric("trained", "count", "low"),
    Metric("memory", "mb", "low"),
    Metric("seconds", "seconds", "low"),
)
MB = 1e6


def one(arguments: argparse.Namespace) -> dict[str, Any]:
    """One method, in this process: {"base": figures, "figures": …, "curve": [[step, loss], …]}."""
    recipe = recipes.changed(
        recipes.find(arguments.one),
        {
            "data": arguments.data,
            "steps": arguments.steps,
            "batch_tokens": 1024,
            "accumulation": 1,
            "max_tokens": 1000,
            "seed": 0,
            "validate_every": 0,
            "watch_every": 0,
            "ask_every": 0,
            "questions": [],
            "save_every": 1000,
        },
    )
    home = Path(arguments.home)
    store = WeightsStore(home / "weights")
    with tempfile.TemporaryDirectory() as place:
        work = Work(Path(place), home, home / "weights", recipe)
        train(work)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB
        events = work.journal.events()
        base = locate(recipe.base, home, store)
        test = Datasets(home).find(arguments.data).examples("test")[: arguments.test]
        found = compared(base, recipe.method, work.folder / RESULT, test)
    assert found.memory_before and found.memory_after
    return {
        "base": {"likely": _likely(found.before), "forgot": 0.0},
        "figures": {
            "likely": _likely(found.after),
            "forgot": found.memory_after.loss - found.memory_before.loss,
            "trained": float(next(e.values["trained_parameters"] for e in events if e.kind == "started")),
            "memory": memory,
            "seconds": max(e.values["seconds"] for e in events if e.kind == "step"),
        },
        "curve": [[e.step, e.values["loss"]] for e in events if e.kind == "step"],
        "learning_rate": recipe.learning_rate,
        "examples": len(test),
    }


def _likely(rows: Sequence[tuple[float, float]]) -> float:
    return math.exp(-sum(loss for loss, _ in rows) / sum(tokens for _, tokens in rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", required=True)
    parser.add_argument("--data", default="assistant")
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--test", type=int, default=40)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(one(arguments)))
        return
    rows, curves, found = [], [], {}
    for method in METHODS:
        command = [sys.executable, "-m", "benchmarks.methods", *sys.argv[1:], "--one", method]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        found = json.loads(said.splitlines()[-1])
        print(method, {name: round(value, 3) for name, value in found["figures"].items()}, flush=True)
        rows.append(Row(method, found["figures"]))
        curves.append(Curve(method, tuple((step, loss) for step, loss in found["curve"])))
    _write(rows, curves, found, arguments)


def _write(rows: list[Row], curves: list[Curve], last: dict[str, Any], arguments: argparse.Namespace) -> None:
    base = Row("base", last["base"])
    made = {
        "base": "qwen2.5-coder-0.5b",
        "examples": last["examples"],
        "steps": arguments.steps,
        "tokens": 1024,
        "seed": 0,
        "cores": 2,
        "day": f"{datetime.now(UTC):%Y-%m-%d}",
    }
    result = Result(METRICS, (base, *rows), tuple(curves), made=made)
    text = json.dumps(result.to_dict(), ensure_ascii=False, indent=1)
    (folder() / "methods.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""The labs' full figures: what each reaches with all its data, over three seeds, beside what it is held against.

    python -m benchmarks.labs [mlp …] --data FOLDER [--seeds 3] [--out FILE]

FOLDER holds datasets as they are published, one folder a dataset (app/labs/data/catalog.toml). Each run goes through the lab's own
`compute`, in this process. The table is Markdown: lab and setting, the data it found, the score's mean and its least and
greatest over the seeds, seconds of a run, and the reference.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.labs.base import Desk, Lab, Score, Used, Value, read_values
from app.labs.running import labs


@dataclass(frozen=True, slots=True)
class Setting:
    """One row: the values that are set, which score is read, and what it should be."""

    title: str
    values: Mapping[str, Value]
    score: str
    reference: str


FASHION_FULL = {"data": "fashion-mnist", "rows": 60_000, "layers": 2, "width": 256, "epochs": 12}
FULL: dict[str, Sequence[Setting]] = {
    "mlp": (
        Setting("Fashion-MNIST, 2 x 256, ReLU, Adam", FASHION_FULL, "accuracy", ">= 0.87"),
        Setting("the same with torch.nn", {**FASHION_FULL, "way": "torch"}, "accuracy", "as from scratch"),
        Setting("no hidden layer", {**FASHION_FULL, "layers": 0}, "accuracy", "about 0.84 (softmax regression)"),
        Setting("digits", {"data": "digits", "rows": 1437, "epochs": 20}, "accuracy", ">= 0.88"),
    ),
    "boundary": (
        Setting("moons", {"toy": "moons"}, "accuracy", ">= 0.95"),
        Setting(
            "spiral, 2 x 32, 200 epochs", {"toy": "spiral", "layers": 2, "width": 32, "epochs": 200}, "accuracy", ""
        ),
    ),
    "regression": (
        Setting("linear, standardised", {}, "gap", "<= 0.001"),
        Setting("logistic, rate 5", {"model": "logistic", "rate": 5.0, "steps": 200}, "gap", "<= 0.001"),
    ),
    "optimisers": (
        Setting(
            "Rosenbrock, own rates", {"ground": "rosenbrock", "rates": "own", "steps": 500}, "arrived_momentum", "< 100"
        ),
    ),
}
COLUMNS = ("lab", "setting", "data", "score", "mean", "least - greatest", "seconds", "reference")


def run(lab: Lab, setting: Setting, desk: Desk) -> tuple[float, str, float]:
    """The score, the data it used, and the seconds it took."""
    begun, found, data = time.monotonic(), float("nan"), ""
    for event in lab.compute(desk, **read_values(lab, setting.values)):
        if isinstance(event, Score) and event.name == setting.score:
            found = event.value
        if isinstance(event, Used):
            data = f"{event.name} ({event.origin}, {event.rows:,} rows)"
    return found, data, time.monotonic() - begun


def row(lab: Lab, setting: Setting, folder: Path | None, seeds: int) -> tuple[str, ...]:
    """One line of the table."""
    runs = []
    with tempfile.TemporaryDirectory() as home:
        for seed in range(seeds):
            runs.append(run(lab, setting, Desk(Path(home), seed=seed, datasets=folder)))
            print(f"{lab.name}, {setting.title}, seed {seed}: {setting.score} {runs[-1][0]:.4f}", file=sys.stderr)
    scores, seconds = [score for score, _, _ in runs], [took for _, _, took in runs]
    spread = f"{min(scores):.4f} - {max(scores):.4f}"
    mean, took = sum(scores) / len(scores), sum(seconds) / len(seconds)
    return lab.name, setting.title, runs[0][1], setting.score, f"{mean:.4f}", spread, f"{took:.0f}", setting.reference


def table(rows: Sequence[Sequence[str]]) -> str:
    """Markdown."""
    lines = [COLUMNS, tuple("---" for _ in COLUMNS), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labs", nargs="*", metavar="NAME", help=f"of {', '.join(FULL)}; all where none is given")
    parser.add_argument("--data", type=Path, help="folder of datasets as they are published")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, help="file for the table; standard output where none is given")
    given = parser.parse_args()
    if unknown := sorted(set(given.labs) - set(FULL)):
        parser.error(f"no full setting for {', '.join(unknown)}; there are {', '.join(FULL)}")
    import torch

    torch.set_num_threads(given.threads)
    found = labs()
    chosen = [(found[name], setting) for name in given.labs or FULL for setting in FULL[name]]
    text = table([row(lab, setting, given.data, given.seeds) for lab, setting in chosen])
    if given.out:
        given.out.write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()

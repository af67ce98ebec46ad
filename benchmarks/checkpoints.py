"""Makes what comes along with the labs: each one's weights, the run that its page shows first, and the card.

    python -m benchmarks.checkpoints [NAME …] --data FOLDER [--home HOME] [--weights DIR]

For each lab: its weights by its own `make` with the values it `ships` with (app/labs/checkpoints.py), where it has any; then a run of its
`compute` with the defaults, kept as data/labs/<name>/shown.jsonl. The card data/labs/README.md lists what lies there afterwards.
FOLDER holds datasets as they are published, one folder a dataset (app/labs/data/catalog.toml).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from app.course import CHECKOUT
from app.labs.base import Desk, Lab, Progress, Score, Used, from_row, read_values, to_row
from app.labs.checkpoints import FILE, Made, Shipping, read, write
from app.labs.running import labs, run_row, shipped_events

FOLDER = CHECKOUT / "labs"
SHOWN, CARD = "shown.jsonl", "README.md"
HEAD = """\
# What comes along with the labs

Small weights, float16, and the runs that the page shows before anything is trained. All of it is made by one command from the code of the
labs themselves, seed 0:

    python -m benchmarks.checkpoints --data FOLDER

The weights learned from the data named below and hold no sentence or picture of it.

| lab | weights | data | seconds of training | figures of the run that is shown |
| --- | --- | --- | --- | --- |
"""


def weights(lab: Shipping, desk: Desk) -> None:
    """Trains and writes the lab's weights."""
    for event in lab.make(desk, **lab.ships):
        if isinstance(event, Made):
            write(FOLDER / lab.name / FILE, event)


def shown(lab: Lab, desk: Desk) -> None:
    """Runs the lab with its defaults and keeps what stands at its end: each block, score and dataset once."""
    last: dict[tuple[str, ...], str] = {}
    values = read_values(lab, {})
    for event in lab.compute(desk, **values):
        if not isinstance(event, Progress):
            row = to_row(event)
            name = (row["event"], row.get("kind", ""), row["block"]["name"] if "block" in row else row["name"])
            last[name] = json.dumps(row, ensure_ascii=False)
    path = FOLDER / lab.name / SHOWN
    path.parent.mkdir(parents=True, exist_ok=True)
    first = json.dumps(run_row(values, datetime.now(UTC).date().isoformat()), ensure_ascii=False)
    path.write_text("\n".join([first, *last.values()]) + "\n", encoding="utf-8")


def line(name: str) -> str:
    """One lab's row of the card."""
    folder = FOLDER / name
    size = f"{(folder / FILE).stat().st_size / 1e6:.2f} MB" if (folder / FILE).is_file() else "none"
    facts = read(folder / FILE).facts if (folder / FILE).is_file() else {}
    events = [from_row(json.loads(row)) for row in shipped_events(name)]
    data = facts.get("data") or ", ".join(f"{e.name} ({e.origin})" for e in events if isinstance(e, Used))
    scores = ", ".join(f"{e.name} {e.value:.3g}" for e in events if isinstance(e, Score))
    took = f"{facts['seconds']:.0f}" if "seconds" in facts else ""
    return f"| {name} | {size} | {data} | {took} | {scores} |\n"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = labs()
    parser.add_argument("labs", nargs="*", metavar="NAME", help="all where none is given")
    parser.add_argument("--data", type=Path, help="folder of datasets as they are published")
    parser.add_argument("--home", type=Path, default=CHECKOUT.parent / ".home")
    parser.add_argument("--weights", default="", help="folder of model weights; HOME/weights where none is given")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only-shown", action="store_true", help="keep the weights, run anew")
    given = parser.parse_args(arguments)
    if unknown := sorted(set(given.labs) - set(known)):
        parser.error(f"no lab {', '.join(unknown)}; there are {', '.join(known)}")
    import torch

    torch.set_num_threads(given.threads)
    desk = Desk(given.home, datasets=given.data, weights=given.weights)
    for name in given.labs or known:
        begun = time.monotonic()
        if isinstance(known[name], Shipping) and not given.only_shown:
            weights(known[name], desk)  # type: ignore[arg-type]
        shown(known[name], desk)
        print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    there = [name for name in known if (FOLDER / name / SHOWN).is_file()]
    (FOLDER / CARD).write_text(HEAD + "".join(map(line, there)), encoding="utf-8")


if __name__ == "__main__":
    main()

"""A lab's computation in a process of its own (app/apart.py): the page and the command line run the same.

    for event in run(labs()["mlp"], {"layers": 3}, Desk(home), stop): ...      Progress, Shown, Score, Used

The process imports the lab's own file, nothing of the application around it.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.apart import Row, rows, serve
from app.course import shipped
from app.labs.base import Desk, Event, Lab, from_row, read_values, to_row
from models.discovery import discover
from models.errors import InputError

if TYPE_CHECKING:
    from app.settings import Settings


def labs() -> dict[str, Lab]:
    """Name -> lab, in their order."""
    found = discover("app.labs", "LAB").values()
    return {lab.name: lab for lab in sorted(found, key=lambda lab: (lab.order, lab.name))}


# A lab's group by its `order`, from which on: where a newcomer finds it in the list.
GROUPS = ((0, "data"), (30, "networks"), (60, "language"), (100, "transfer"), (140, "practice"))


def group(lab: Lab) -> str:
    """The last of GROUPS that begins at or before its order."""
    return [name for begins, name in GROUPS if begins <= lab.order][-1]


def find(name: str) -> Lab:
    """Raises InputError, which names the labs there are."""
    known = labs()
    if name not in known:
        names = ", ".join(known)
        detail = f"there is no lab {name!r}; the labs are {names}"
        raise InputError(detail=detail, text_key="labs.no_lab", name=name, names=names)
    return known[name]


def run(lab: Lab, given: Mapping[str, Any], desk: Desk, stop: threading.Event | None = None) -> Iterator[Event]:
    """What the lab's `compute` yields, until its end or until `stop`. Raises what it raises, InputError for wrong values first."""
    values = read_values(lab, given)
    order = {"module": type(lab).__module__, "desk": _row_of(desk), "values": values}
    yield from map(from_row, rows("app.labs.running", order, stop or threading.Event()))


def desk_of(settings: Settings, seed: int = 0) -> Desk:
    """What labs get under these settings."""
    weights, datasets = str(settings.weights_dir), settings.datasets
    return Desk(settings.home, seed=seed, offline=settings.offline, datasets=datasets, weights=weights)


def _row_of(desk: Desk) -> Row:
    return {name: str(value) if isinstance(value, Path) else value for name, value in asdict(desk).items()}


def _desk_from(row: Row) -> Desk:
    datasets = Path(row["datasets"]) if row["datasets"] else None
    return Desk(**row | {"home": Path(row["home"]), "datasets": datasets})


RUN = "Run"


def run_row(values: Mapping[str, Any], day: str) -> Row:
    """The first line of a shown.jsonl: with which settings its events were made, and when (YYYY-MM-DD)."""
    return {"event": RUN, "day": day, "values": dict(values)}


def shipped_run(name: str) -> Row | None:
    """`run_row` of what came along; None where nothing did."""
    first = next(iter(_shipped_lines(name)), "{}")
    row: Row = json.loads(first)
    return row if row.get("event") == RUN else None


def shipped_events(name: str) -> list[str]:
    """What a run with the default settings gave before, a JSON line an event (data/labs/<name>/shown.jsonl); [] where none came along."""
    lines = _shipped_lines(name)
    return lines[1:] if shipped_run(name) else lines


def _shipped_lines(name: str) -> list[str]:
    folder = shipped("labs")
    path = folder / name / "shown.jsonl" if folder else None
    return path.read_text(encoding="utf-8").splitlines() if path and path.is_file() else []


def _work(order: Row) -> Iterator[Row]:
    """In the process: the rows of one run."""
    lab: Lab = import_module(order["module"]).LAB
    desk = _desk_from(order["desk"])
    if lab.network:
        with contextlib.suppress(ImportError):  # the lab says itself what is missing
            import torch

            torch.set_num_threads(desk.threads)
    yield from map(to_row, lab.compute(desk, **order["values"]))


if __name__ == "__main__":
    serve(_work)

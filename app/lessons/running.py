"""A lesson's computation in a process of its own (app/apart.py), with torch kept out of the page's process.

    for event in compute(lesson, values, bench): ...       Progress …, then one Result

A lesson that asks the application's models (`apart` is False) runs in a thread of the caller instead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app.apart import Row, rows, serve
from app.lessons.base import Bench, Curve, Lesson, Progress, Result, read_values
from models.discovery import discover

THREADS = 1  # the models are so small that a second core only waits for the first


def lessons() -> dict[str, Lesson]:
    """Name -> lesson, in their order."""
    found = discover("app.lessons", "LESSON").values()
    return {lesson.name: lesson for lesson in sorted(found, key=lambda lesson: lesson.order)}


def compute(lesson: Lesson, given: Mapping[str, Any], bench: Bench) -> Iterator[Progress | Result]:
    """What the lesson's `compute` yields, until its end or until `bench.stop`. Raises what it raises."""
    values = read_values(lesson, given)
    if lesson.apart:
        order = {"lesson": lesson.name, "home": str(bench.home), "values": values}
        yield from map(_read, rows("app.lessons.running", order, bench.stop))
        return
    for event in lesson.compute(bench, **values):
        yield event
        if bench.stop.is_set():
            return


def _read(row: Row) -> Progress | Result:
    if "result" in row:
        return Result.from_dict(row["result"])
    partial = tuple(Curve(c["key"], tuple((x, y) for x, y in c["points"]), c["label"]) for c in row["partial"])
    return Progress(row["done"], row["total"], row["key"], row["label"], partial)


def _work(order: Row) -> Iterator[Row]:
    """In the process: the rows of one lesson."""
    lesson = lessons()[order["lesson"]]
    with contextlib.suppress(ImportError):
        import torch

        torch.set_num_threads(THREADS)
    for event in lesson.compute(Bench(Path(order["home"])), **order["values"]):
        yield {"result": event.to_dict()} if isinstance(event, Result) else asdict(event)


if __name__ == "__main__":
    serve(_work)

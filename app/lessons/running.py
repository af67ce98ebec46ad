"""A lesson's computation in a process of its own: it can be ended at any moment, and torch stays out of the page's process.

    for event in compute(lesson, values, bench): ...       Progress …, then one Result

The process is `python -P -m app.lessons.running`: it reads {"lesson", "home", "values"} from its standard input and writes JSON
lines; it ends when it is told to, and with the process that started it. A lesson that asks the application's models (`apart` is
False) runs in a thread of the caller instead.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from app.lessons.base import Bench, Curve, Lesson, Progress, Result, Value, read_values
from models import errors
from models.discovery import discover
from models.errors import CourseMateError, InputError

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-P", "-X", "utf8", "-m", "app.lessons.running")
THREADS = 1  # the models are so small that a second core only waits for the first
END_S = 5.0
_SAID = 2000


def lessons() -> dict[str, Lesson]:
    """Name -> lesson, in their order."""
    found = discover("app.lessons", "LESSON").values()
    return {lesson.name: lesson for lesson in sorted(found, key=lambda lesson: lesson.order)}


def compute(lesson: Lesson, given: Mapping[str, Any], bench: Bench) -> Iterator[Progress | Result]:
    """What the lesson's `compute` yields, until its end or until `bench.stop`. Raises what it raises."""
    values = read_values(lesson, given)
    if lesson.apart:
        yield from _apart(lesson.name, values, bench)
        return
    for event in lesson.compute(bench, **values):
        yield event
        if bench.stop.is_set():
            return


def _apart(name: str, values: Mapping[str, Value], bench: Bench) -> Iterator[Progress | Result]:
    order = json.dumps({"lesson": name, "home": str(bench.home), "values": values}) + "\n"
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said,
        subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, stderr=said, text=True, encoding="utf-8") as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        stopper = threading.Thread(target=_end_when, args=(bench.stop, process), daemon=True)
        stopper.start()
        try:
            with contextlib.suppress(BrokenPipeError):  # it has ended already; what it said tells why
                process.stdin.write(order)
                process.stdin.flush()
            ended = False
            for line in process.stdout:
                event = _read(line)
                ended = ended or isinstance(event, Result)
                yield event
            if not ended and not bench.stop.is_set():
                log.error("the lesson %s ended early: %s", name, _end_of(said))
                raise InputError(detail=f"The lesson {name} ended early; try it again.", text_key="lessons.ended_early")
        finally:
            process.kill()


def _end_of(said: IO[str]) -> str:
    """What the process said last, for the log."""
    said.seek(0)
    return said.read()[-_SAID:]


def _end_when(stop: threading.Event, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        if stop.wait(0.2):
            process.kill()
            return


def _read(line: str) -> Progress | Result:
    """Raises the error that the line tells of."""
    row = json.loads(line)
    if "error" in row:
        kind = getattr(errors, row["error"], InputError)
        raise kind(**row["params"])
    if "result" in row:
        return Result.from_dict(row["result"])
    partial = tuple(Curve(c["key"], tuple((x, y) for x, y in c["points"]), c["label"]) for c in row["partial"])
    return Progress(row["done"], row["total"], row["key"], row["label"], partial)


def main() -> None:
    """Serve one order from standard input."""
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    lesson = lessons()[order["lesson"]]
    with contextlib.suppress(ImportError):
        import torch

        torch.set_num_threads(THREADS)
    try:
        for event in lesson.compute(Bench(Path(order["home"])), **order["values"]):
            _write({"result": event.to_dict()} if isinstance(event, Result) else asdict(event))
    except CourseMateError as error:
        _write({"error": type(error).__name__, "params": {n: str(v) for n, v in error.params.items()}})


def _end_with_parent() -> None:
    """Its end of the pipe closes when the parent ends, however that happens."""
    sys.stdin.read()
    os._exit(1)


def _write(row: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

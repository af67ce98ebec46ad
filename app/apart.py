"""Long work in a Python process of its own: it can be ended at any moment, and torch stays out of the caller's process.

    for row in rows("app.labs.running", {"lab": "mlp"}, stop): ...        what the process writes, a dict each

The process is `python -P -m MODULE`, whose main calls `serve(work)`: it reads one order, a JSON object on a line, from its standard
input and writes a JSON object a line. It ends when it is told to, and with the process that started it. An error of ours is carried
over and raised again here.
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
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import IO, Any

from models import errors
from models.errors import CourseMateError, InputError

log = logging.getLogger(__name__)

PYTHON = (sys.executable, "-P", "-X", "utf8", "-m")
END = {"end": True}
_LOOK_S = 0.2
_SAID = 2000

Row = dict[str, Any]


def rows(module: str, order: Mapping[str, Any], stop: threading.Event) -> Iterator[Row]:
    """What the process writes, until its end or until `stop`. Raises what its work raises, and InputError where it just ended."""
    pipe = subprocess.PIPE
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said,
        subprocess.Popen(
            [*PYTHON, module], stdin=pipe, stdout=pipe, stderr=said, text=True, encoding="utf-8"
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        threading.Thread(target=_end_when, args=(stop, process), daemon=True).start()
        try:
            with contextlib.suppress(BrokenPipeError):  # it has ended already; what it said tells why
                process.stdin.write(json.dumps(order) + "\n")
                process.stdin.flush()
            for line in process.stdout:
                row = json.loads(line)
                if row == END:
                    return
                yield _checked(row)
            if not stop.is_set():
                log.error("%s ended early: %s", module, _end_of(said))
                raise InputError(detail="The experiment ended early. Run it again.", text_key="lessons.ended_early")
        finally:
            process.kill()
            with contextlib.suppress(BrokenPipeError):  # what it never read is still to be written
                process.stdin.close()


def _checked(row: Row) -> Row:
    """Raises the error that the row tells of."""
    if "error" in row:
        kind = getattr(errors, row["error"], InputError)
        raise kind(**row["params"])
    return row


def _end_of(said: IO[str]) -> str:
    """What the process said last, for the log."""
    said.seek(0)
    return said.read()[-_SAID:]


def _end_when(stop: threading.Event, process: subprocess.Popen[str]) -> None:
    while process.poll() is None:
        if stop.wait(_LOOK_S):
            process.kill()
            return


def serve(work: Callable[[Row], Iterable[Mapping[str, Any]]]) -> None:
    """The process's side: one order from standard input, its rows to standard output."""
    order = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        for row in work(order):
            _write(row)
    except CourseMateError as error:
        _write({"error": type(error).__name__, "params": {name: _plain(value) for name, value in error.params.items()}})
    else:
        _write(END)


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float) else str(value)


def _end_with_parent() -> None:
    """Its end of the pipe closes when the parent ends, however that happens."""
    sys.stdin.read()
    os._exit(1)


def _write(row: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
    sys.stdout.flush()

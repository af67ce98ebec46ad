"""A run's own process: `python -P -m finetune.worker HOME/finetune/runs/<run>`, started by finetune/runs.py.

One of a home trains at a time; it trains, and registers the result. What goes wrong is the last line
of the journal; the rest is in worker.log. SIGTERM is a stop that keeps the weights so far.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from finetune import recipe as recipes
from finetune.base import Event, Made
from finetune.data.store import Datasets
from finetune.registry import Registry
from finetune.runfiles import Busy, RunFile, busy, latest_step
from finetune.training import RESULT, Work, train
from models.errors import CourseMateError, DiskFull, InputError

log = logging.getLogger("finetune.worker")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 0: ended or stopped, 1: failed, as the journal says."""
    folder = Path((argv or sys.argv[1:])[0])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    run = RunFile.read(folder)
    work = Work(folder, Path(run.home), Path(run.weights_dir), recipes.load(folder / "recipe.yaml"))
    _require_alone(folder)
    sys.excepthook = lambda kind, error, trace: _on_unexpected(work, kind, error, trace)
    signal.signal(signal.SIGTERM, lambda *_: work.stop.touch())
    try:
        _train(work)
        _register(work)
    except CourseMateError as error:
        log.exception("the run failed")
        _fail(work, error)
        return 1
    finally:
        Busy.clear(folder.parent)
    return 0


def _require_alone(folder: Path) -> None:
    """Whoever starts a worker by hand meets the same rule: one of a home trains at a time. Raises InputError."""
    runs = folder.parent
    other = Busy.read(runs)
    if other and other.pid != os.getpid():
        raise busy(other.run)
    Busy.of(folder.name, os.getpid()).write(runs)


def _train(work: Work) -> None:
    """`train`, with the machine's own words for running out turned into ours."""
    try:
        train(work)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise DiskFull(path=str(work.folder), needed_mb=500) from error
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "memory" not in str(error).lower():
            raise
        tokens = work.recipe.batch_tokens // 2
        detail = f"memory ran out: set batch_tokens to {tokens} with a matching max_tokens, or checkpointing to true"
        raise InputError(detail=detail, text_key="finetune.memory_ran_out", tokens=tokens) from error


def _register(work: Work) -> None:
    """The result becomes an adapter of the home under the run's name; that of an earlier part of the same run makes room."""
    registry, result = Registry(work.home), work.folder / RESULT
    taken = {adapter.name: adapter for adapter in registry.all()}
    name, made = work.folder.name, Made.read(result)
    if name in taken and (taken[name].made.recipe, taken[name].made.data_sha256) == (made.recipe, made.data_sha256):
        registry.remove(name)
    elif name in taken:
        name = next(other for number in range(2, 10_000) if (other := f"{name}-{number}") not in taken)
    registry.add(result, name, asdict(Datasets(work.home).find(work.recipe.data).about))


def _fail(work: Work, error: CourseMateError) -> None:
    work.journal.write(Event.now("failed", latest_step(work.journal), **told(error)))


def told(error: CourseMateError) -> dict[str, Any]:
    """What `runs.failure` makes the error of again."""
    params = {name: value for name, value in error.params.items() if _is_plain(value)}
    return {"error": str(error), "code": error.code, "params": params}


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def _on_unexpected(work: Work, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """The outermost edge: the log holds the traceback, the journal a sentence."""
    log.error("unexpected error", exc_info=(kind, error, trace))
    first = next(iter(str(error).splitlines()), "")
    detail = f"the run broke off ({kind.__name__}: {first}); worker.log of the run says where"
    _fail(work, InputError(detail=detail, text_key="finetune.broke_off", why=f"{kind.__name__}: {first}"))


if __name__ == "__main__":
    sys.exit(main())

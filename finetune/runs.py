"""The runs of a home: started in a process of their own, watched through their journal, stopped, resumed.

    runs = Runs(home, weights_dir)
    run = runs.start(recipe, "first-try")
    for event in runs.follow(run.name): ...

A run belongs to nobody who watches it: the page may be reloaded and the terminal closed. One run of a home trains at a time.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock

from finetune import recipe as recipes
from finetune.adapter import check_name
from finetune.base import LAST, Event
from finetune.base_model import check_base, require_libraries
from finetune.data.store import Datasets
from finetune.journal import FILE, Journal
from finetune.recipe import Recipe
from finetune.registry import Registry
from finetune.runfiles import LOG_FILE, RECIPE_FILE, RUN_FILE, Busy, RunFile, busy
from finetune.training import RESULT, STOP, check_reporting
from models.engines.process import OWN_GROUP
from models.errors import CourseMateError, InputError
from models.fetch import WeightsStore

State = Literal["starting", "running", "stopped", "ended", "failed", "interrupted"]
POLL_S = 0.3


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it is now. interrupted: it was killed and can be resumed. steps: it will take; 0 before it knows. error: why it
    failed."""

    name: str
    folder: Path
    state: State
    recipe: Recipe
    created: str
    step: int = 0
    steps: int = 0
    error: CourseMateError | None = None

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / FILE)

    @property
    def result(self) -> Path | None:
        """Folder with the saved weights; None where there are none yet."""
        folder = self.folder / RESULT
        return folder if folder.is_dir() else None

    @property
    def resumable(self) -> bool:
        return self.state in {"stopped", "interrupted", "failed"}

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, for the command line and the page."""
        return {
            "name": self.name,
            "state": self.state,
            "method": self.recipe.method,
            "base": self.recipe.base,
            "data": self.recipe.data,
            "step": self.step,
            "steps": self.steps,
            "created": self.created,
            "result": str(self.result) if self.result else None,
            "error": str(self.error) if self.error else None,
        }


class Runs:
    """Cheap to make."""

    def __init__(self, home: Path, weights_dir: Path) -> None:
        self.home, self.weights_dir = home.absolute(), weights_dir.absolute()
        self.folder = self.home / "finetune" / "runs"

    def all(self) -> list[Run]:
        """Newest first; folders that are no run are passed over."""
        folders = [path.parent for path in self.folder.glob(f"[!.]*/{RUN_FILE}")]
        found = [run for folder in folders if (run := self._read(folder))]
        return sorted(found, key=lambda run: (run.created, run.name), reverse=True)

    def find(self, name: str) -> Run:
        """Raises InputError where there is none of that name."""
        run = self._read(self.folder / name) if re.fullmatch(r"\w[\w.-]*", name) else None
        if run is None:
            known = ", ".join(run.name for run in self.all()[:10]) or "-"
            detail = f"there is no run {name[:80]!r}; there are: {known} (`coursemate finetune runs`)"
            raise InputError(detail=detail, text_key="finetune.no_run", name=name[:80], known=known)
        return run

    def training(self) -> str | None:
        """Name of the run that trains now."""
        busy = Busy.read(self.folder)
        return busy.run if busy else None

    def start(self, recipe: Recipe, name: str = "") -> Run:
        """A new run, in a process that has just begun. Raises InputError (another one trains, no such data or base, name taken),
        MissingError; what goes wrong later is in its journal."""
        dataset = Datasets(self.home).find(recipe.data)
        check_reporting(recipe)
        require_libraries()
        recipes.methods()[recipe.method].loading()
        check_base(recipe.base, WeightsStore(self.weights_dir))
        name = check_name(name) if name else self._free_name(f"{recipe.method}-{dataset.about.name}")
        folder = self.folder / name
        with self._alone():
            if folder.exists() or Registry(self.home).has(name):
                detail = f"there is a run or an adapter {name!r} already: take another name, or remove it first"
                raise InputError(detail=detail, text_key="finetune.run_there", name=name)
            folder.mkdir()
            (folder / RECIPE_FILE).write_text(recipes.dump(recipe), encoding="utf-8")
            now = datetime.now(UTC).isoformat(timespec="seconds")
            RunFile(name, str(self.home), str(self.weights_dir), now).write(folder)
            return self._spawn(folder)

    def resume(self, name: str) -> Run:
        """Goes on from the newest whole checkpoint, or from the start where there is none yet. Raises InputError."""
        run = self.find(name)
        if not run.resumable:
            detail = f"the run {name} is {run.state}: there is nothing to resume; start a new one"
            raise InputError(detail=detail, text_key="finetune.not_resumable", name=name, state=run.state)
        with self._alone():
            (run.folder / STOP).unlink(missing_ok=True)
            return self._spawn(run.folder)

    def stop(self, name: str) -> None:
        """Asks the run to end after the step in hand and keep what it has; `follow` tells when. Raises InputError."""
        run = self.find(name)
        if run.state not in {"running", "starting"}:
            detail = f"the run {name} does not train (it is {run.state}): there is nothing to stop"
            raise InputError(detail=detail, text_key="finetune.not_running", name=name, state=run.state)
        (run.folder / STOP).touch()

    def remove(self, name: str) -> None:
        """Deletes the run with its checkpoints; an adapter made of it stays. Raises InputError while it trains."""
        run = self.find(name)
        if run.state in {"running", "starting"}:
            detail = f"the run {name} is training: stop it first with `coursemate finetune stop {name}`"
            raise InputError(detail=detail, text_key="finetune.still_running", name=name)
        gone = self.folder / f".gone-{name}"
        shutil.rmtree(gone, ignore_errors=True)
        run.folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def follow(self, name: str) -> Iterator[Event | None]:
        """The events so far, then each as it comes, and None while nothing does; ends when the run does not train any more.

        Raises InputError.
        """
        journal, told = self.find(name).journal, 0
        while True:
            state = self.find(name).state
            lines = journal.lines()
            told = min(told, len(lines))
            yield from journal.parsed(lines[told:])
            told = len(lines)
            if state not in {"running", "starting"}:
                return
            yield None
            time.sleep(POLL_S)

    def _read(self, folder: Path) -> Run | None:
        try:
            file, recipe = RunFile.read(folder), recipes.load(folder / RECIPE_FILE)
        except (OSError, ValueError, TypeError, InputError):
            return None
        events = Journal(folder / FILE).events()
        first = next((event for event in events if event.kind == "started"), None)
        step = max((event.step for event in events), default=0)
        state, error = self._state(folder.name, events)
        steps = int(first.values["steps"]) if first else 0
        return Run(folder.name, folder, state, recipe, file.created, step, steps, error)

    def _state(self, name: str, events: list[Event]) -> tuple[State, CourseMateError | None]:
        if self.training() == name:
            return ("running" if events and events[-1].kind not in LAST else "starting"), None
        last = events[-1] if events else None
        if last is None or last.kind not in LAST:
            return "interrupted", None
        states: dict[str, State] = {"stopped": "stopped", "ended": "ended", "failed": "failed"}
        return states[last.kind], failure(last) if last.kind == "failed" else None

    def _free_name(self, stem: str) -> str:
        registry = Registry(self.home)
        taken = {path.name for path in self.folder.glob("*")} | {adapter.name for adapter in registry.all()}
        return next(name for n in range(1, 10_000) if (name := f"{stem[:50]}-{n}") not in taken)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No other process starts a run meanwhile. Raises InputError where one trains."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(Busy.lock_in(self.folder)):
            if other := self.training():
                raise busy(other)
            yield

    def _spawn(self, folder: Path) -> Run:
        """Starts the worker, and says for it that it trains: it takes a while before it can do so itself."""
        command = [sys.executable, "-P", "-X", "utf8", "-m", "finetune.worker", str(folder)]
        with (folder / LOG_FILE).open("ab") as out:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder, **OWN_GROUP
            )
        threading.Thread(target=process.wait, name="coursemate-run", daemon=True).start()  # so that no zombie stays
        Busy.of(folder.name, process.pid).write(self.folder)
        return self.find(folder.name)


def failure(event: Event) -> CourseMateError:
    """The error that a `failed` event tells of, of its own kind again."""
    kinds = {kind.code: kind for kind in _tree(CourseMateError)}
    try:
        return kinds[event.values["code"]](**event.values["params"])
    except (KeyError, TypeError):
        return InputError(detail=str(event.values.get("error", "the run failed")))


def _tree(kind: type[CourseMateError]) -> Iterator[type[CourseMateError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _tree(below)

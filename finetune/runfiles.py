"""The small files by which a run and its starter know each other: run.json in the run, busy.json beside the runs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from finetune.journal import Journal
from models.errors import InputError
from models.files import write_atomic

RUN_FILE, RECIPE_FILE, LOG_FILE = "run.json", "recipe.yaml", "worker.log"
BUSY_FILE, LOCK_FILE = ".busy.json", ".busy.lock"


@dataclass(frozen=True, slots=True)
class RunFile:
    """run.json. created: ISO time; home, weights_dir: absolute."""

    name: str
    home: str
    weights_dir: str
    created: str

    @classmethod
    def read(cls, folder: Path) -> RunFile:
        """Raises OSError, ValueError or TypeError where the folder is no run."""
        return cls(**json.loads((folder / RUN_FILE).read_text(encoding="utf-8")))

    def write(self, folder: Path) -> None:
        write_atomic(folder / RUN_FILE, json.dumps(asdict(self), ensure_ascii=False).encode())


@dataclass(frozen=True, slots=True)
class Busy:
    """Who trains in a home. started: of the process, since numbers of ended ones are given out again."""

    run: str
    pid: int
    started: float

    @classmethod
    def of(cls, run: str, pid: int) -> Busy:
        try:
            return cls(run, pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:  # it has ended already
            return cls(run, pid, 0.0)

    @classmethod
    def read(cls, runs: Path) -> Busy | None:
        """None where nobody trains, also where the one who did was killed."""
        try:
            busy = cls(**json.loads((runs / BUSY_FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        return busy if busy.alive else None

    @property
    def alive(self) -> bool:
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < 1
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.Error:
            return False

    def write(self, runs: Path) -> None:
        write_atomic(runs / BUSY_FILE, json.dumps(asdict(self), ensure_ascii=False).encode())

    @staticmethod
    def clear(runs: Path) -> None:
        (runs / BUSY_FILE).unlink(missing_ok=True)

    @staticmethod
    def lock_in(runs: Path) -> Path:
        return runs / LOCK_FILE


def busy(run: str) -> InputError:
    """One at a time: two would take each other's memory and cores."""
    detail = f"the run {run} is training: wait for it, or stop it with `coursemate finetune stop {run}`"
    return InputError(detail=detail, text_key="finetune.busy", run=run)


def latest_step(journal: Journal) -> int:
    return max((event.step for event in journal.events()), default=0)

"""Where a run goes on after a kill: checkpoints/step-<n>/ folders, each renamed into place when it is whole."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

CHECKPOINTS, DRAFT = "checkpoints", ".draft"
WEIGHTS = "trainable.safetensors"
FILES = (WEIGHTS, "optimizer.pt", "scheduler.pt", "rng_state.pth", "trainer_state.json")
_STEP = re.compile(r"step-(\d+)")


def settle(draft: Path, folder: Path, step: int) -> Path:
    """Renames the draft to the checkpoint of this step, once its bytes are on the disk."""
    for path in draft.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    place = folder / f"step-{step}"
    shutil.rmtree(place, ignore_errors=True)
    draft.rename(place)
    return place


def all_of(folder: Path) -> list[tuple[int, Path]]:
    """(step, folder) of the whole ones, oldest first."""
    found = []
    for path in folder.glob("step-*"):
        step = _STEP.fullmatch(path.name)
        if step and all((path / file).is_file() and (path / file).stat().st_size for file in FILES):
            found.append((int(step[1]), path))
    return sorted(found)


def newest(folder: Path) -> tuple[int, Path] | None:
    """The one to go on from; None where there is none."""
    whole = all_of(folder)
    return whole[-1] if whole else None


def thin(folder: Path, keep: int) -> None:
    """Deletes all but the `keep` newest, and what a kill left half written."""
    whole = all_of(folder)
    kept = {path for _, path in whole[-keep:]}
    for path in folder.iterdir() if folder.is_dir() else ():
        if path not in kept:
            shutil.rmtree(path, ignore_errors=True)

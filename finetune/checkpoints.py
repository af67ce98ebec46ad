"""Where a run goes on after a kill: checkpoints/step-<n>/ folders, each renamed into place when it is whole."""

from __future__ import annotations

import json
import os
import re
import shutil
import zipfile
from pathlib import Path

from safetensors import SafetensorError, safe_open

CHECKPOINTS, DRAFT = "checkpoints", ".draft"
WEIGHTS, STATE = "trainable.safetensors", "trainer_state.json"
FILES = (WEIGHTS, "optimizer.pt", "scheduler.pt", "rng_state.pth", STATE)
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
    """The one to go on from; None where there is none. A damaged one is passed over."""
    return next(((step, path) for step, path in reversed(all_of(folder)) if _is_readable(path)), None)


def _is_readable(checkpoint: Path) -> bool:
    """Whether its files are of the length that their heads say."""
    try:
        json.loads((checkpoint / STATE).read_text(encoding="utf-8"))
        with safe_open(checkpoint / WEIGHTS, framework="numpy"):
            pass
    except (OSError, ValueError, SafetensorError):
        return False
    return all(zipfile.is_zipfile(checkpoint / name) for name in FILES if name not in {WEIGHTS, STATE})


def thin(folder: Path, keep: int) -> None:
    """Deletes all but the `keep` newest, and what a kill left half written."""
    whole = all_of(folder)
    kept = {path for _, path in whole[-keep:]}
    for path in folder.iterdir() if folder.is_dir() else ():
        if path not in kept:
            shutil.rmtree(path, ignore_errors=True)

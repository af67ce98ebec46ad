"""Before a run: three steps on its longest batches, in a process of their own, tell seconds a step, memory and the time of it all.

    found = probe(recipe, home, weights_dir)     # raises InputError where it does not fit, and says what would
    found.total_s, found.peak_bytes

An estimate from the sizes of the weights comes first: what cannot fit is refused before anything is loaded. While the steps run the
memory of their process is watched, so that the machine never runs out for it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from finetune import recipe as recipes
from finetune.base_model import require_libraries
from finetune.data.store import Datasets
from finetune.recipe import Recipe
from finetune.runfiles import RECIPE_FILE, Busy, RunFile, busy
from finetune.runs import failure
from finetune.training import check_reporting
from models.engines.process import OWN_GROUP
from models.errors import DiskFull, InputError

FOUND_FILE, LOG_FILE = "probe.json", "probe.log"
STEPS = 3
HEADROOM = 0.92
"""Share of the free memory that a run may take."""
CHECKPOINT_BYTES = 12
"""A trained parameter in a checkpoint: the weight and Adam's two moments in fp32."""


@dataclass(frozen=True, slots=True)
class Found:
    """s_per_step: median; peak_bytes: of the process, or of the GPU's memory where it trains there; steps: of the whole run.
    total_s: with validations and measurements, without loading. disk_bytes: checkpoints and result. tokens_per_s: padding left out."""

    s_per_step: float
    peak_bytes: int
    steps: int
    total_s: float
    trained_parameters: int
    all_parameters: int
    disk_bytes: int
    tokens_per_s: float
    examples: int
    too_long: int
    device: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def probe(recipe: Recipe, home: Path, weights_dir: Path, memory_bytes: int | None = None) -> Found:
    """memory_bytes: free for the run; None asks the system. Raises InputError (does not fit, no data, another run trains),
    MissingError, DiskFull, WeightsError."""
    require_libraries()
    check_reporting(recipe)
    recipes.methods()[recipe.method].loading()
    Datasets(home).find(recipe.data)
    runs = home.absolute() / "finetune" / "runs"
    if other := Busy.read(runs):
        raise busy(other.run)
    runs.mkdir(parents=True, exist_ok=True)
    room = int((memory_bytes or psutil.virtual_memory().available) * HEADROOM)
    folder = Path(tempfile.mkdtemp(prefix=".probe-", dir=runs))
    try:
        (folder / RECIPE_FILE).write_text(recipes.dump(recipe), encoding="utf-8")
        RunFile(folder.name, str(home.absolute()), str(weights_dir.absolute()), "").write(folder)
        found = _measured(folder, recipe, room)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    free = shutil.disk_usage(runs).free
    if free < found.disk_bytes:
        raise DiskFull(path=str(runs), needed_mb=(found.disk_bytes - free) // 1_000_000 + 1)
    return found


def _measured(folder: Path, recipe: Recipe, room: int) -> Found:
    command = [sys.executable, "-P", "-X", "utf8", "-m", "finetune.probe", str(folder), str(room)]
    with (folder / LOG_FILE).open("ab") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder, **OWN_GROUP)
    try:
        killed = _watched(process, room)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
    if killed or process.returncode == -9:
        raise too_large(recipe, room)
    try:
        values = json.loads((folder / FOUND_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        last = (folder / LOG_FILE).read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        detail = f"the probe broke off ({' '.join(last)[:300]}); try another base or method"
        raise InputError(detail=detail, text_key="finetune.probe_broke_off", why=" ".join(last)[:300]) from None
    if "error" in values:
        from finetune.base import Event

        raise failure(Event.now("failed", 0, **values))
    return Found(**values)


def _watched(process: subprocess.Popen[bytes], room: int) -> bool:
    """Waits for the end; True where it took more memory than there is room and was killed."""
    watched = psutil.Process(process.pid)
    while process.poll() is None:
        try:
            if watched.memory_info().rss > room:
                process.kill()
                return True
        except psutil.NoSuchProcess:
            break
        time.sleep(0.1)
    process.wait()
    return False


def too_large(recipe: Recipe, room: int) -> InputError:
    """It does not fit, and what would, the gentlest change first."""
    changes = [
        ("checkpointing: true", not recipe.checkpointing and recipe.method != "prefix"),
        (f"batch_tokens: {recipe.batch_tokens // 2}", recipe.batch_tokens >= 512),
        (f"max_tokens: {recipe.max_tokens // 2}", recipe.max_tokens > recipe.batch_tokens // 2),
        ("method: lora", recipe.method in {"full", "partial"}),
        ("a smaller base", True),
    ]
    would = ", ".join(name for name, possible in changes if possible)
    detail = (
        f"this run needs more memory than the {room / 1e9:.1f} GB that are free: close other programs, or set {would}"
    )
    return InputError(detail=detail, text_key="finetune.no_memory", gb=f"{room / 1e9:.1f}", would=would)


def least_bytes(all_parameters: int, trained: int, base_bytes: int) -> int:
    """The weights alone: the base, and of what learns the fp32 copy, its gradient and Adam's two moments."""
    return all_parameters * base_bytes + trained * 16


def main(argv: Sequence[str]) -> int:
    """In the process of its own: writes probe.json, either figures or an error."""
    from finetune.loop.probing import measure
    from finetune.training import Work
    from finetune.worker import told
    from models.errors import CourseMateError

    folder, room = Path(argv[0]), int(argv[1])
    run = RunFile.read(folder)
    work = Work(folder, Path(run.home), Path(run.weights_dir), recipes.load(folder / RECIPE_FILE))
    try:
        values = measure(work, room).to_dict()
    except CourseMateError as error:
        values = told(error)
    (folder / FOUND_FILE).write_text(json.dumps(values), encoding="utf-8")
    return int("error" in values)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

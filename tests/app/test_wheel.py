"""What is installed from a wheel: everything that is read at run time and is no Python."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("app", "chains", "evals", "finetune", "ingest", "models", "data")
SHARED = "share/coursemate/"
READ = {
    ".py",
    ".toml",
    ".yaml",
    ".json",
    ".jsonl",
    ".md",
    ".css",
    ".js",
    ".html",
    ".txt",
    ".tsv",
    ".gguf",
    ".safetensors",
}


UNREAD = {Path("data/summaries"), Path("data/training")}  # what only benchmarks and `make adapter` read


def test_a_wheel_carries_what_is_read(tmp_path: Path) -> None:
    source, out = tmp_path / "source", tmp_path / "wheel"
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(out), "."]
    subprocess.run(command, cwd=source, check=True, timeout=300)
    (wheel,) = out.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    carried = {f"data/{name.partition(SHARED)[2]}" if SHARED in name else name for name in names}
    read = {path.relative_to(source) for name in FOLDERS for path in (source / name).rglob("*") if path.suffix in READ}
    kept = {path for path in read if not UNREAD.intersection(path.parents)}
    assert kept
    assert sorted(str(path) for path in kept if path.as_posix() not in carried) == []

"""Facts about this machine: cores, memory, disk, GPU. Read-only and quick; used by the wiring and by `coursemate doctor`."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

CGROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes this process may use: the machine's, or the container's where that is less."""

    total: int
    available: int


def cores() -> int:
    """Cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> Memory:
    """Memory with a container's limit (cgroup v2) respected."""
    import psutil

    machine = psutil.virtual_memory()
    limit, used = _cgroup_bytes("memory.max"), _cgroup_bytes("memory.current")
    if limit is None or limit >= machine.total:
        return Memory(machine.total, machine.available)
    return Memory(limit, min(machine.available, max(0, limit - (used or 0))))


def _cgroup_bytes(name: str) -> int | None:
    try:
        text = (CGROUP / name).read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None  # "max": no limit


def free_disk(folder: Path) -> int:
    """Free bytes where `folder` is, or will be once it is made."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    return shutil.disk_usage(existing).free


def gpus() -> list[str]:
    """NVIDIA GPUs by name, as the driver reports them; [] where there is none. Takes at most 3 s."""
    if not shutil.which("nvidia-smi"):
        return []
    command = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        out = subprocess.run(command, capture_output=True, text=True, timeout=3, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in out.splitlines() if line.strip()]

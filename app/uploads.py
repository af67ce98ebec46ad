"""Files people hand over: names that cannot leave the folder, and an old version that survives a bad new one.

placed = place(temporary, "../강의 노트.pdf", home / "uploads", limits)     moves it to uploads/강의 노트.pdf
placed.keep() if ingested else placed.restore()
"""

from __future__ import annotations

import errno
import shutil
import unicodedata
import uuid
from dataclasses import dataclass
from pathlib import Path

from ingest.base import Limits
from models.errors import DiskFull, DocumentError

NAME_BYTES = 180
NAMELESS = "문서"
FORBIDDEN = frozenset('<>:"|?*')
DEVICES = frozenset({"CON", "PRN", "AUX", "NUL"} | {f"{port}{n}" for port in ("COM", "LPT") for n in range(10)})


def safe_name(name: str) -> str:
    """A file name that is harmless on Linux, macOS and Windows: one component, no control or invisible characters.

    NFC, so that a name typed on macOS is the same name elsewhere. At most `NAME_BYTES` bytes of UTF-8, suffix kept.
    """
    base = unicodedata.normalize("NFC", name).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    base = "".join(c for c in base if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
    base = "".join("_" if c in FORBIDDEN else c for c in base).strip(" .")
    stem, dot, suffix = base.rpartition(".")
    if not dot or len(suffix) > 10 or not suffix.isalnum():
        stem, suffix = base, ""
    stem = stem.strip(" .") or NAMELESS
    if stem.split(".")[0].strip().upper() in DEVICES:
        stem = f"_{stem}"
    ending = f".{suffix}" if suffix else ""
    return _cut(stem, NAME_BYTES - len(ending.encode())) + ending


def _cut(text: str, limit: int) -> str:
    """The longest start of `text` that fits into `limit` bytes of UTF-8 without splitting a character."""
    return text.encode()[:limit].decode(errors="ignore").rstrip(" .") or NAMELESS


@dataclass(frozen=True, slots=True)
class Placed:
    """A file in its place. previous: where the version it replaced waits, None where there was none."""

    path: Path
    previous: Path | None = None

    def keep(self) -> None:
        """The new version is good: the old one goes."""
        if self.previous:
            self.previous.unlink(missing_ok=True)

    def restore(self) -> None:
        """The new version is bad: it goes, and the old one is back."""
        if self.previous:
            self.previous.replace(self.path)
        else:
            self.path.unlink(missing_ok=True)


def place(source: Path, name: str, folder: Path, limits: Limits) -> Placed:
    """Move an uploaded file into `folder` under a safe name, atomically; a file of that name waits as `previous`.

    Raises DocumentError (too_large, empty) before anything is read, DiskFull. `source` is gone in every case.
    """
    try:
        _check_size(source, safe_name(name), limits)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / safe_name(name)
        arriving = folder / f".{uuid.uuid4().hex}.new"
        _move(source, arriving)
    finally:
        source.unlink(missing_ok=True)
    previous = None
    if target.exists():
        previous = folder / f".{uuid.uuid4().hex}.old"
        target.replace(previous)
    arriving.replace(target)
    return Placed(target, previous)


def _check_size(source: Path, name: str, limits: Limits) -> None:
    size = source.stat().st_size
    if size > limits.file_mb * 1_000_000:
        raise DocumentError(name, "too_large", f"{size / 1e6:,.0f} MB > {limits.file_mb} MB")
    if size == 0:
        raise DocumentError(name, "empty")


def _move(source: Path, target: Path) -> None:
    try:
        shutil.move(source, target)
    except OSError as error:
        target.unlink(missing_ok=True)
        if error.errno == errno.ENOSPC:
            raise DiskFull(path=str(target.parent), needed_mb=source.stat().st_size // 1_000_000 + 1) from error
        raise

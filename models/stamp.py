"""The note beside fetched weights that says which hashes their files had, so that a start need not compute them again."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.sources.partial import file_sha256

NAME = ".stamp.json"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StampedFile:
    """One file as it was when its hash was computed."""

    sha256: str
    size_bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path, sha256: str) -> StampedFile:
        """The file at `path` as it is now."""
        status = path.stat()
        return cls(sha256, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Stamp:
    """identity: which catalogue pins the files come from, "" for none. files: path below the folder -> StampedFile."""

    identity: str
    files: Mapping[str, StampedFile]

    @classmethod
    def read(cls, folder: Path) -> Stamp | None:
        """The stamp in `folder`, None where there is none that can be read."""
        try:
            values = json.loads((folder / NAME).read_text(encoding="utf-8"))
            return cls(values["identity"], {name: StampedFile(**file) for name, file in values["files"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    @classmethod
    def make(cls, folder: Path, identity: str, hashes: Mapping[str, str]) -> Stamp:
        """A stamp of every file below `folder`, written there; `hashes` are the ones known already."""
        found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != NAME)
        names = {path.relative_to(folder).as_posix(): path for path in found}
        stamp = cls(identity, {n: StampedFile.of(p, hashes.get(n) or file_sha256(p)) for n, p in names.items()})
        stamp._write(folder)
        return stamp

    def holds(self, folder: Path) -> bool:
        """Whether every file still has the size and time that it had, which is taken to mean the same bytes."""
        try:
            return bool(self.files) and all(
                StampedFile.of(folder / name, file.sha256) == file for name, file in self.files.items()
            )
        except OSError:
            return False

    def broken(self, folder: Path) -> tuple[str, str] | None:
        """The first file whose bytes are not the stamped ones and the hash it has now ("" if it is gone), else None."""
        for name, file in self.files.items():
            path = folder / name
            actual = file_sha256(path) if path.is_file() else ""
            if actual != file.sha256:
                return name, actual
        return None

    def renewed(self, folder: Path) -> Stamp | None:
        """For files that were copied: the stamp with today's times if the bytes are the same, else None."""
        sizes_differ = any(
            not (folder / name).is_file() or (folder / name).stat().st_size != file.size_bytes
            for name, file in self.files.items()
        )
        if not self.files or sizes_differ or self.broken(folder):
            return None
        stamp = Stamp(self.identity, {n: StampedFile.of(folder / n, f.sha256) for n, f in self.files.items()})
        stamp._write(folder)
        return stamp

    def _write(self, folder: Path) -> None:
        files = {
            name: {"sha256": file.sha256, "size_bytes": file.size_bytes, "mtime_ns": file.mtime_ns}
            for name, file in self.files.items()
        }
        fresh = folder / (NAME + ".new")
        try:
            fresh.write_text(json.dumps({"identity": self.identity, "files": files}, indent=1), encoding="utf-8")
            fresh.replace(folder / NAME)
        except OSError as error:  # a folder shared read-only works too, only slower
            _log.info("no stamp in %s: %s", folder, error)

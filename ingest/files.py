"""Files on disk: which ones a person means, and what tells one version from another."""

from __future__ import annotations

import glob
import hashlib
import os
import unicodedata
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import DocumentError

_MAGIC = set("*?[")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A file's content and the state it was read in."""

    sha256: str
    size_bytes: int
    modified_ns: int


def expand(paths: Sequence[Path], suffixes: Container[str]) -> list[Path]:
    """Absolute paths of the files meant, each once: files as given, folders with all they hold of `suffixes`, globs.

    Hidden files and folders inside a folder are passed over. What names nothing stays in the list, for the report.
    """
    found: dict[Path, None] = {}
    for path in paths:
        whole = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - symbolic links keep their own name
        if whole.is_dir():
            inside = list(_walk(whole, suffixes))
            found.update(dict.fromkeys(inside or [whole]))
        elif not whole.exists() and _MAGIC & set(str(path)):
            matches = sorted(Path(match) for match in glob.glob(str(whole), recursive=True))  # noqa: PTH207 - of an absolute pattern
            files = [match for match in matches if not match.is_dir()]
            found.update(dict.fromkeys(files or [whole]))
        else:
            found[whole] = None
    return list(found)


def _walk(folder: Path, suffixes: Container[str]) -> Iterator[Path]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in suffixes:
                yield Path(parent, name)


def read_fingerprint(path: Path) -> Fingerprint:
    """Hashes a file. Raises DocumentError where it is not there, is a folder, or may not be read."""
    try:
        if path.is_dir():
            raise DocumentError(path.name, "unsupported", "the folder holds no file of a supported format")
        if path.exists() and not path.is_file():  # a pipe would wait for ever
            raise DocumentError(path.name, "unreadable", "it is not a regular file")
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise DocumentError(path.name, "not_found") from error
    except OSError as error:
        raise DocumentError(path.name, "unreadable", error.strerror or str(error)) from error
    return Fingerprint(digest, status.st_size, status.st_mtime_ns)


def has_changed(path: Path, before: Fingerprint) -> bool:
    """Whether the file was written to since its fingerprint was taken."""
    try:
        status = path.stat()
    except OSError:
        return True
    return (status.st_size, status.st_mtime_ns) != (before.size_bytes, before.modified_ns)


def visible_name(path: Path, parents: int = 0) -> str:
    """The file's name, with the last folders before it where asked for; Unicode NFC, whatever the disk holds."""
    parts = path.parts[-1 - parents :]
    name = "/".join(part.strip("/\\") for part in parts if part.strip("/\\"))
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))


def unique_name(path: Path, is_taken: Callable[[str], bool]) -> str:
    """The shortest end of the path that is not taken: `notes.md`, else `week1/notes.md`, …"""
    names = (visible_name(path, parents) for parents in range(len(path.parts)))
    return next((name for name in names if not is_taken(name)), str(path))

"""What came from the hub, kept under HOME/datasets/.cache/<name>: arrays as .npz, texts as JSON lines, and their hashes in card.json.

Nothing that runs code on reading. A set appears under its name at once and whole; one that does not match its hashes counts as not there.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import shutil
import tempfile
from pathlib import Path

import numpy as np

from app.labs.data.base import Split
from app.labs.data.catalog import Entry
from models.files import disk_guard

log = logging.getLogger(__name__)
PARTS = ("train", "test")


def folder_of(home: Path, name: str) -> Path:
    return home / "datasets" / ".cache" / name


def keep(home: Path, entry: Entry, found: tuple[Split, Split]) -> None:
    """Writes both parts beside their place, then renames. Raises DiskFull."""
    place = folder_of(home, entry.name)
    with disk_guard(home, needed_mb=200):
        place.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=place.parent, prefix=f".{entry.name}."))
        try:
            files = {name: data for part, split in zip(PARTS, found, strict=True) for name, data in _files(part, split)}
            for name, data in files.items():
                (new / name).write_bytes(data)
            card = {
                "name": entry.name,
                "licence": entry.licence,
                "cite": entry.cite,
                "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in files.items()},
            }
            (new / "card.json").write_text(json.dumps(card, ensure_ascii=False, indent=1), encoding="utf-8")
            shutil.rmtree(place, ignore_errors=True)
            new.replace(place)
        finally:
            shutil.rmtree(new, ignore_errors=True)


def _files(part: str, split: Split) -> list[tuple[str, bytes]]:
    if isinstance(split.inputs, list):
        rows = (json.dumps([given, wanted], ensure_ascii=False) for given, wanted in zip(*_lists(split), strict=True))
        return [(f"{part}.jsonl", "\n".join(rows).encode())]
    buffer = io.BytesIO()
    np.savez_compressed(buffer, inputs=split.inputs, targets=split.targets)
    return [(f"{part}.npz", buffer.getvalue())]


def _lists(split: Split) -> tuple[list[object], list[object]]:
    return split.inputs, split.targets.tolist()


def kept(home: Path, entry: Entry) -> tuple[Split, Split] | None:
    """What `keep` wrote; None where there is nothing, or something else than it wrote."""
    place = folder_of(home, entry.name)
    if not place.is_dir():
        return None
    try:
        card = json.loads((place / "card.json").read_text(encoding="utf-8"))
        held = {name: _right(place / name, sha256) for name, sha256 in card["sha256"].items()}
        train, test = (_split(entry, part, held) for part in PARTS)
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("the kept copy of %s is not as it was written (%s); it is not used", entry.name, error)
        return None
    return train, test


def _right(path: Path, sha256: str) -> bytes:
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ValueError(f"{path.name} has another hash")
    return data


def _split(entry: Entry, part: str, held: dict[str, bytes]) -> Split:
    if entry.kind in {"texts", "pairs"}:
        rows = [json.loads(line) for line in held[f"{part}.jsonl"].decode().split("\n")]
        kind = np.float64 if entry.kind == "pairs" else np.int64
        given = [tuple(text) if entry.kind == "pairs" else text for text, _ in rows]
        return Split(given, np.array([wanted for _, wanted in rows], kind))
    with np.load(io.BytesIO(held[f"{part}.npz"]), allow_pickle=False) as arrays:
        return Split(arrays["inputs"], arrays["targets"])

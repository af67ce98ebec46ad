"""Datasets of the Hugging Face Hub, through its own `datasets` library where that is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from app.labs.data.base import Kind, Split, halves
from app.labs.data.catalog import Entry, Hub


def installed() -> bool:
    return find_spec("datasets") is not None


def fetch(entry: Entry, keep: Path) -> tuple[Split, Split] | str:
    """Train and test, or why the hub gave none. keep: where the library may put what it downloads."""
    assert entry.hub is not None
    import datasets
    import httpx

    datasets.disable_progress_bars()
    revision = entry.hub.revision or None
    try:
        held = datasets.load_dataset(entry.hub.repository, revision=revision, cache_dir=str(keep))
        train = _split(entry.kind, entry.hub, held["train"])
        test = _split(entry.kind, entry.hub, held["test"]) if "test" in held else None
    except (OSError, ValueError, KeyError, httpx.HTTPError, datasets.exceptions.DatasetsError) as error:
        return f"the hub gave no {entry.hub.repository}: {type(error).__name__}: {error}".split("\n")[0]
    return (train, test) if test else halves(train.inputs, train.targets)


def _split(kind: Kind, hub: Hub, rows: Any) -> Split:
    *given, wanted = ([*rows[name]] for name in hub.columns)
    if kind == "pictures":
        return Split(np.stack([np.asarray(image, np.uint8) for image in given[0]]), np.array(wanted, np.int64))
    if kind == "pairs":
        return Split([*zip(*given, strict=True)], np.array(wanted, np.float64))
    kept = [(str(text).strip(), label) for text, label in zip(given[0], wanted, strict=True) if str(text or "").strip()]
    return Split([text for text, _ in kept], np.array([label for _, label in kept], np.int64))

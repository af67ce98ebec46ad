"""Loads a dataset by name from the first place that has it.

    load(desk, "fashion-mnist", train=6000, test=2000)

In this order: what was kept before (HOME/datasets/.cache), the Hugging Face Hub unless offline, a folder of the user's
(`desk.datasets`, else HOME/datasets, and there <name>), a folder of a Debian package, what scikit-learn ships, what we generate.
Where none has it, the stand-ins of the catalogue follow, and `Loaded.name` says which it was. A damaged file of the
user's is told, never passed over.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from app.labs.base import Desk
from app.labs.data import hub, kept, made, published
from app.labs.data.base import INSTALL, Loaded, Origin, Split, halves
from app.labs.data.catalog import Entry, catalog, find
from models.errors import InputError, MissingError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Found:
    train: Split
    test: Split
    features: tuple[str, ...] = ()


def load(desk: Desk, name: str, train: int = 0, test: int = 0) -> Loaded:
    """train, test: rows drawn by `desk.seed`; 0 for all. Raises InputError (unknown name, damaged file, no such folder) and
    MissingError where nothing stands in."""
    skipped: list[str] = []
    wanted = find(name)
    for entry in (wanted, *(catalog()[other] for other in wanted.stand_ins)):
        for origin, source in SOURCES.items():
            found = source(desk, entry)
            if isinstance(found, str):
                skipped.append(f"{entry.name}: {found}")
            elif found is not None:
                log.info("%s from %s; before it: %s", entry.name, origin, "; ".join(skipped) or "nothing")
                return _loaded(desk, entry, origin, found, (train, test), tuple(skipped))
    fix = f"{INSTALL}, or put its files into {desk.home / 'datasets' / name} ({'; '.join(skipped)})"
    raise MissingError(what=f"The dataset {wanted.label}", fix=fix)


def _loaded(
    desk: Desk, entry: Entry, origin: Origin, found: _Found, rows: tuple[int, int], skipped: tuple[str, ...]
) -> Loaded:
    train, test = found.train.drawn(rows[0], desk.seed), found.test.drawn(rows[1], desk.seed)
    return Loaded(
        entry.name, entry.kind, origin, entry.licence, entry.classes, train, test, found.features, skipped=skipped
    )


def _kept(desk: Desk, entry: Entry) -> _Found | None:
    found = kept.kept(desk.home, entry)
    return _Found(*found) if found else None


def _hub(desk: Desk, entry: Entry) -> _Found | str | None:
    if entry.hub is None:
        return None
    if desk.offline:
        return "offline mode is set, so the hub was not asked"
    if not hub.installed():
        return f"the package datasets is not installed ({INSTALL}), so the hub was not asked"
    found = hub.fetch(entry, desk.home / "datasets" / ".hub")
    if isinstance(found, str):
        return found
    kept.keep(desk.home, entry, found)
    return _Found(*found)


def _folder(desk: Desk, entry: Entry) -> _Found | str | None:
    """The user's folder, where a folder is named after the dataset."""
    if not entry.published:
        return None
    if desk.datasets is not None and not desk.datasets.is_dir():
        detail = f"there is no folder {desk.datasets}: correct the setting datasets, or make the folder"
        raise InputError(detail=detail, text_key="labdata.no_folder", folder=str(desk.datasets))
    base = desk.datasets or desk.home / "datasets"
    for place in published.places(entry, base):
        found = published.read(entry, place)
        if found:
            return _Found(*found)
        return f"{place} holds no file in a form that {entry.label} is published in"
    return f"there is no folder {entry.name} in {base}"


def _debian(_: Desk, entry: Entry) -> _Found | str | None:
    if entry.debian is None:
        return None
    found = published.read(entry, entry.debian.folder) if entry.debian.folder.is_dir() else None
    return _Found(*found) if found else f"the Debian package {entry.debian.package} is not installed"


def _package(_: Desk, entry: Entry) -> _Found | str | None:
    """The rows that scikit-learn ships; nothing is downloaded."""
    if not entry.package:
        return None
    if find_spec("sklearn") is None:
        return f"scikit-learn is not installed ({INSTALL})"
    import sklearn.datasets

    held = getattr(sklearn.datasets, entry.package)(**entry.package_options)
    if entry.kind == "pictures":
        grey = (held.images * (255 / held.images.max())).astype(np.uint8)  # (N, 8, 8), 0..16 -> 0..255
        return _Found(*halves(grey, held.target.astype(np.int64)))
    names = tuple(str(name) for name in held.feature_names)
    return _Found(*halves(held.data, held.target.astype(np.int64 if entry.classes else np.float64)), names)


def _made(desk: Desk, entry: Entry) -> _Found | None:
    """The same rows every time: a made set is a dataset too, and the seed draws from it."""
    return _Found(*made.GENERATORS[entry.made](entry)) if entry.made else None


SOURCES: dict[Origin, Callable[[Desk, Entry], _Found | str | None]] = {
    "cache": _kept,
    "hub": _hub,
    "folder": _folder,
    "debian": _debian,
    "package": _package,
    "made": _made,
}

"""Finds a dataset in a folder of the user's, in one of the forms it is published in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from app.labs.data.base import Split
from app.labs.data.catalog import Entry
from app.labs.data.pictures import cifar_binary, cifar_python, idx, image_folder
from app.labs.data.texts import lines, text_folders

Reader = Callable[[Entry, Path], tuple[Split, Split] | None]
READERS: dict[str, Reader] = {
    reader.__name__: reader for reader in (idx, cifar_binary, cifar_python, image_folder, lines, text_folders)
}


def read(entry: Entry, folder: Path) -> tuple[Split, Split] | None:
    """Train and test by the first reader that finds its files; None where none does. Raises InputError for a damaged file."""
    found = (READERS[name](entry, folder) for name in entry.published)
    return next((pair for pair in found if pair), None)


def places(entry: Entry, folder: Path) -> Iterator[Path]:
    """Folders named after the dataset, with - or _, in this one or one below it."""
    for name in dict.fromkeys((entry.name, entry.name.replace("-", "_"))):
        yield from (path for path in (folder / name, *sorted(folder.glob(f"*/{name}"))) if path.is_dir())

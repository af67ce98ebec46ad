"""The adapters of a home, HOME/adapters/<name>/, and those that ship with CourseMate, which nobody changes.

    registry = Registry(home, shipped=Path("data/adapters"))
    registry.add(run / "result", "first-try")
    registry.find("first-try").gguf

An adapter appears under its name at once and whole, and goes at once: a kill leaves a folder with a dot before its name, which the
next change sweeps. What the files of an adapter are: finetune/adapter.py.
"""

from __future__ import annotations

import difflib
import logging
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from finetune.adapter import DATA, SERVING, Adapter, Serving, base_name, check_name, write_json
from models.errors import InputError, StoreLocked
from models.files import disk_guard

log = logging.getLogger(__name__)

FOLDER = "adapters"
DRAFT, GONE, LOCK = ".draft-", ".gone-", ".lock"
WAIT_S, DRAFT_LIVES_S = 10.0, 86_400


class Registry:
    """Cheap to make. shipped: a folder of adapters beside those of the home, None where there is none."""

    def __init__(self, home: Path, shipped: Path | None = None) -> None:
        self.folder, self._shipped = home / FOLDER, shipped

    def all(self) -> list[Adapter]:
        """The home's own, newest first, then the shipped ones. Folders that cannot be read are left out: see `broken`."""
        own, shipped = self._readable(self.folder, False), self._readable(self._shipped, True)
        names = {adapter.name for adapter in own}
        newest = sorted(own, key=lambda adapter: adapter.created, reverse=True)
        return newest + [adapter for adapter in shipped if adapter.name not in names]

    def broken(self) -> dict[str, InputError]:
        """Name -> why its folder is no adapter."""
        found = {}
        for path in _folders(self.folder):
            try:
                Adapter.read(path)
            except InputError as error:
                found[path.name] = error
        return found

    def find(self, name: str) -> Adapter:
        """Raises InputError for a name that is none, with the nearest one, or for one whose files cannot be read."""
        for parent, shipped in ((self.folder, False), (self._shipped, True)):
            if parent is not None and _is_plain(name) and (parent / name).is_dir():
                return Adapter.read(parent / name, shipped)
        known = [adapter.name for adapter in self.all()]
        near = difflib.get_close_matches(name, known, n=1)
        hint = near[0] if near else ", ".join(known) or "-"
        detail = f"There is no adapter {name[:80]!r}; " + (
            f"did you mean {hint}?" if near else f"there are: {hint} (`coursemate finetune adapters list`)"
        )
        raise InputError(detail=detail, text_key="adapter.unknown", name=name[:80], hint=hint)

    def has(self, name: str) -> bool:
        return any(adapter.name == name for adapter in self.all())

    def add(self, source: Path, name: str, data: Mapping[str, Any] | None = None) -> Adapter:
        """A copy of a finished run's folder. data: what its dataset says of itself; the prompt that its examples are rendered
        with is the one that the adapter is asked with from then on. Raises InputError, DiskFull, StoreLocked."""
        Adapter.read(source)
        with self.draft(name) as folder:
            for path in source.iterdir():
                if path.is_file() and not path.is_symlink():
                    shutil.copyfile(path, folder / path.name)
            if data:
                write_json(folder / DATA, data)
            prompt = str((data or {}).get("prompt") or "")
            if prompt and not (folder / SERVING).exists():
                Serving(prompt=prompt).write(folder)
        return self.find(name)

    @contextmanager
    def draft(self, name: str) -> Iterator[Path]:
        """A folder to fill; it becomes the adapter of that name when the block ends well, and goes when it does not.

        Raises InputError where the name cannot be had or the files are no adapter, DiskFull, StoreLocked.
        """
        check_name(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        with disk_guard(self.folder):
            folder = Path(tempfile.mkdtemp(prefix=DRAFT, dir=self.folder))
            try:
                yield folder
                Adapter.read(folder)
                with self._changing():
                    self._require_free(name)
                    folder.chmod(0o755)
                    folder.rename(self.folder / name)
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def rename(self, name: str, new: str) -> Adapter:
        """Raises InputError."""
        with self._changing():
            adapter = self._own(name)
            self._require_free(check_name(new))
            adapter.folder.rename(self.folder / new)
        return self.find(new)

    def remove(self, name: str) -> None:
        """Raises InputError for a shipped one, or a name that is none. One whose files are damaged can be removed as well."""
        with self._changing():
            if not (_is_plain(name) and (self.folder / name).is_dir()):
                self._own(name)
            gone = Path(tempfile.mkdtemp(prefix=GONE, dir=self.folder))
            (self.folder / name).rename(gone / "adapter")
            shutil.rmtree(gone, ignore_errors=True)

    def writable(self, name: str) -> Adapter:
        """The adapter, if its folder may be changed. Raises InputError."""
        return self._own(name)

    def compare(self, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """What tells adapters apart: a row each for what is not the same in all, name -> value. Then their scores.

        Raises InputError for fewer than two, or a name that is none.
        """
        if len(set(names)) < 2:
            raise InputError(detail="Give at least two adapters to compare", text_key="adapter.compare_two")
        sheets = {name: _sheet(self.find(name)) for name in dict.fromkeys(names)}
        keys = dict.fromkeys(key for sheet in sheets.values() for key in sheet)
        rows = {key: {name: sheet.get(key) for name, sheet in sheets.items()} for key in keys}
        return {key: row for key, row in rows.items() if len({str(value) for value in row.values()}) > 1 or "." in key}

    def _leftovers(self) -> Iterator[Path]:
        """What removing left, and drafts that nobody has touched for a day."""
        yield from self.folder.glob(GONE + "*")
        old = time.time() - DRAFT_LIVES_S
        yield from (path for path in self.folder.glob(DRAFT + "*") if path.stat().st_mtime < old)

    def _own(self, name: str) -> Adapter:
        adapter = self.find(name)
        if adapter.shipped:
            detail = (
                f"The adapter {name} comes with CourseMate and stays as it is; export and import it to change a copy"
            )
            raise InputError(detail=detail, text_key="adapter.shipped", name=name)
        return adapter

    def _require_free(self, name: str) -> None:
        taken = [path.name.lower() for parent in (self.folder, self._shipped) for path in _folders(parent)]
        if name.lower() in taken:
            detail = f"There is an adapter {name} already; take another name, or remove it first"
            raise InputError(detail=detail, text_key="adapter.taken", name=name)

    def _readable(self, parent: Path | None, shipped: bool) -> list[Adapter]:
        adapters = []
        for path in _folders(parent):
            try:
                adapters.append(Adapter.read(path, shipped))
            except InputError as error:
                log.warning("the adapter %s is left out: %s", path.name, error)
        return adapters

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One change at a time among all processes; sweeps what a killed one left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / LOCK, timeout=WAIT_S):
                for path in self._leftovers():
                    shutil.rmtree(path, ignore_errors=True)
                yield
        except Timeout as error:
            raise StoreLocked(home=str(self.folder), pid=0) from error


def _folders(parent: Path | None) -> list[Path]:
    """Of adapters, by name."""
    if parent is None or not parent.is_dir():
        return []
    return sorted(path for path in parent.iterdir() if path.is_dir() and not path.name.startswith("."))


def _is_plain(name: str) -> bool:
    return bool(name) and not name.startswith(".") and Path(name).name == name and "\\" not in name


def _sheet(adapter: Adapter) -> dict[str, Any]:
    """The facts by which adapters are compared; recipe.… and scores.… are dotted."""
    made = adapter.made
    sheet: dict[str, Any] = {
        "method": made.method,
        "base": base_name(made),
        "data": made.data,
        "data_sha256": made.data_sha256[:12],
    }
    sheet |= {"steps": made.steps, "prompt": adapter.serving.prompt, "size_bytes": adapter.size_bytes}
    recipe = dict(made.recipe)
    options = recipe.pop("options", None) or {}
    flat = {**recipe, **options}
    sheet |= {
        f"recipe {key}": value
        for key, value in flat.items()
        if key not in {"base", "data", "questions", "method", "steps"}
    }
    return sheet | _flat("scores", adapter.scores) | _flat("run", made.scores)


def _flat(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= _flat(f"{prefix}.{key}", value)
        else:
            flat[f"{prefix}.{key}"] = value
    return flat

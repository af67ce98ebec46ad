"""Weights by name: `WeightsStore(folder).pull("qwen2.5-coder-0.5b", print)` fetches them, `.path(name)` says where they are.

Layout: `folder/<name>/<files>` with a stamp of their hashes beside them, and `folder/.partial/<name>/` for what is on its
way. Sources are tried in the catalogue's order, hub first. A folder appears under its name at once and whole; a killed
pull goes on where it stopped; only one process pulls the same weights at a time. Besides the catalogue's names, ids of the
hub (`owner/repository:file.gguf`) can be pulled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from models.catalog import CATALOG, WeightsEntry, WeightsSource, read_catalog
from models.errors import HashMismatch, HubUnreachable, InputError, MissingError
from models.progress import Meter, Progress
from models.pulling import Reach, disk_errors, identity, locked, pull_entry
from models.sources.partial import file_sha256
from models.stamp import Stamp

__all__ = ["Progress", "WeightsEntry", "WeightsStore"]

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*(:[^:\\]+\.gguf)?")
_GGUF_MAGIC = b"GGUF"


class WeightsStore:
    """The weights under one folder. Cheap to make; only `pull` touches the network.

    endpoint: another hub than HF_ENDPOINT or the public one. offline: contact no source at all. pip_options: added to pip's
    command line, such as an index to use. catalog: another list of weights.
    """

    def __init__(
        self,
        weights_dir: Path,
        endpoint: str = "",
        offline: bool = False,
        pip_options: Sequence[str] = (),
        catalog: Path = CATALOG,
    ) -> None:
        self.weights_dir = weights_dir
        self._reach, self._offline = Reach(endpoint, tuple(pip_options)), offline
        self._entries = {entry.name: entry for entry in read_catalog(catalog)}

    def entries(self) -> tuple[WeightsEntry, ...]:
        """Everything that can be pulled by name, in the catalogue's order."""
        return tuple(self._entries.values())

    def path(self, name: str) -> Path | None:
        """The file (GGUF) or folder (embedder) of a catalogue name or hub id; None where it is not here, whole and as pinned.

        Quick: sizes and times are compared with the stamp that was written when the hashes were checked. What was put here by
        hand, or copied from another machine, is hashed once.
        """
        self._require_known(name)
        stamp = self._stamp(name)
        return self._place(name, stamp) if stamp else None

    def resolve(self, model: str) -> Path:
        """Where the model of a setting lies: a catalogue name, a hub id that was pulled, or the path of a GGUF file.

        Raises MissingError with the command that fetches it, or InputError for a path that leads to no GGUF file.
        """
        if model in self._entries or (_is_hub_id(model) and not Path(model).is_file()):
            found = self.path(model)
            if found is None:
                raise MissingError(what=f"The model {model}", fix=f"run `coursemate models pull {model}`")
            return found
        return self._own_file(model)

    def pull(self, name: str, progress: Callable[[Progress], None]) -> Path:
        """Fetches what is not here yet and returns its path. An exception from `progress` stops it; the next pull goes on.

        Raises HubUnreachable (no source answers), DownloadFailed, HashMismatch, DiskFull, InputError (unknown name).
        """
        if found := self.path(name):
            return found
        if self._offline:
            raise HubUnreachable(name=name, detail="offline mode is set, so no source was asked")
        meter = Meter(name, progress)
        with disk_errors(name, self.weights_dir), locked(_folder_name(name), self.weights_dir, meter):
            stamp = self._stamp(name)
            if stamp is None:
                meter.stage("connecting")
                stamp = pull_entry(self._describe(name), self.weights_dir, self._reach, meter)
        meter.stage("done")
        return self._place(name, stamp)

    def verify(self, name: str) -> None:
        """Hashes every file again. Raises MissingError, or HashMismatch after deleting the file that is wrong."""
        self._require_known(name)
        folder = self._folder(name)
        missing = MissingError(what=f"The model {name}", fix=f"run `coursemate models pull {name}`")
        expected = self._expected(name)
        if expected is None:
            raise missing
        for file, sha256 in expected.items():
            path = folder / file
            if not path.is_file():
                raise missing
            actual = file_sha256(path)
            if actual != sha256:
                path.unlink()
                raise HashMismatch(name=name, file=file, expected=sha256, actual=actual)
        if self._stamp(name) is None:
            raise missing

    def _require_known(self, name: str) -> None:
        if name not in self._entries and not _is_hub_id(name):
            known = ", ".join(self._entries)
            detail = f"there are no weights called {name!r}: use one of {known}, or a hub id owner/repository:file.gguf"
            raise InputError(detail=detail)

    def _describe(self, name: str) -> WeightsEntry:
        if name in self._entries:
            return self._entries[name]
        from models.sources.hub_models import describe

        return describe(name, _folder_name(name), self._reach.endpoint)

    def _folder(self, name: str) -> Path:
        return self.weights_dir / _folder_name(name)

    def _place(self, name: str, stamp: Stamp) -> Path:
        entry, folder = self._entries.get(name), self._folder(name)
        return folder if entry and entry.kind == "embedder" else folder / next(iter(stamp.files))

    def _stamp(self, name: str) -> Stamp | None:
        """The stamp of files that are here and right, written anew where they came without one."""
        folder = self._folder(name)
        stamp = self._own_stamp(name)
        if stamp:
            return stamp if stamp.holds(folder) else stamp.renewed(folder)
        pinned = self._pinned(name)
        if pinned is None:
            return None
        source, hashes = pinned
        sizes = {file.name: file.size_bytes for file in source.files}
        right = all(
            (folder / file).stat().st_size == (sizes[file] or (folder / file).stat().st_size)
            and file_sha256(folder / file) == sha256
            for file, sha256 in hashes.items()
        )
        return Stamp.make(folder, identity(source), hashes) if right else None

    def _own_stamp(self, name: str) -> Stamp | None:
        """The folder's stamp if it was made for the pins that hold today."""
        stamp, entry = Stamp.read(self._folder(name)), self._entries.get(name)
        if stamp and entry and stamp.identity not in {identity(source) for source in entry.sources}:
            return None
        return stamp

    def _pinned(self, name: str) -> tuple[WeightsSource, dict[str, str]] | None:
        """The catalogue's hashes for the files that lie in the folder, if they are all files of one source."""
        entry, folder = self._entries.get(name), self._folder(name)
        for source in entry.sources if entry else ():
            if not source.convert and all((folder / file.name).is_file() for file in source.files):
                return source, {file.name: file.sha256 for file in source.files}
        return None

    def _expected(self, name: str) -> dict[str, str] | None:
        stamp = self._own_stamp(name)
        if stamp:
            return {file: stamped.sha256 for file, stamped in stamp.files.items()}
        pinned = self._pinned(name)
        return pinned[1] if pinned else None

    def _own_file(self, model: str) -> Path:
        path = Path(model).expanduser()
        if not path.is_file():
            names = ", ".join(entry.name for entry in self.entries() if entry.kind == "gguf")
            detail = f"the model {model!r} is no file, no hub id and none of {names}: correct the setting"
            raise InputError(detail=detail)
        with path.open("rb") as file:
            if file.read(len(_GGUF_MAGIC)) != _GGUF_MAGIC:
                raise InputError(detail=f"{path} is not a GGUF file: give the path of a model in GGUF form")
        return path


def _is_hub_id(model: str) -> bool:
    return bool(_HUB_ID.fullmatch(model)) and (":" in model or not model.endswith(".gguf"))


def _folder_name(name: str) -> str:
    return "hub--" + re.sub(r"[^A-Za-z0-9._-]+", "--", name) if "/" in name else name

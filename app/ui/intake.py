"""Files from the page into the collection: checked and placed, ingested in a thread of its own, watched from the page.

The work goes on where the page is closed; a file that cannot be ingested leaves the version that was there before.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from app.ui.i18n import localize
from app.ui.page import Page
from app.uploads import Placed, place, safe_name
from models.errors import CourseMateError, InputError

log = logging.getLogger(__name__)

LOOK_S = 0.2
FILES = 500
STALE_S = 3600
OPEN = frozenset({"waiting", "working"})
State = Literal["waiting", "working", "added", "updated", "unchanged", "failed"]


@dataclass(frozen=True, slots=True)
class Item:
    """One file on its way. share: of its chunks done, in [0, 1]; message: why it failed, in the page's language."""

    name: str
    state: State = "waiting"
    chunks: int = 0
    share: float = 0.0
    rate: float = 0.0
    message: str = ""


@dataclass(slots=True)
class Intake:
    """The files of one drop, in order. Read `snapshot` from any thread."""

    page: Page
    items: dict[str, Item] = field(default_factory=dict)
    _placed: dict[Path, tuple[str, Placed]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def snapshot(self) -> list[Item]:
        """The items as they are now."""
        with self._lock:
            return list(self.items.values())

    def run(self, files: Sequence[Mapping[str, Any]]) -> Iterator[list[Item]]:
        """Take files in ({"name", "at"} each, from the browser); a snapshot whenever something has changed."""
        for number, file in enumerate(files[:FILES]):
            self._take(f"{number}", file)
        yield self.snapshot()
        worker = threading.Thread(target=self._ingest, name="coursemate-intake", daemon=True)
        worker.start()
        shown: list[Item] = []
        while worker.is_alive():
            worker.join(LOOK_S)
            if (now := self.snapshot()) != shown:
                shown = now
                yield now
        yield self.snapshot()

    def _take(self, key: str, file: Mapping[str, Any]) -> None:
        name = safe_name(str(file.get("name", "")))
        self._set(key, Item(name))
        try:
            source = arrived(self.page.context.home, str(file.get("at", "")))
            if any(name == placed.path.name for _, placed in self._placed.values()):
                source.unlink(missing_ok=True)
                raise InputError(detail=f"{name} was given twice", text_key="library.twice", name=name)
            placed = place(source, name, self.page.context.home / "uploads", self.page.context.limits())
            self._placed[placed.path] = (key, placed)
        except CourseMateError as error:
            self._fail(key, localize(error, self.page.lang))
        except OSError as error:
            log.exception("an upload could not be placed")
            self._fail(key, self.page.text("library.not_placed", name=name, reason=error.strerror or str(error)))

    def _ingest(self) -> None:
        """Whatever goes wrong, every file ends in a state that says so, and the old version is back."""
        message = self.page.text("page.broken")
        try:
            for report in self.page.context.ingest(list(self._placed), self._progress):
                self._report(report)
        except CourseMateError as error:
            message = localize(error, self.page.lang)
        finally:
            for key, placed in self._placed.values():
                if self.items[key].state in OPEN:
                    placed.restore()
                    self._fail(key, message)

    def _report(self, report: Any) -> None:
        key, placed = self._placed[Path(report.path)]
        if report.error is not None:
            placed.restore()
            self._fail(key, localize(report.error, self.page.lang))
        else:
            placed.keep()
            self._set(key, replace(self.items[key], state=report.status, chunks=report.chunks, share=1.0))

    def _progress(self, progress: Any) -> None:
        found = self._placed.get(Path(progress.file))
        if found and self.items[found[0]].state in OPEN:
            total = progress.chunks_total_of_file or 0
            share = min(1.0, progress.chunks_done / total) if total else 0.0
            item = replace(self.items[found[0]], state="working", share=share, rate=progress.chunks_per_s or 0.0)
            self._set(found[0], item)

    def _fail(self, key: str, message: str) -> None:
        self._set(key, replace(self.items[key], state="failed", message=message))

    def _set(self, key: str, item: Item) -> None:
        with self._lock:
            self.items[key] = item


def arriving(home: Path) -> Path:
    """Where the server puts what a browser uploads, for this user's eyes only."""
    folder = home / "uploads" / ".arriving"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def clear_arriving(home: Path) -> None:
    """Remove what was uploaded and never taken in, because the page was closed or the application ended."""
    for path in arriving(home).iterdir():
        if time.time() - path.stat().st_mtime > STALE_S:
            shutil.rmtree(path, ignore_errors=True)


def arrived(home: Path, path: str) -> Path:
    """The uploaded file of that path. The path comes from a browser: it must be a plain file where uploads arrive."""
    folder, source = arriving(home).resolve(), Path(path)
    inside = bool(path) and "\0" not in path and not source.is_symlink() and source.resolve().is_relative_to(folder)
    if not inside or not source.is_file():
        raise InputError(detail="The uploaded file is gone; drop it again.", text_key="library.gone")
    return source


def forget_upload(home: Path, path: Path) -> None:
    """Delete the copy of an uploaded file; a file that lies elsewhere is the user's own and stays."""
    if path.parent == home / "uploads":
        path.unlink(missing_ok=True)


def refused(files: Iterable[Mapping[str, Any]], page: Page) -> list[Item]:
    """Items for files that the browser did not send, because they are too large or the upload failed."""
    limit = page.context.limits().file_mb
    reasons = {"large": page.text("library.too_large", limit=limit), "failed": page.text("library.upload_failed")}
    return [
        Item(safe_name(str(f.get("name", ""))), "failed", message=reasons.get(str(f.get("reason")), reasons["failed"]))
        for f in files
    ]

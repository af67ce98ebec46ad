"""How long work reads on the console: a line, and the share that is done."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from app.commands.console import duration, size
from app.ui.i18n import Language, text

if TYPE_CHECKING:
    from ingest.pipeline import IngestProgress
    from models.progress import Progress


def ingesting(progress: IngestProgress, lang: Language) -> tuple[str, float]:
    """Files, chunks a second, time left, and the file in hand."""
    sentence = text(
        "cli.ingest_bar",
        lang,
        done=progress.files_done,
        total=progress.files_total,
        rate=progress.chunks_per_s,
        eta=duration(progress.eta_s),
        file=Path(progress.file).name,
    )
    return sentence, progress.files_done / max(1, progress.files_total)


class Reindexing:
    """Chunks, speed and time left of `reindex`, which only counts."""

    def __init__(self, lang: Language) -> None:
        self._lang, self._started, self._first = lang, time.monotonic(), -1

    def __call__(self, done: int, total: int) -> tuple[str, float]:
        """The line and the share that is done; what an interrupted run had done does not count for the speed."""
        if self._first < 0:
            self._started, self._first = time.monotonic(), done
        rate = (done - self._first) / max(1e-3, time.monotonic() - self._started)
        eta_s = (total - done) / rate if rate > 0 else None
        line = text("cli.reindex_bar", self._lang, done=done, total=total, rate=rate, eta=duration(eta_s))
        return line, done / max(1, total)


def pulling(progress: Progress, lang: Language) -> tuple[str, float | None]:
    """Bytes, speed and time left; between downloads, what is going on."""
    if progress.stage != "downloading":
        return text("cli.pull_stage", lang, name=progress.name, stage=text(f"cli.stage_{progress.stage}", lang)), None
    sentence = text(
        "cli.pull_bar",
        lang,
        name=progress.name,
        done=size(progress.done_bytes),
        total=size(progress.total_bytes),
        rate=size(progress.bytes_per_s),
        eta=duration(progress.eta_s),
    )
    return sentence, progress.done_bytes / progress.total_bytes if progress.total_bytes else None

"""Finished drafts, kept in a folder by what they were made from, so that a summary that broke off goes on where it stopped.

A draft is found again where model and prompt are the same to the letter. The newest ones stay; the folder is small.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

from langchain_core.messages import BaseMessage

from models.errors import DiskFull
from models.files import write_atomic

MOST_DRAFTS = 2_000
log = logging.getLogger(__name__)


class KeptDrafts:
    """Thread-safe, and safe with other processes: a draft is one file, written whole. A full disk only costs the keeping."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, model: str, messages: Sequence[BaseMessage]) -> str | None:
        """The draft, or None."""
        try:
            return self._path(model, messages).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def put(self, model: str, messages: Sequence[BaseMessage], draft: str) -> None:
        """Keeps a finished draft."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomic(self._path(model, messages), draft.encode(), 0o600)
            self._sweep()
        except (OSError, DiskFull):
            log.warning("a summary's draft could not be kept", exc_info=True)

    def _path(self, model: str, messages: Sequence[BaseMessage]) -> Path:
        said = "\0".join([model, *(f"{message.type}\1{message.text}" for message in messages)])
        return self._folder / f"{hashlib.sha256(said.encode()).hexdigest()[:40]}.txt"

    def _sweep(self) -> None:
        files = list(self._folder.glob("*.txt"))
        if len(files) > MOST_DRAFTS:
            for old in sorted(files, key=lambda path: path.stat().st_mtime)[: len(files) - MOST_DRAFTS + 100]:
                with contextlib.suppress(OSError):
                    old.unlink()

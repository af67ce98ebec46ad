"""Where unexpected things are written down: HOME/coursemate.log, and warnings of ours on stderr. No key gets through.

The file turns over at 1 MB and keeps one predecessor. Documents' texts and questions are not logged.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

OURS = ("app", "chains", "evals", "finetune", "ingest", "models")
KEY_SHAPES = re.compile(r"\b(sk-[\w-]{8,}|AIza[\w-]{20,}|hf_\w{20,}|Bearer\s+\S{8,})")
HIDDEN = "[key]"


class RedactingFormatter(logging.Formatter):
    """Replaces known keys, and whatever looks like one, in the finished line, traceback included."""

    def __init__(self, known_keys: Callable[[], Sequence[str]]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._known_keys = known_keys

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record), self._known_keys())


def redact(line: str, known_keys: Sequence[str] = ()) -> str:
    """The line without keys. Known ones shorter than 8 characters are left: they would hide ordinary words."""
    for key in known_keys:
        if len(key) >= 8:
            line = line.replace(key, HIDDEN)
    return KEY_SHAPES.sub(HIDDEN, line)


def configure(home: Path, known_keys: Callable[[], Sequence[str]], verbose: bool = False) -> None:
    """Sends the root logger to HOME/coursemate.log (from WARNING; INFO for ours) and, where verbose, to stderr too."""
    formatter = RedactingFormatter(known_keys)
    handlers: list[logging.Handler] = [_file_handler(home)]
    if verbose:
        handlers.append(logging.StreamHandler())
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler.formatter, RedactingFormatter)]:
        root.removeHandler(handler)
        handler.close()
    for handler in handlers:
        handler.setFormatter(formatter)
        root.addHandler(handler)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO)


def _file_handler(home: Path) -> logging.Handler:
    try:
        home.mkdir(parents=True, exist_ok=True)
        return RotatingFileHandler(
            home / "coursemate.log", maxBytes=1_000_000, backupCount=1, encoding="utf-8", delay=True
        )
    except OSError:
        return logging.NullHandler()  # a home that cannot be written is reported by whatever writes to it first

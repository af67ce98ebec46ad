"""The two voices of the command line: results on stdout (JSON Lines or plain text), everything else on stderr.

Long work shows a bar that redraws itself on a terminal, and a line every few seconds anywhere else.
"""

from __future__ import annotations

import json
import shutil
import sys
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

REDRAW_S, LINE_S = 0.1, 5.0


class Console:
    """out: results; err: words for a person and progress. Thread-safe."""

    def __init__(self, out: IO[str] | None = None, err: IO[str] | None = None) -> None:
        self.out, self.err = out or sys.stdout, err or sys.stderr
        self._lock = threading.RLock()
        self._drawn = 0  # columns of the bar that stands on the last line of stderr
        self._last_progress = 0.0

    def emit(self, row: Mapping[str, Any]) -> None:
        """One JSON object on a line of stdout, flushed, so that a pipe sees it at once."""
        self.result(json.dumps(row, ensure_ascii=False, allow_nan=False))

    def result(self, line: str = "", end: str = "\n") -> None:
        """A line of the command's result on stdout."""
        with self._lock:
            self._clear_bar()
            self.out.write(printable(line) + end)
            self.out.flush()

    def say(self, sentence: str) -> None:
        """A sentence for the person, on stderr."""
        with self._lock:
            self._clear_bar()
            self.err.write(printable(sentence) + "\n")
            self.err.flush()

    def clear(self) -> None:
        """Takes the progress bar away; words and results do so by themselves."""
        with self._lock:
            self._clear_bar()
            self.err.flush()

    def show(self, line: str, fraction: float | None = None, force: bool = False) -> None:
        """The state of long work. fraction: done, in [0, 1]; None where the end is not known. force: show it however soon after the one before."""
        now = time.monotonic()
        interval = REDRAW_S if self.err.isatty() else LINE_S
        with self._lock:
            if not force and now - self._last_progress < interval:
                return
            self._last_progress = now
            if self.err.isatty():
                self._draw(_bar(fraction) + line)
            else:
                self.err.write(printable(line) + "\n")
            self.err.flush()

    @contextmanager
    def draft(self) -> Iterator[Callable[[str], None]]:
        """Gives a function that streams unchecked text to the terminal; at the end the text is wiped, as far as it is
        still on the screen. Nothing is shown where stderr is no terminal."""
        shown: list[str] = []
        try:
            yield lambda piece: self._stream(piece, shown)
        finally:
            self._wipe("".join(shown))

    def _stream(self, piece: str, shown: list[str]) -> None:
        if self.err.isatty():
            with self._lock:
                self._clear_bar()
                shown.append(printable(piece))
                self.err.write(shown[-1])
                self.err.flush()

    def _wipe(self, draft: str) -> None:
        if not draft:
            return
        columns, screen = shutil.get_terminal_size()
        rows = sum(max(1, -(-width(line) // columns)) for line in draft.split("\n"))
        up = min(rows, screen) - 1
        self.err.write("\r" + (f"\x1b[{up}A" if up else "") + "\x1b[J")
        self.err.flush()

    def _draw(self, line: str) -> None:
        columns = shutil.get_terminal_size().columns
        line = clip(printable(line), columns - 1)
        self._clear_bar()
        self.err.write(line)
        self._drawn = width(line)

    def _clear_bar(self) -> None:
        if self._drawn:
            self.err.write("\r" + " " * self._drawn + "\r")
            self._drawn = 0


def _bar(fraction: float | None, cells: int = 20) -> str:
    if fraction is None:
        return ""
    full = round(max(0.0, min(1.0, fraction)) * cells)
    return "█" * full + "░" * (cells - full) + f" {fraction:4.0%} "


def printable(line: str) -> str:
    """Without control characters: a file name or a document cannot move the cursor, colour or retitle the terminal."""
    return "".join(c if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"} else "\ufffd" for c in line)


def width(line: str) -> int:
    """Terminal columns: Hangul and other wide characters take two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def clip(line: str, columns: int) -> str:
    """The beginning of the line that fits into so many columns."""
    if width(line) <= columns:
        return line
    kept, used = [], 1  # one for the ellipsis
    for character in line:
        used += width(character)
        if used > columns:
            break
        kept.append(character)
    return "".join(kept) + "…"


def size(count: float) -> str:
    """Bytes for people: 491 MB, 1.1 GB (decimal units, as download pages use)."""
    for unit, step in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= step:
            return f"{count / step:.1f} {unit}" if count < 10 * step else f"{count / step:.0f} {unit}"
    return f"{count:.0f} B"


def duration(seconds: float | None) -> str:
    """Seconds for people: 0:42, 3:05, 1:02:00; -:-- where not known."""
    if seconds is None or seconds != seconds or seconds < 0 or seconds > 360_000:
        return "-:--"
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
